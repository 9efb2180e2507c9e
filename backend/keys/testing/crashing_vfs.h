// SQLite's files on a disk that stops working at a chosen change, and that can lose what was not synced.
#ifndef ROLLCALL_BACKEND_KEYS_TESTING_CRASHING_VFS_H_
#define ROLLCALL_BACKEND_KEYS_TESTING_CRASHING_VFS_H_

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rollcall {

// While it lives, it is what SQLite opens databases with, over the system's own. One at a time; one thread.
class CrashingVfs {
 public:
  CrashingVfs();
  ~CrashingVfs();
  CrashingVfs(const CrashingVfs&) = delete;
  CrashingVfs& operator=(const CrashingVfs&) = delete;

  // From change number `change` on (from 1, counted since this call), nothing is changed any more. 0: never. With
  // `half` the first half of the write it hits is done.
  void CrashAt(uint64_t change, bool half);
  // Changes since then, those that were refused as well.
  uint64_t changes() const { return changes_; }
  // Whether a change was refused since.
  bool crashed() const { return crash_at_ != 0 && changes_ >= crash_at_; }

  // A sync of a file that is not SQLite's own doing: as fdatasync answers.
  int SyncDescriptor(int fd);

  // Undoes what was written and not synced, newest first. Call when no database is open.
  void LosePower();

 private:
  struct File;
  struct Undo {
    std::string path;
    int64_t offset;
    std::string bytes;  // as they were
    int64_t size;       // of the file
  };

  static CrashingVfs* Of(sqlite3_vfs* vfs) { return static_cast<CrashingVfs*>(vfs->pAppData); }
  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags);
  static int Delete(sqlite3_vfs* vfs, const char* name, int sync);

  // SQLITE_OK if the change may be done.
  int Change();
  void Remember(const std::string& path, int64_t offset, int64_t bytes);
  void Forget(const std::string& path);

  sqlite3_vfs* base_;
  sqlite3_vfs vfs_;
  uint64_t changes_ = 0;
  uint64_t crash_at_ = 0;
  bool half_ = false;
  std::vector<Undo> undos_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_TESTING_CRASHING_VFS_H_

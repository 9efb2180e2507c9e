#include "backend/keys/testing/crashing_vfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "platform/scoped_fd.h"

namespace rollcall {

// What SQLite holds of an open file: ours first, then room for the system's.
struct CrashingVfs::File {
  sqlite3_file base;
  CrashingVfs* vfs;
  const char* path;  // SQLite's, as long as the file is open

  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(Of(file) + 1); }
  static const sqlite3_io_methods* Call(sqlite3_file* file) { return Real(file)->pMethods; }

  static int Close(sqlite3_file* f) { return Call(f)->xClose(Real(f)); }
  static int Read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return Call(f)->xRead(Real(f), to, n, at); }
  static int Write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    CrashingVfs* vfs = Of(f)->vfs;
    const int status = vfs->Change();
    if (status != SQLITE_OK && !(vfs->half_ && vfs->changes_ == vfs->crash_at_)) return status;
    const int bytes = status == SQLITE_OK ? n : n / 2;
    vfs->Remember(Of(f)->path, at, bytes);
    const int written = Call(f)->xWrite(Real(f), from, bytes, at);
    return status == SQLITE_OK ? written : status;
  }
  static int Truncate(sqlite3_file* f, sqlite3_int64 size) {
    CrashingVfs* vfs = Of(f)->vfs;
    if (const int status = vfs->Change(); status != SQLITE_OK) return status;
    sqlite3_int64 old = 0;
    Call(f)->xFileSize(Real(f), &old);
    vfs->Remember(Of(f)->path, size, std::max<sqlite3_int64>(0, old - size));
    return Call(f)->xTruncate(Real(f), size);
  }
  static int Sync(sqlite3_file* f, int flags) {
    CrashingVfs* vfs = Of(f)->vfs;
    if (const int status = vfs->Change(); status != SQLITE_OK) return status;
    // What survives is what LosePower leaves; the host's own sync would only take time.
    vfs->Forget(Of(f)->path);
    return SQLITE_OK;
  }
  static int FileSize(sqlite3_file* f, sqlite3_int64* size) { return Call(f)->xFileSize(Real(f), size); }
  static int Lock(sqlite3_file* f, int level) { return Call(f)->xLock(Real(f), level); }
  static int Unlock(sqlite3_file* f, int level) { return Call(f)->xUnlock(Real(f), level); }
  static int CheckReservedLock(sqlite3_file* f, int* out) { return Call(f)->xCheckReservedLock(Real(f), out); }
  static int FileControl(sqlite3_file* f, int op, void* arg) { return Call(f)->xFileControl(Real(f), op, arg); }
  static int SectorSize(sqlite3_file* f) { return Call(f)->xSectorSize(Real(f)); }
  static int Characteristics(sqlite3_file* f) { return Call(f)->xDeviceCharacteristics(Real(f)); }
  static int ShmMap(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
    return Call(f)->xShmMap(Real(f), region, size, extend, out);
  }
  static int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
    return Call(f)->xShmLock(Real(f), offset, n, flags);
  }
  static void ShmBarrier(sqlite3_file* f) { Call(f)->xShmBarrier(Real(f)); }
  static int ShmUnmap(sqlite3_file* f, int remove) { return Call(f)->xShmUnmap(Real(f), remove); }

  static const sqlite3_io_methods kMethods;
};

const sqlite3_io_methods CrashingVfs::File::kMethods = {2,
                                                        Close,
                                                        Read,
                                                        Write,
                                                        Truncate,
                                                        Sync,
                                                        FileSize,
                                                        Lock,
                                                        Unlock,
                                                        CheckReservedLock,
                                                        FileControl,
                                                        SectorSize,
                                                        Characteristics,
                                                        ShmMap,
                                                        ShmLock,
                                                        ShmBarrier,
                                                        ShmUnmap};

CrashingVfs::CrashingVfs() : base_(sqlite3_vfs_find(nullptr)), vfs_(*base_) {
  vfs_.zName = "crashing";
  vfs_.pAppData = this;
  vfs_.szOsFile = base_->szOsFile + static_cast<int>(sizeof(File));
  vfs_.xOpen = &CrashingVfs::Open;
  vfs_.xDelete = &CrashingVfs::Delete;
  sqlite3_vfs_register(&vfs_, 1);
}

CrashingVfs::~CrashingVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(base_, 1);
}

int CrashingVfs::Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  CrashingVfs* self = Of(vfs);
  File* ours = new (file) File{{nullptr}, self, name == nullptr ? "" : name};
  const int status = self->base_->xOpen(self->base_, name, File::Real(file), flags, out_flags);
  if (File::Real(file)->pMethods != nullptr) ours->base.pMethods = &File::kMethods;
  return status;
}

int CrashingVfs::Delete(sqlite3_vfs* vfs, const char* name, int sync) {
  CrashingVfs* self = Of(vfs);
  if (const int status = self->Change(); status != SQLITE_OK) return status;
  self->Forget(name);
  return self->base_->xDelete(self->base_, name, sync);
}

int CrashingVfs::Change() {
  ++changes_;
  return crash_at_ != 0 && changes_ >= crash_at_ ? SQLITE_IOERR : SQLITE_OK;
}

int CrashingVfs::SyncDescriptor(int fd) {
  if (Change() != SQLITE_OK) {
    errno = EIO;
    return -1;
  }
  Forget(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string());
  return 0;
}

void CrashingVfs::CrashAt(uint64_t change, bool half) {
  changes_ = 0;
  crash_at_ = change;
  half_ = half;
}

void CrashingVfs::Remember(const std::string& path, int64_t offset, int64_t bytes) {
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) std::abort();
  std::string old(static_cast<size_t>(bytes), '\0');
  const ssize_t got = ::pread(fd.get(), old.data(), old.size(), offset);
  old.resize(static_cast<size_t>(std::max<ssize_t>(0, got)));
  undos_.push_back({path, offset, old, info.st_size});
}

void CrashingVfs::Forget(const std::string& path) {
  undos_.erase(std::remove_if(undos_.begin(), undos_.end(), [&](const Undo& undo) { return undo.path == path; }),
               undos_.end());
}

void CrashingVfs::LosePower() {
  for (auto undo = undos_.rbegin(); undo != undos_.rend(); ++undo) {
    const ScopedFd fd(::open(undo->path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) continue;
    const ssize_t written = ::pwrite(fd.get(), undo->bytes.data(), undo->bytes.size(), undo->offset);
    if (written != static_cast<ssize_t>(undo->bytes.size()) || ::ftruncate(fd.get(), undo->size) != 0) std::abort();
  }
  undos_.clear();
}

}  // namespace rollcall

#include "backend/store/sqlite/scrubbing_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <new>
#include <vector>

#include "backend/store/sqlite/page_scrub.h"

namespace rollcall {
namespace {

constexpr int kSmallestPage = 512;
constexpr int kLargestPage = 65'536;

// What SQLite holds of an open file. The real one is allocated: how large one is, is its VFS's to say, and a later
// default may be another.
struct File {
  sqlite3_file base;
  sqlite3_file* real;
  bool is_database;
  std::vector<uint8_t> page;

  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* Real(sqlite3_file* file) { return Of(file)->real; }
  static const sqlite3_io_methods* Call(sqlite3_file* file) { return Real(file)->pMethods; }

  static int Close(sqlite3_file* f) {
    const int status = Call(f)->xClose(Real(f));
    sqlite3_free(Real(f));
    Of(f)->~File();
    return status;
  }
  static int Read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return Call(f)->xRead(Real(f), to, n, at); }
  static int Write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    return Call(f)->xWrite(Real(f), Of(f)->Scrubbed(from, n, at), n, at);
  }
  static int Truncate(sqlite3_file* f, sqlite3_int64 size) { return Call(f)->xTruncate(Real(f), size); }
  static int Sync(sqlite3_file* f, int flags) { return Call(f)->xSync(Real(f), flags); }
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

  // What to write in place of `from`: the same if it is no page, or there is nothing to overwrite.
  const void* Scrubbed(const void* from, int bytes, int64_t at) {
    const bool is_page =
        bytes >= kSmallestPage && bytes <= kLargestPage && (bytes & (bytes - 1)) == 0 && at % bytes == 0;
    if (!is_database || !is_page) return from;
    sqlite3_int64 size = 0;
    if (real->pMethods->xFileSize(real, &size) != SQLITE_OK || size / bytes >= kMostScrubbedPages) return from;
    const auto* first = static_cast<const uint8_t*>(from);
    page.assign(first, first + bytes);
    return ScrubPage(absl::MakeSpan(page), at / bytes + 1) == ScrubResult::kScrubbed ? page.data() : from;
  }

  // Version 2: files are not mapped into memory, where what is written could not be changed.
  static constexpr sqlite3_io_methods kMethods = {2,
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
                                                  ShmUnmap,
                                                  nullptr,
                                                  nullptr};
};

sqlite3_vfs* Base() { return sqlite3_vfs_find(nullptr); }

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  sqlite3_vfs* base = Base();
  auto* real = static_cast<sqlite3_file*>(sqlite3_malloc(base->szOsFile));
  if (real == nullptr) return SQLITE_NOMEM;
  std::fill_n(reinterpret_cast<char*>(real), base->szOsFile, '\0');
  const int status = base->xOpen(base, name, real, flags, out_flags);
  // SQLite closes what has methods, whether it could be opened or not.
  if (real->pMethods == nullptr) {
    sqlite3_free(real);
  } else {
    new (file) File{{&File::kMethods}, real, (flags & SQLITE_OPEN_MAIN_DB) != 0, {}};
  }
  return status;
}

// All else as the default does it.
sqlite3_vfs MakeVfs() {
  sqlite3_vfs vfs = {};
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(File));
  vfs.mxPathname = Base()->mxPathname;
  vfs.zName = "rollcall-scrubbing";
  vfs.xOpen = Open;
  vfs.xDelete = [](sqlite3_vfs*, const char* name, int sync) { return Base()->xDelete(Base(), name, sync); };
  vfs.xAccess = [](sqlite3_vfs*, const char* name, int flags, int* out) {
    return Base()->xAccess(Base(), name, flags, out);
  };
  vfs.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* out) {
    return Base()->xFullPathname(Base(), name, size, out);
  };
  vfs.xDlOpen = [](sqlite3_vfs*, const char* name) { return Base()->xDlOpen(Base(), name); };
  vfs.xDlError = [](sqlite3_vfs*, int size, char* out) { Base()->xDlError(Base(), size, out); };
  vfs.xDlSym = [](sqlite3_vfs*, void* handle, const char* name) { return Base()->xDlSym(Base(), handle, name); };
  vfs.xDlClose = [](sqlite3_vfs*, void* handle) { Base()->xDlClose(Base(), handle); };
  vfs.xRandomness = [](sqlite3_vfs*, int size, char* out) { return Base()->xRandomness(Base(), size, out); };
  vfs.xSleep = [](sqlite3_vfs*, int micros) { return Base()->xSleep(Base(), micros); };
  vfs.xCurrentTime = [](sqlite3_vfs*, double* out) { return Base()->xCurrentTime(Base(), out); };
  vfs.xGetLastError = [](sqlite3_vfs*, int size, char* out) { return Base()->xGetLastError(Base(), size, out); };
  vfs.xCurrentTimeInt64 = [](sqlite3_vfs*, sqlite3_int64* out) { return Base()->xCurrentTimeInt64(Base(), out); };
  return vfs;
}

}  // namespace

const char* ScrubbingVfs() {
  static sqlite3_vfs vfs = MakeVfs();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs.zName : nullptr;
}

}  // namespace rollcall

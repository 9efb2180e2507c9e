// How SQLite writes databases here: with nothing left between their rows.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_SCRUBBING_VFS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_SCRUBBING_VFS_H_

namespace rollcall {

// The name of a VFS (https://www.sqlite.org/vfs.html) over the one that is the default when a file is opened. What is
// written to a database goes through ScrubPage first, so that a checkpoint leaves nothing in the gaps of the pages
// it writes; logs and all else pass as they are. Registers it with SQLite, whose list of them is the process's, at the
// first call. Thread-safe; nullptr if SQLite refuses.
const char* ScrubbingVfs();

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_SCRUBBING_VFS_H_

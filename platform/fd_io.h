// Reading descriptors. Functions return 0 or an errno value, so that callers can name the path.
#ifndef ROLLCALL_PLATFORM_FD_IO_H_
#define ROLLCALL_PLATFORM_FD_IO_H_

#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <vector>

#include "platform/file_tree.h"

namespace rollcall {

FileInfo FileInfoFromStat(const struct stat& info);

// Replaces `*out` by the bytes from the current offset to the end, at most `limit`, reusing its
// memory. `size_hint` is the expected size, 0 if unknown. `*truncated` says whether there was
// more. EINTR is retried. Where `short_read_is_end`, fewer bytes than there was room for are the last
// ones, and it is not asked whether there are more.
int ReadFd(int fd, size_t size_hint, size_t limit, std::string* out, bool* truncated, bool short_read_is_end = false);

// Target of the symbolic link `name` in `directory`; of the link that `directory` itself is
// open on (O_PATH | O_NOFOLLOW) if `name` is empty.
int ReadLinkFd(int directory, const char* name, std::string* target);

// Entries of a directory opened for reading, sorted by name. EFBIG past kMaxDirectoryEntries.
int ListFd(int fd, std::vector<DirectoryEntry>* entries);

// Whether the descriptor is on a procfs.
bool IsOnProcfs(int fd);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_FD_IO_H_

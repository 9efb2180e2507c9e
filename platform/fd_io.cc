#include "platform/fd_io.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace rollcall {
namespace {

constexpr size_t kFirstRead = 4096;

int64_t UnixNano(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileInfo::Type TypeOfMode(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileInfo::Type::kRegular;
    case S_IFDIR:
      return FileInfo::Type::kDirectory;
    case S_IFLNK:
      return FileInfo::Type::kSymlink;
    case S_IFSOCK:
      return FileInfo::Type::kSocket;
    case S_IFIFO:
      return FileInfo::Type::kFifo;
    case S_IFCHR:
    case S_IFBLK:
      return FileInfo::Type::kDevice;
    default:
      return FileInfo::Type::kOther;
  }
}

// The record that getdents64(2) writes.
struct KernelDirent {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
};
constexpr size_t kDirentNameOffset = 19;

}  // namespace

FileInfo FileInfoFromStat(const struct stat& info) {
  FileInfo result;
  result.type = TypeOfMode(info.st_mode);
  result.device = info.st_dev;
  result.inode = info.st_ino;
  result.mode = info.st_mode & 07777U;
  result.uid = info.st_uid;
  result.gid = info.st_gid;
  result.size_bytes = static_cast<uint64_t>(info.st_size);
  result.mtime_unix_nano = UnixNano(info.st_mtim);
  result.ctime_unix_nano = UnixNano(info.st_ctim);
  return result;
}

int ReadFd(int fd, size_t size_hint, size_t limit, std::string* out, bool* truncated, bool short_read_is_end) {
  *truncated = false;
  size_t filled = 0;
  // One byte past the expected size finds the end in the same call that reads the last byte;
  // one byte past the limit tells a full file from a longer one.
  const size_t ceiling = limit == SIZE_MAX ? limit : limit + 1;
  size_t room = std::min(ceiling, std::max({size_hint + 1, kFirstRead, std::min(out->capacity(), size_t{1} << 16)}));
  for (;;) {
    out->resize(room);
    const ssize_t got = ::read(fd, out->data() + filled, room - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      out->clear();
      return error;
    }
    filled += static_cast<size_t>(got);
    if (filled > limit) {
      out->resize(limit);
      *truncated = true;
      return 0;
    }
    if (got == 0 || (short_read_is_end && filled < room)) break;
    if (filled == room) room = room > ceiling / 2 ? ceiling : room * 2;
  }
  out->resize(filled);
  return 0;
}

int ReadLinkFd(int directory, const char* name, std::string* target) {
  char buffer[PATH_MAX];
  const ssize_t length = ::readlinkat(directory, name, buffer, sizeof buffer);
  if (length < 0) return errno;
  target->assign(buffer, static_cast<size_t>(length));
  return 0;
}

int ListFd(int fd, std::vector<DirectoryEntry>* entries) {
  alignas(KernelDirent) char buffer[32768];
  for (;;) {
    const long filled = ::syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (filled < 0 && errno == EINTR) continue;
    if (filled < 0) return errno;
    if (filled == 0) break;
    for (long at = 0; at < filled;) {
      KernelDirent head;
      std::memcpy(&head, buffer + at, sizeof head);
      const char* name = buffer + at + kDirentNameOffset;
      at += head.length;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      if (entries->size() >= kMaxDirectoryEntries) return EFBIG;
      // d_type is the type bits of st_mode, shifted.
      entries->push_back({name, TypeOfMode(static_cast<mode_t>(head.type) << 12U)});
    }
  }
  std::sort(entries->begin(), entries->end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return 0;
}

bool IsOnProcfs(int fd) {
  struct statfs info;
  return ::fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

}  // namespace rollcall

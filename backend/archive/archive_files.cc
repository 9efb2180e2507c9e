#include "backend/archive/archive_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr char kLockName[] = ".lock";  // no region begins with a dot
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

// As ErrnoStatus, and AlreadyExists and FailedPrecondition where ArchiveFiles promises them.
absl::Status FileError(int error, absl::string_view verb, absl::string_view path) {
  absl::Status status = ErrnoStatus(error, verb, path);
  if (error == EEXIST && verb == "create") return absl::AlreadyExistsError(status.message());
  if (error == EEXIST || error == ENOTEMPTY) return absl::FailedPreconditionError(status.message());
  return status;
}

class PosixNewFile : public NewArchiveFile {
 public:
  PosixNewFile(ScopedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::Status Write(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FileError(errno, "write", path_);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (::fsync(fd_.get()) != 0) return FileError(errno, "sync", path_);
    // Not all filesystems can.
    static_cast<void>(::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED));
    return absl::OkStatus();
  }

 private:
  const ScopedFd fd_;
  const std::string path_;
};

class PosixSource : public ByteSource {
 public:
  PosixSource(ScopedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::StatusOr<std::string> Read(size_t size) override {
    std::string bytes(size, '\0');
    size_t filled = 0;
    while (filled < size) {
      const ssize_t got = ::read(fd_.get(), bytes.data() + filled, size - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return FileError(errno, "read", path_);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

 private:
  const ScopedFd fd_;
  const std::string path_;
};

// A path's folder, empty for the archive's own, and its last name.
std::pair<std::string, std::string> Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

class PosixArchiveFiles : public ArchiveFiles {
 public:
  PosixArchiveFiles(ScopedFd root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}

  absl::Status Lock() override {
    lock_ = ScopedFd(::openat(root_.get(), kLockName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock_.valid()) return FileError(errno, "open", Full(kLockName));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
    if (errno != EWOULDBLOCK) return FileError(errno, "lock", path_);
    return absl::FailedPreconditionError(absl::StrCat("lock ", path_, ": another process has this archive"));
  }

  absl::Status MakeFolders(const std::string& path) override {
    ROLLCALL_ASSIGN_OR_RETURN(ScopedFd folder, OpenFolder(""));
    for (const absl::string_view part : absl::StrSplit(path, '/')) {
      const std::string name(part);
      if (::mkdirat(folder.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
        return FileError(errno, "make folder", Full(path));
      }
      // Also if it was there: who made it may have been interrupted.
      if (::fsync(folder.get()) != 0) return FileError(errno, "sync folder above", Full(path));
      ScopedFd next(::openat(folder.get(), name.c_str(), kFolderFlags));
      if (!next.valid()) return FileError(errno, "open folder", Full(path));
      folder = std::move(next);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<NewArchiveFile>> Create(const std::string& path) override {
    ROLLCALL_ASSIGN_OR_RETURN(ScopedFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, "create"));
    return std::make_unique<PosixNewFile>(std::move(fd), Full(path));
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path) override {
    // O_NONBLOCK: a pipe in the place of an object is no reason to wait.
    ROLLCALL_ASSIGN_OR_RETURN(ScopedFd fd, OpenFile(path, O_RDONLY | O_NONBLOCK, "open"));
    return std::make_unique<PosixSource>(std::move(fd), Full(path));
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd folder, OpenFolder(Split(from).first));
    if (::renameat(folder.get(), Split(from).second.c_str(), folder.get(), Split(to).second.c_str()) != 0) {
      return FileError(errno, "rename", Full(from));
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override { return Unlink(path, 0); }
  absl::Status RemoveFolder(const std::string& path) override { return Unlink(path, AT_REMOVEDIR); }

  absl::StatusOr<std::vector<ArchiveEntry>> List(const std::string& folder) override {
    ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd fd, OpenFolder(folder));
    std::vector<DirectoryEntry> found;
    if (const int error = ListFd(fd.get(), &found); error != 0) return FileError(error, "list", Full(folder));
    std::vector<ArchiveEntry> entries;
    for (const DirectoryEntry& entry : found) {
      struct stat info;
      if (::fstatat(fd.get(), entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        entries.push_back({entry.name, static_cast<uint64_t>(info.st_size)});
      } else if (errno != ENOENT) {
        return FileError(errno, "stat", Full(absl::StrCat(folder, "/", entry.name)));
      }
    }
    return entries;
  }

  absl::Status SyncFolder(const std::string& folder) override {
    ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd fd, OpenFolder(folder));
    if (::fsync(fd.get()) != 0) return FileError(errno, "sync", Full(folder));
    return absl::OkStatus();
  }

 private:
  std::string Full(absl::string_view path) const { return absl::StrCat(path_, "/", path); }

  // Name by name, so that no link leads out of the archive.
  absl::StatusOr<ScopedFd> OpenFolder(const std::string& path) const {
    ScopedFd folder(::openat(root_.get(), ".", kFolderFlags));
    if (!folder.valid()) return FileError(errno, "open folder", path_);
    for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
      ScopedFd next(::openat(folder.get(), std::string(part).c_str(), kFolderFlags));
      if (!next.valid()) return FileError(errno, "open folder", Full(path));
      folder = std::move(next);
    }
    return folder;
  }

  absl::StatusOr<ScopedFd> OpenFile(const std::string& path, int flags, absl::string_view verb) const {
    const auto [folder_path, name] = Split(path);
    ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd folder, OpenFolder(folder_path));
    ScopedFd fd(::openat(folder.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return FileError(errno, verb, Full(path));
    return fd;
  }

  absl::Status Unlink(const std::string& path, int flags) {
    const auto [folder_path, name] = Split(path);
    ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd folder, OpenFolder(folder_path));
    if (::unlinkat(folder.get(), name.c_str(), flags) != 0) return FileError(errno, "remove", Full(path));
    return absl::OkStatus();
  }

  const ScopedFd root_;
  const std::string path_;
  ScopedFd lock_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ArchiveFiles>> OpenArchiveFolder(const std::string& path) {
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return FileError(errno, "make folder", path);
  ScopedFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return FileError(errno, "open folder", path);
  // Also if it was there: who made it may have been interrupted.
  const ScopedFd parent(::openat(root.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid() || ::fsync(parent.get()) != 0) return FileError(errno, "sync folder above", path);
  return std::make_unique<PosixArchiveFiles>(std::move(root), path);
}

}  // namespace rollcall

#include "collectors/accounts/positional_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "platform/fd_io.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<PositionalFile> PositionalFile::Open(const FileTree& files, absl::string_view path) {
  PositionalFile file;
  file.path_ = std::string(path);
  absl::StatusOr<ScopedFd> fd = files.Open(path);
  if (absl::IsUnimplemented(fd.status())) {
    ROLLCALL_ASSIGN_OR_RETURN(file.info_, files.Stat(path));
    ROLLCALL_ASSIGN_OR_RETURN(file.content_, files.ReadFile(path, kMaxFileBytes));
    file.info_.size_bytes = file.content_.size();
    return file;
  }
  if (!fd.ok()) return fd.status();
  struct stat info = {};
  if (::fstat(fd->get(), &info) != 0) return absl::DataLossError(absl::StrCat("stat ", path, ": I/O error"));
  file.info_ = FileInfoFromStat(info);
  file.fd_ = *std::move(fd);
  return file;
}

absl::StatusOr<std::string> PositionalFile::Read(uint64_t offset, size_t length) const {
  if (!fd_.valid()) {
    return offset >= content_.size() ? std::string() : content_.substr(static_cast<size_t>(offset), length);
  }
  std::string bytes(offset >= info_.size_bytes ? 0 : std::min<uint64_t>(length, info_.size_bytes - offset), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::DataLossError(absl::StrCat("read ", path_, ": I/O error"));
    // It was cut meanwhile.
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace rollcall

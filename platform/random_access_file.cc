#include "platform/random_access_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

absl::Status BeyondEnd(uint64_t offset, size_t size) {
  return absl::OutOfRangeError(absl::StrCat("read ", size, " bytes at ", offset, ": beyond the end of the file"));
}

class DescriptorFile : public RandomAccessFile {
 public:
  DescriptorFile(ScopedFd fd, uint64_t size_bytes) : fd_(std::move(fd)), size_bytes_(size_bytes) {}

  uint64_t size_bytes() const override { return size_bytes_; }

  absl::Status ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset > size_bytes_ || size > size_bytes_ - offset) return BeyondEnd(offset, size);
    size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(fd_.get(), out + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return absl::DataLossError(absl::StrCat("read ", size, " bytes at ", offset, ": ", ErrnoText(errno)));
      // It has shrunk since.
      if (n == 0) return BeyondEnd(offset, size);
      done += static_cast<size_t>(n);
    }
    return absl::OkStatus();
  }

 private:
  const ScopedFd fd_;
  const uint64_t size_bytes_;
};

// A MemoryFile with its bytes.
class OwnedMemoryFile : public RandomAccessFile {
 public:
  explicit OwnedMemoryFile(std::string bytes) : bytes_(std::move(bytes)), file_(bytes_) {}
  uint64_t size_bytes() const override { return file_.size_bytes(); }
  absl::Status ReadAt(uint64_t offset, size_t size, char* out) const override {
    return file_.ReadAt(offset, size, out);
  }

 private:
  const std::string bytes_;
  const MemoryFile file_;
};

}  // namespace

absl::Status MemoryFile::ReadAt(uint64_t offset, size_t size, char* out) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset) return BeyondEnd(offset, size);
  if (size > 0) std::memcpy(out, bytes_.data() + offset, size);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenRandomAccess(const FileTree& files, absl::string_view path,
                                                                   size_t memory_limit) {
  absl::StatusOr<ScopedFd> fd = files.Open(path);
  if (absl::IsUnimplemented(fd.status())) {
    absl::StatusOr<std::string> bytes = files.ReadFile(path, memory_limit);
    if (!bytes.ok()) return bytes.status();
    return std::make_unique<OwnedMemoryFile>(*std::move(bytes));
  }
  if (!fd.ok()) return fd.status();
  struct stat info;
  if (::fstat(fd->get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  return std::make_unique<DescriptorFile>(*std::move(fd), static_cast<uint64_t>(info.st_size));
}

}  // namespace rollcall

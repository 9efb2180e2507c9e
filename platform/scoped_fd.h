// Owns a file descriptor.
#ifndef ROLLCALL_PLATFORM_SCOPED_FD_H_
#define ROLLCALL_PLATFORM_SCOPED_FD_H_

#include <unistd.h>

#include <utility>

namespace rollcall {

// Closes the descriptor when it goes. Movable, not copyable; -1 is empty.
class ScopedFd {
 public:
  ScopedFd() = default;
  explicit ScopedFd(int fd) : fd_(fd) {}
  ScopedFd(ScopedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ScopedFd& operator=(ScopedFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~ScopedFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Gives the descriptor to the caller.
  int Release() { return std::exchange(fd_, -1); }
  void Reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SCOPED_FD_H_

// A forked child that sets something up and keeps it until the test is over.
#ifndef ROLLCALL_PLATFORM_TESTING_CHILD_PROCESS_H_
#define ROLLCALL_PLATFORM_TESTING_CHILD_PROCESS_H_

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "platform/scoped_fd.h"

namespace rollcall {

// REQUIRES: no other threads when it is made.
class ChildProcess {
 public:
  // Forks; the child runs `set_up` and then waits. The constructor returns when `set_up`
  // has; `ready()` is what it returned.
  explicit ChildProcess(const std::function<bool()>& set_up) {
    int to_parent[2];
    int to_child[2];
    if (::pipe(to_parent) != 0 || ::pipe(to_child) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(to_child[1]);
      const char result = set_up() ? 1 : 0;
      char ignored = 0;
      if (::write(to_parent[1], &result, 1) == 1) ignored = static_cast<char>(::read(to_child[0], &ignored, 1));
      ::_exit(0);
    }
    ::close(to_parent[1]);
    ::close(to_child[0]);
    keep_alive_ = ScopedFd(to_child[1]);
    const ScopedFd from_child(to_parent[0]);
    char result = 0;
    ready_ = pid_ > 0 && ::read(from_child.get(), &result, 1) == 1 && result == 1;
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { End(); }

  bool ready() const { return ready_; }
  uint32_t pid() const { return static_cast<uint32_t>(pid_); }

  // Ends the child and waits for it. Idempotent.
  void End() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    keep_alive_.Reset();
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
  ScopedFd keep_alive_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_CHILD_PROCESS_H_

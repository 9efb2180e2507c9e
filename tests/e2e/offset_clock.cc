#include "tests/e2e/offset_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "platform/scoped_fd.h"

namespace rollcall {

static_assert(std::atomic<int64_t>::is_always_lock_free, "it is shared between processes");

OffsetClock::OffsetClock(const std::string& file) {
  const ScopedFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  // What is added to a file is 0.
  void* mapped = !fd.valid() || ::ftruncate(fd.get(), sizeof(*nanoseconds_)) != 0
                     ? MAP_FAILED
                     : ::mmap(nullptr, sizeof(*nanoseconds_), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) {
    std::perror(file.c_str());
    std::abort();
  }
  nanoseconds_ = static_cast<std::atomic<int64_t>*>(mapped);
}

OffsetClock::~OffsetClock() { ::munmap(nanoseconds_, sizeof(*nanoseconds_)); }

}  // namespace rollcall

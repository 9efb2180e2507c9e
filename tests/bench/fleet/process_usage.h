// What a process uses, and what its sockets have carried.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_PROCESS_USAGE_H_
#define ROLLCALL_TESTS_BENCH_FLEET_PROCESS_USAGE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "absl/time/time.h"

namespace rollcall {

// From /proc/PID; all zero if the process is gone.
struct ProcessUsage {
  uint64_t rss_bytes = 0;
  uint64_t peak_rss_bytes = 0;
  absl::Duration cpu;  // user and system
  uint64_t threads = 0;
};
ProcessUsage UsageOf(pid_t pid);

// Adds up what TCP carried over this process's connections to one port, both ways, payload of TCP alone.
// What a connection carried between the last Sample and its end is missing. Not thread-safe.
class WireCounter {
 public:
  explicit WireCounter(int port) : port_(port) {}
  void Sample();
  uint64_t sent() const { return sent_; }
  uint64_t received() const { return received_; }

 private:
  struct Carried {
    uint64_t sent = 0;
    uint64_t received = 0;
  };
  const int port_;
  // By local port; one that is used again begins below what was there.
  std::map<int, Carried> last_;
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_PROCESS_USAGE_H_

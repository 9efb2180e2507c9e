// A network of two hosts, with faults.
#ifndef ROLLCALL_TESTS_E2E_PACKET_LINK_H_
#define ROLLCALL_TESTS_E2E_PACKET_LINK_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace rollcall {

// What the wire does to packets, in both directions alike.
struct LinkFaults {
  // Nothing passes.
  bool cut = false;
  // Shares of the packets, 0 to 1.
  double lost = 0;
  double doubled = 0;
  // Held up for 30 ms, so that later ones overtake them.
  double reordered = 0;
  // 0 is no limit. What does not fit into a queue of 64 KiB is lost.
  uint64_t bits_per_second = 0;
};

// Two network namespaces, each with one interface, and a wire between them: a thread of the test
// that moves Ethernet frames from one to the other. Real kernels' TCP runs over it, and the faults
// need nothing of the kernel but veth and packet sockets, where netem is often missing. Needs
// uid 0. Removes everything at the end of its life.
class PacketLink {
 public:
  enum Side { kLeft = 0, kRight = 1 };

  // Fails the test if it cannot be made.
  PacketLink();
  ~PacketLink();
  PacketLink(const PacketLink&) = delete;
  PacketLink& operator=(const PacketLink&) = delete;

  // Put before a command line, runs it on that side.
  std::vector<std::string> Wrapper(Side side) const;
  static std::string Address(Side side) { return side == kLeft ? "10.77.0.1" : "10.77.0.2"; }

  void SetFaults(const LinkFaults& faults);
  // TCP connections that carried anything so far carry nothing from now on, without a word to either
  // end: what a NAT does that lost its table, or a host that loses its power. New ones pass.
  void ForgetConnections();

  struct Counts {
    uint64_t passed_bytes = 0;
    uint64_t lost = 0;
  };
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Held {
    Side to;
    std::string frame;
  };

  void Relay();
  // Reads what came in on one side.
  void TakeIn(Side from);
  // Decides about one frame. With mutex_ held.
  void Dispatch(Side from, const std::string& frame);
  // Sends what is due; returns how long until the next is, in ms, or -1.
  int SendDue();
  bool Happens(double share) { return share > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < share; }

  std::string namespaces_[2];
  // The interfaces' ends that this process sees.
  std::string outer_[2];
  int sockets_[2] = {-1, -1};
  int stop_read_ = -1;
  int stop_write_ = -1;

  mutable std::mutex mutex_;  // guards all below
  LinkFaults faults_;
  Counts counts_;
  std::mt19937 random_{20261126};
  std::multimap<Clock::time_point, Held> held_;
  Clock::time_point free_at_[2];    // when the wire towards a side is free, if its rate is limited
  std::set<uint32_t> connections_;  // both ports of those seen
  std::set<uint32_t> forgotten_;
  std::thread thread_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_PACKET_LINK_H_

#include "tests/e2e/packet_link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/e2e/process.h"

namespace rollcall {
namespace {

constexpr char kIp[] = "/usr/sbin/ip";
constexpr size_t kMaxFrame = 65536;
constexpr auto kReorderDelay = std::chrono::milliseconds(30);
constexpr auto kNoTime = std::chrono::nanoseconds(0);
constexpr uint64_t kQueueBits = uint64_t{64} << 13;

void Ip(const std::vector<std::string>& words) {
  std::vector<std::string> argv = {kIp};
  argv.insert(argv.end(), words.begin(), words.end());
  const ProgramOutput output = RunProgram(argv);
  EXPECT_EQ(output.exit_code, 0) << absl::StrJoin(argv, " ") << ": " << output.err;
}

// Frames must be as they would be on a wire: checksums filled in, and no larger than the MTU.
void TurnOffloadsOff(const std::string& interface) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (const uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM}) {
    ethtool_value value = {.cmd = command, .data = 0};
    ifreq request = {};
    memcpy(request.ifr_name, interface.data(), std::min(interface.size(), sizeof(request.ifr_name) - 1));
    request.ifr_data = reinterpret_cast<char*>(&value);
    EXPECT_EQ(ioctl(fd, SIOCETHTOOL, &request), 0) << interface << ": " << command;
  }
  close(fd);
}

// A socket that sees every frame of the interface.
int PacketSocket(const std::string& interface) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0) << interface;
  packet_mreq all = {};
  all.mr_ifindex = address.sll_ifindex;
  all.mr_type = PACKET_MR_PROMISC;
  EXPECT_EQ(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)), 0) << interface;
  return fd;
}

// Both ports of a TCP segment over IPv4, the lower first; 0 for any other frame.
uint32_t ConnectionOf(const std::string& frame) {
  const auto byte = [&](size_t i) { return i < frame.size() ? static_cast<uint8_t>(frame[i]) : 0u; };
  constexpr size_t kIpHeader = 14;
  if (byte(12) != 0x08 || byte(13) != 0x00 || byte(kIpHeader + 9) != IPPROTO_TCP) return 0;
  const size_t tcp = kIpHeader + 4 * (byte(kIpHeader) & 0xf);
  const uint32_t from = byte(tcp) << 8 | byte(tcp + 1);
  const uint32_t to = byte(tcp + 2) << 8 | byte(tcp + 3);
  return std::min(from, to) << 16 | std::max(from, to);
}

}  // namespace

PacketLink::PacketLink() {
  int pipe_ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  stop_read_ = pipe_ends[0];
  stop_write_ = pipe_ends[1];
  for (const Side side : {kLeft, kRight}) {
    const std::string tag = absl::StrCat(getpid(), side == kLeft ? "l" : "r");
    const std::string inner = absl::StrCat("rci", tag);
    const std::string& outer = outer_[side] = absl::StrCat("rco", tag);
    const std::string& name = namespaces_[side] = absl::StrCat("rollcall-", tag);
    Ip({"netns", "add", name});
    Ip({"link", "add", outer, "type", "veth", "peer", "name", inner});
    TurnOffloadsOff(inner);
    TurnOffloadsOff(outer);
    Ip({"link", "set", inner, "netns", name});
    Ip({"link", "set", outer, "up"});
    Ip({"-n", name, "link", "set", "lo", "up"});
    Ip({"-n", name, "addr", "add", absl::StrCat(Address(side), "/24"), "dev", inner});
    Ip({"-n", name, "link", "set", inner, "up"});
    sockets_[side] = PacketSocket(outer);
  }
  thread_ = std::thread([this] { Relay(); });
}

PacketLink::~PacketLink() {
  close(stop_write_);
  thread_.join();
  close(stop_read_);
  for (const Side side : {kLeft, kRight}) {
    close(sockets_[side]);
    // The namespace would take its end along, but only some time after the command has returned.
    Ip({"link", "del", outer_[side]});
    Ip({"netns", "del", namespaces_[side]});
  }
}

std::vector<std::string> PacketLink::Wrapper(Side side) const { return {kIp, "netns", "exec", namespaces_[side]}; }

void PacketLink::SetFaults(const LinkFaults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

void PacketLink::ForgetConnections() {
  const std::lock_guard lock(mutex_);
  forgotten_.insert(connections_.begin(), connections_.end());
}

PacketLink::Counts PacketLink::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void PacketLink::Relay() {
  int wait = -1;
  while (true) {
    pollfd waits[] = {{sockets_[kLeft], POLLIN, 0}, {sockets_[kRight], POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (poll(waits, 3, wait) < 0 || waits[2].revents != 0) return;
    for (const Side side : {kLeft, kRight}) {
      if (waits[side].revents != 0) TakeIn(side);
    }
    wait = SendDue();
  }
}

void PacketLink::TakeIn(Side from) {
  std::string frame(kMaxFrame, '\0');
  while (true) {
    sockaddr_ll source = {};
    socklen_t source_size = sizeof(source);
    const ssize_t size =
        recvfrom(sockets_[from], frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&source), &source_size);
    if (size <= 0) return;
    if (source.sll_pkttype == PACKET_OUTGOING) continue;  // our own
    const std::lock_guard lock(mutex_);
    Dispatch(from, frame.substr(0, static_cast<size_t>(size)));
  }
}

void PacketLink::Dispatch(Side from, const std::string& frame) {
  const uint32_t connection = ConnectionOf(frame);
  if (connection != 0) connections_.insert(connection);
  const Side to = from == kLeft ? kRight : kLeft;
  const Clock::time_point now = Clock::now();
  Clock::time_point& free_at = free_at_[to];
  free_at = std::max(free_at, now);
  bool lost = faults_.cut || forgotten_.count(connection) > 0 || Happens(faults_.lost);
  std::chrono::nanoseconds on_wire = kNoTime;
  if (!lost && faults_.bits_per_second > 0) {
    const auto time_of = [&](uint64_t bits) {
      return std::chrono::nanoseconds(bits * 1'000'000'000 / faults_.bits_per_second);
    };
    lost = free_at - now > time_of(kQueueBits);
    on_wire = time_of(frame.size() * 8);
  }
  if (lost) {
    ++counts_.lost;
    return;
  }
  free_at += on_wire;
  counts_.passed_bytes += frame.size();
  const Clock::time_point due = free_at + (Happens(faults_.reordered) ? kReorderDelay : kNoTime);
  held_.insert({due, {to, frame}});
  if (Happens(faults_.doubled)) held_.insert({due, {to, frame}});
}

int PacketLink::SendDue() {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  while (!held_.empty() && held_.begin()->first <= now) {
    const Held& held = held_.begin()->second;
    // A full queue of the kernel's loses it, as a wire may.
    [[maybe_unused]] const ssize_t sent = send(sockets_[held.to], held.frame.data(), held.frame.size(), 0);
    held_.erase(held_.begin());
  }
  if (held_.empty()) return -1;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(held_.begin()->first - now).count());
}

}  // namespace rollcall

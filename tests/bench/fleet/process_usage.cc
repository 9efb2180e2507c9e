#include "tests/bench/fleet/process_usage.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/process.h"

namespace rollcall {
namespace {

// Number after `key` in the form of /proc/PID/status.
uint64_t StatusNumber(absl::string_view status, absl::string_view key) {
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    if (line.substr(0, key.size()) != key) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    uint64_t number = 0;
    if (words.size() > 1 && absl::SimpleAtoi(words[1], &number)) return number;
  }
  return 0;
}

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

}  // namespace

ProcessUsage UsageOf(pid_t pid) {
  ProcessUsage usage;
  const std::string status = ReadAll(absl::StrCat("/proc/", pid, "/status"));
  usage.rss_bytes = StatusNumber(status, "VmRSS:") * 1024;
  usage.peak_rss_bytes = StatusNumber(status, "VmHWM:") * 1024;
  usage.threads = StatusNumber(status, "Threads:");
  const std::string stat = ReadAll(absl::StrCat("/proc/", pid, "/stat"));
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return usage;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(stat).substr(name_end + 1), ' ', absl::SkipEmpty());
  uint64_t user = 0;
  uint64_t system = 0;
  if (fields.size() > 12 && absl::SimpleAtoi(fields[11], &user) && absl::SimpleAtoi(fields[12], &system)) {
    usage.cpu = absl::Seconds(static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)));
  }
  return usage;
}

void WireCounter::Sample() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    int fd = -1;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &fd)) continue;
    sockaddr_storage peer{};
    sockaddr_storage own{};
    socklen_t peer_size = sizeof(peer);
    socklen_t own_size = sizeof(own);
    // gRPC may close or reuse the descriptor meanwhile: then this reads another of its sockets or nothing.
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0 || PortOf(peer) != port_) continue;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_size) != 0) continue;
    tcp_info info{};
    socklen_t info_size = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size) != 0) continue;
    Carried& last = last_[PortOf(own)];
    const Carried now{info.tcpi_bytes_sent, info.tcpi_bytes_received};
    if (now.sent < last.sent || now.received < last.received) last = Carried();
    sent_ += now.sent - last.sent;
    received_ += now.received - last.received;
    last = now;
  }
}

}  // namespace rollcall

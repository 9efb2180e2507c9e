// The ports collector beside the system calls nobody can avoid, on a host with many
// listeners in many network namespaces.
//   ports_benchmark [LISTENERS] [NAMESPACES] [ROUNDS]     needs root
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "collectors/ports/ports_collector.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/netlink_kernel_sockets.h"
#include "platform/netlink_sock_diag.h"
#include "platform/testing/child_process.h"
#include "platform/testing/sockets.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;

class CountingSink : public RecordSink {
 public:
  absl::Status Emit(pb::Record&& record) override {
    ++records_;
    owners_ += static_cast<size_t>(record.listening_port().owners_size());
    return absl::OkStatus();
  }
  size_t records() const { return records_; }
  size_t owners() const { return owners_; }

 private:
  size_t records_ = 0;
  size_t owners_ = 0;
};

// Time of one call: best of the rounds, which is what the work itself takes.
struct Best {
  double wall_ms = 1e9;
  double cpu_ms = 1e9;
};

double Milliseconds(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void Measure(const std::function<void()>& work, Best* best) {
  const double wall = Milliseconds(CLOCK_MONOTONIC);
  const double cpu = Milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  work();
  best->wall_ms = std::min(best->wall_ms, Milliseconds(CLOCK_MONOTONIC) - wall);
  best->cpu_ms = std::min(best->cpu_ms, Milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

// Calls `visit(name)` for each entry of `folder` that is a number.
template <typename Visitor>
void ForEachNumber(int folder, char* buffer, size_t size, Visitor visit) {
  for (long read = 0; (read = ::syscall(SYS_getdents64, folder, buffer, size)) > 0;) {
    for (long at = 0; at < read;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') visit(entry->d_name);
      at += entry->d_reclen;
    }
  }
}

// One dump of what the kernel has, received and thrown away.
void DumpOnce(int fd, Protocol protocol, uint8_t family, char* buffer, size_t size) {
  const std::string request = MakeSockDiagRequest(protocol, family, 1);
  if (::send(fd, request.data(), request.size(), 0) < 0) return;
  for (bool done = false; !done;) {
    const ssize_t received = ::recv(fd, buffer, size, 0);
    if (received <= 0) return;
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer);
    done = header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR;
  }
}

// readdir of /proc and every ns/net link; setns and the five dumps in each namespace; every
// descriptor link of every process. Nothing is parsed, kept or sorted.
void BareLoop() {
  static char entries[1 << 15];
  static char answers[1 << 16];
  char link[64];
  std::map<std::string, std::string> member_of;
  std::vector<std::string> pids;
  const ScopedFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ForEachNumber(proc.get(), entries, sizeof(entries), [&](const char* name) { pids.emplace_back(name); });
  for (const std::string& pid : pids) {
    const ssize_t size = ::readlinkat(proc.get(), (pid + "/ns/net").c_str(), link, sizeof(link));
    if (size > 0) member_of.emplace(std::string(link, static_cast<size_t>(size)), pid);
  }
  std::thread([&] {
    for (const auto& [ns, pid] : member_of) {
      const ScopedFd target(::openat(proc.get(), (pid + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
      if (::setns(target.get(), CLONE_NEWNET) != 0) continue;
      const ScopedFd diag(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
      for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
        for (const uint8_t family : {AF_INET, AF_INET6})
          DumpOnce(diag.get(), protocol, family, answers, sizeof(answers));
      }
      DumpOnce(diag.get(), Protocol::kUnixStream, AF_UNIX, answers, sizeof(answers));
    }
  }).join();
  for (const std::string& pid : pids) {
    const ScopedFd folder(::openat(proc.get(), (pid + "/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) continue;
    ForEachNumber(folder.get(), entries, sizeof(entries), [&](const char* name) {
      if (::readlinkat(folder.get(), name, link, sizeof(link)) < 0) link[0] = '\0';
    });
  }
}

// `count` listeners in a namespace of its own.
std::unique_ptr<ChildProcess> HoldListeners(int count) {
  return std::make_unique<ChildProcess>([count] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    for (int i = 0; i < count; ++i) {
      const std::string address = i % 2 == 0 ? "0.0.0.0" : "::";
      if (BindTestSocket({.address = address, .port = static_cast<uint16_t>(1000 + i)}).Release() < 0) return false;
    }
    return true;
  });
}

int Argument(int argc, char** argv, int index, int otherwise) {
  int value = 0;
  return argc > index && absl::SimpleAtoi(argv[index], &value) && value > 0 ? value : otherwise;
}

void Collect(Collector& collector, CountingSink& sink) {
  RunReport report;
  const absl::Status status = collector.Collect(sink, report, StopToken());
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
}

void PrintRow(const char* name, const Best& best, const Best& bare) {
  std::printf("%-28s %9.2f %9.2f %8.2f %8.2f\n", name, best.wall_ms, best.cpu_ms, best.wall_ms / bare.wall_ms,
              best.cpu_ms / bare.cpu_ms);
}

int Run(int listeners, int namespaces, int rounds) {
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (int i = 0; i < namespaces; ++i) {
    children.push_back(HoldListeners(listeners / namespaces));
    if (!children.back()->ready()) {
      std::fprintf(stderr, "cannot make network namespaces and listeners: run as root\n");
      return 1;
    }
  }
  const auto files = HostRoot::Create("/");
  const std::unique_ptr<KernelSockets> sockets = NewNetlinkKernelSockets();
  const SystemClock clock;
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  context.sockets = sockets.get();
  CollectorContext without_netlink = context;
  without_netlink.sockets = nullptr;

  Best bare;
  Best first;
  Best again;
  Best from_proc;
  size_t records = 0;
  size_t owners = 0;
  for (int round = 0; round < rounds; ++round) {
    Measure(BareLoop, &bare);
    CountingSink sink;
    const auto collector = kPortsCollector.create(context);
    Measure([&] { Collect(*collector, sink); }, &first);
    records = sink.records();
    owners = sink.owners();
    Measure([&] { Collect(*collector, sink); }, &again);
    const auto proc_collector = kPortsCollector.create(without_netlink);
    Measure([&] { Collect(*proc_collector, sink); }, &from_proc);
  }
  std::printf("%d listeners in %d network namespaces; %zu records with %zu owners; best of %d\n\n", listeners,
              namespaces, records, owners, rounds);
  std::printf("%-28s %9s %9s %8s %8s\n", "", "wall ms", "CPU ms", "x wall", "x CPU");
  PrintRow("bare system calls", bare, bare);
  PrintRow("ports, first scan", first, bare);
  PrintRow("ports, scan again", again, bare);
  PrintRow("ports, /proc/PID/net only", from_proc, bare);
  return 0;
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  return rollcall::Run(rollcall::Argument(argc, argv, 1, 5000), rollcall::Argument(argc, argv, 2, 20),
                       rollcall::Argument(argc, argv, 3, 20));
}

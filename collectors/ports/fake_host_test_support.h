// A host in memory for the tests of this folder.
#ifndef ROLLCALL_COLLECTORS_PORTS_FAKE_HOST_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_PORTS_FAKE_HOST_TEST_SUPPORT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/kernel_sockets.h"
#include "platform/memory_tree.h"

namespace rollcall {

struct FakeHost {
  static constexpr uint64_t kHostNamespace = 4026531840;

  FakeHost() {
    tree.SetFile("/proc/stat", "cpu 1 2 3\nbtime 1700000000\n");
    tree.SetFile("/proc/sys/kernel/random/boot_id", "0f0e0d0c-0b0a-4908-8706-050403020100\n");
    tree.SetFile("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  }

  void AddProcess(uint32_t pid, const std::string& name, uint64_t ns = kHostNamespace, uint64_t start_ticks = 500,
                  uint32_t flags = 0x400000) {
    const std::string folder = absl::StrCat("/proc/", pid);
    tree.SetFile(folder + "/stat",
                 absl::StrCat(pid, " (", name, ") S 1 ", pid, " ", pid, " 0 -1 ", flags, " 0 0 0 0 0 0 0 0 20 0 1 0 ",
                              start_ticks, " 1000 100 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"));
    tree.SetFile(folder + "/status", absl::StrCat("Name:\t", name, "\nUid:\t1000\t33\t33\t33\nGid:\t0\t0\t0\t0\n"));
    tree.SetFile(folder + "/cgroup", "0::/system.slice/web.service\n");
    tree.SetSymlink(folder + "/exe", absl::StrCat("/usr/bin/", name));
    tree.SetSymlink(folder + "/ns/net", absl::StrCat("net:[", ns, "]"));
    tree.SetFile(folder + "/root/etc/passwd", "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n");
    tree.SetDirectory(folder + "/fd");
  }
  void OpenSocket(uint32_t pid, uint32_t fd, uint64_t inode) {
    tree.SetSymlink(absl::StrCat("/proc/", pid, "/fd/", fd), absl::StrCat("socket:[", inode, "]"));
  }
  void CloseDescriptor(uint32_t pid, uint32_t fd) { tree.Unset(absl::StrCat("/proc/", pid, "/fd/", fd)); }

  // A /proc/PID/net/tcp with listeners on 0.0.0.0 by port and inode.
  void SetTcpTable(uint32_t pid, const std::map<uint16_t, uint64_t>& listeners) {
    std::string table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    for (const auto& [port, inode] : listeners) {
      absl::StrAppend(&table, "0: 00000000:", absl::Hex(port, absl::kZeroPad4),
                      " 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ", inode, " 1 0 100 0 0 10 0\n");
    }
    tree.SetFile(absl::StrCat("/proc/", pid, "/net/tcp"), table);
  }

  MemoryTree tree;
};

// Answers by pid what it was told to.
class FakeKernelSockets : public KernelSockets {
 public:
  absl::StatusOr<SocketTable> Listening(uint32_t pid) const override {
    asked.push_back(pid);
    const auto found = tables.find(pid);
    return found != tables.end() ? found->second : absl::NotFoundError("open /proc/PID/ns/net: no such process");
  }
  absl::StatusOr<SocketTable> ListeningIn(int) const override { return named; }

  std::map<uint32_t, absl::StatusOr<SocketTable>> tables;
  absl::StatusOr<SocketTable> named = absl::InvalidArgumentError("enter network namespace: the file is not one");
  mutable std::vector<uint32_t> asked;
};

inline ListeningSocket TcpListener(const std::string& address, uint16_t port, uint64_t inode) {
  ListeningSocket socket;
  socket.ipv6 = address.find(':') != std::string::npos;
  socket.address = address;
  socket.port = port;
  socket.inode = inode;
  return socket;
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_FAKE_HOST_TEST_SUPPORT_H_

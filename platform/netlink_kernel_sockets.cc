#include "platform/netlink_kernel_sockets.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"
#include "platform/netlink_sock_diag.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;

// The kernel fills datagrams of at most 32 KiB of a dump.
constexpr size_t kReceiveBytes = size_t{64} << 10;
// Dumps the kernel calls inconsistent are repeated this often.
constexpr int kDumpAttempts = 3;
// Past this a namespace's table is cut, and says so.
constexpr size_t kMaxSockets = size_t{1} << 18;
constexpr timeval kReceiveTimeout = {5, 0};

struct Dump {
  Protocol protocol;
  uint8_t family;
  const char* name;
  // Its absence says something about this protocol only, not about sock_diag as a whole.
  bool optional;
};
constexpr Dump kDumps[] = {
    {Protocol::kTcp, AF_INET, "tcp", false},         {Protocol::kTcp, AF_INET6, "tcp6", true},
    {Protocol::kUdp, AF_INET, "udp", false},         {Protocol::kUdp, AF_INET6, "udp6", true},
    {Protocol::kSctp, AF_INET, "sctp", true},        {Protocol::kSctp, AF_INET6, "sctp6", true},
    {Protocol::kUnixStream, AF_UNIX, "unix", false},
};

// What kernels answer for a protocol or a diagnostic module they do not have.
bool MeansMissing(int error) {
  return error == ENOENT || error == EPROTONOSUPPORT || error == EAFNOSUPPORT || error == EOPNOTSUPP || error == EINVAL;
}

absl::StatusOr<ScopedFd> OpenDiagSocket() {
  ScopedFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd.valid()) {
    if (MeansMissing(errno)) return absl::UnimplementedError("open netlink:sock_diag: the kernel does not have it");
    return ErrnoStatus(errno, "open", "netlink:sock_diag");
  }
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kReceiveTimeout, sizeof(kReceiveTimeout)) != 0) {
    return ErrnoStatus(errno, "set time limit of", "netlink:sock_diag");
  }
  return fd;
}

// The same, in the namespace `namespace_fd` refers to.
absl::StatusOr<ScopedFd> OpenDiagSocketIn(int namespace_fd) {
  absl::StatusOr<ScopedFd> result = absl::InternalError("enter network namespace: thread did not run");
  const auto enter = [&] {
    if (::setns(namespace_fd, CLONE_NEWNET) != 0) {
      result = errno == EINVAL ? absl::InvalidArgumentError("enter network namespace: the file is not one")
                               : ErrnoStatus(errno, "enter", "network namespace");
    } else {
      result = OpenDiagSocket();
    }
  };
  try {
    std::thread(enter).join();  // setns changes the calling thread only
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(absl::StrCat("start thread for a network namespace: ", error.what()));
  }
  return result;
}

// Sends one request and reads its answers into `dump`.
absl::Status RunDump(int fd, const Dump& what, uint32_t sequence, std::string* buffer, SockDiagDump* dump) {
  const std::string request = MakeSockDiagRequest(what.protocol, what.family, sequence);
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(fd, request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&kernel), sizeof(kernel)) < 0) {
    return ErrnoStatus(errno, "ask", "netlink:sock_diag");
  }
  while (!dump->done) {
    sockaddr_nl sender = {};
    socklen_t sender_size = sizeof(sender);
    const ssize_t received =
        ::recvfrom(fd, buffer->data(), buffer->size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (received < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "read", "netlink:sock_diag");
    }
    if (sender.nl_pid != 0) continue;  // any process may send here; only the kernel is believed
    if (static_cast<size_t>(received) > buffer->size())
      return absl::DataLossError("read netlink:sock_diag: message cut off");
    if (received == 0) return absl::DataLossError("read netlink:sock_diag: empty message");
    ParseSockDiagReply(absl::string_view(buffer->data(), static_cast<size_t>(received)), what.protocol, sequence, dump);
    if (dump->sockets.size() > kMaxSockets) {
      return absl::ResourceExhaustedError(absl::StrCat("read netlink:sock_diag: more than ", kMaxSockets, " sockets"));
    }
  }
  return absl::OkStatus();
}

// Reads one table after the other from one diagnostic socket.
class TableReader {
 public:
  explicit TableReader(ScopedFd fd) : fd_(std::move(fd)), buffer_(kReceiveBytes, '\0') {}

  absl::StatusOr<SocketTable> ReadAll() {
    SocketTable table;
    table.source = "netlink";
    for (const Dump& what : kDumps) {
      const absl::Status status = Read(what, &table);
      if (absl::IsUnimplemented(status)) {
        if (!what.optional) return status;
        if (what.protocol == Protocol::kSctp) table.without_sctp = true;
      } else if (absl::IsPermissionDenied(status)) {
        return status;
      } else if (!status.ok()) {
        if (table.sockets.empty()) return status;
        // The socket may be in the middle of a dump; what was read so far is still good.
        table.problems.push_back(status);
        return table;
      }
    }
    return table;
  }

 private:
  absl::Status Read(const Dump& what, SocketTable* table) {
    SockDiagDump dump;
    for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
      dump = SockDiagDump();
      const absl::Status status = RunDump(fd_.get(), what, ++sequence_, &buffer_, &dump);
      if (!status.ok()) {
        Take(&dump, table);
        return absl::Status(status.code(), absl::StrCat(status.message(), " (", what.name, ")"));
      }
      if (!dump.interrupted) break;
    }
    if (dump.error != 0 && MeansMissing(dump.error)) {
      return absl::UnimplementedError(
          absl::StrCat("read netlink:sock_diag: the kernel has no ", what.name, " diagnostics"));
    }
    if (dump.error == EPERM || dump.error == EACCES) {
      return ErrnoStatus(dump.error, "dump", absl::StrCat(what.name, " sockets"));
    }
    AddProblems(what, dump, table);
    Take(&dump, table);
    return absl::OkStatus();
  }

  static void AddProblems(const Dump& what, const SockDiagDump& dump, SocketTable* table) {
    if (dump.error != 0) {
      table->problems.push_back(ErrnoStatus(dump.error, "dump", absl::StrCat(what.name, " sockets")));
    }
    if (dump.interrupted) {
      table->problems.push_back(absl::AbortedError(
          absl::StrCat("dump ", what.name, " sockets: the table kept changing for ", kDumpAttempts, " attempts")));
    }
    if (dump.malformed > 0) {
      table->problems.push_back(
          absl::DataLossError(absl::StrCat("dump ", what.name, " sockets: ", dump.malformed, " malformed messages")));
    }
  }

  static void Take(SockDiagDump* dump, SocketTable* table) {
    if (table->sockets.empty()) {
      table->sockets = std::move(dump->sockets);
      return;
    }
    table->sockets.insert(table->sockets.end(), std::make_move_iterator(dump->sockets.begin()),
                          std::make_move_iterator(dump->sockets.end()));
  }

  ScopedFd fd_;
  std::string buffer_;
  uint32_t sequence_ = 0;
};

class NetlinkKernelSockets : public KernelSockets {
 public:
  explicit NetlinkKernelSockets(std::string procfs) : procfs_(std::move(procfs)) {}

  absl::StatusOr<SocketTable> Listening(uint32_t pid) const override {
    const std::string path = pid == 0 ? OwnNamespacePath() : absl::StrCat(procfs_, "/", pid, "/ns/net");
    const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
      if (pid != 0) return ErrnoStatus(errno, "open", path);
      return ReadTable(OpenDiagSocket(), 0);  // a kernel without namespaces has only this one
    }
    return ListeningIn(fd.get());
  }

  absl::StatusOr<SocketTable> ListeningIn(int namespace_fd) const override {
    struct stat wanted = {};
    if (::fstat(namespace_fd, &wanted) != 0) return ErrnoStatus(errno, "stat", "network namespace");
    struct stat own = {};
    const bool is_own =
        ::stat(OwnNamespacePath().c_str(), &own) == 0 && own.st_dev == wanted.st_dev && own.st_ino == wanted.st_ino;
    return ReadTable(is_own ? OpenDiagSocket() : OpenDiagSocketIn(namespace_fd), wanted.st_ino);
  }

 private:
  // Of the calling thread, which need not be in the namespace of the process's first one.
  std::string OwnNamespacePath() const { return absl::StrCat(procfs_, "/thread-self/ns/net"); }

  static absl::StatusOr<SocketTable> ReadTable(absl::StatusOr<ScopedFd> socket, uint64_t namespace_inode) {
    if (!socket.ok()) return socket.status();
    absl::StatusOr<SocketTable> table = TableReader(*std::move(socket)).ReadAll();
    if (table.ok()) table->namespace_inode = namespace_inode;
    return table;
  }

  const std::string procfs_;
};

}  // namespace

std::unique_ptr<KernelSockets> NewNetlinkKernelSockets(std::string procfs) {
  return std::make_unique<NetlinkKernelSockets>(std::move(procfs));
}

}  // namespace rollcall

#include "platform/process_event_socket.h"

#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "platform/clock.h"
#include "platform/errno_status.h"

namespace rollcall {
namespace {

constexpr char kObject[] = "process events";
// What the caller is to know of a call that failed.
absl::Status Refused(int error) {
  switch (error) {
    case ECONNREFUSED:
    case EPROTONOSUPPORT:
      return absl::UnimplementedError("open process events: not in this network namespace, or not in this kernel");
    default:
      return ErrnoStatus(error, "open", kObject);
  }
}

absl::Status SetOptions(int fd, int receive_bytes) {
  std::vector<sock_filter> filter = ProcEventFilter();
  const sock_fprog program = {static_cast<uint16_t>(filter.size()), filter.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0) return Refused(errno);
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof(receive_bytes)) != 0) {
    // Less room is no reason to do without.
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
  }
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return Refused(errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessEventSocket>> ProcessEventSocket::Open(const Options& options) {
  ScopedFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
  if (!fd.valid()) return Refused(errno);
  if (absl::Status status = SetOptions(fd.get(), options.receive_bytes); !status.ok()) return status;
  // The kernel tells all listeners of every answer, and pids are not unique between namespaces.
  const auto mark = static_cast<uint32_t>(absl::ToInt64Nanoseconds(SystemClock().Monotonic()));
  std::unique_ptr<ProcessEventSocket> socket(new ProcessEventSocket(std::move(fd), mark));
  if (absl::Status status = socket->Listen(options); !status.ok()) return status;
  return socket;
}

absl::Status ProcessEventSocket::Listen(const Options& options) {
  const std::string request = MakeProcListenRequest(mark_);
  if (::send(fd_.get(), request.data(), request.size(), 0) < 0) return Refused(errno);
  // A request from another pid or user namespace is dropped without an answer, while the events
  // that others have asked for arrive all the same: they must not draw out the wait. Those before
  // the answer are not kept.
  const SystemClock clock;
  const absl::Duration deadline = clock.Monotonic() + options.patience;
  for (bool in_time = true; in_time;) {
    const absl::Duration left = std::max(deadline - clock.Monotonic(), absl::ZeroDuration());
    in_time = left > absl::ZeroDuration();
    pollfd readable = {fd_.get(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
    if (ready == 0) break;
    ProcessEventBatch batch;
    bool lost = false;
    if (absl::Status status = Receive(&batch, &lost); !status.ok()) return status;
    if (batch.answer.has_value())
      return *batch.answer == 0 ? absl::OkStatus() : Refused(static_cast<int>(*batch.answer));
  }
  return absl::UnavailableError("open process events: the kernel does not answer; not in the initial pid namespace?");
}

absl::Status ProcessEventSocket::Receive(ProcessEventBatch* batch, bool* lost) {
  std::array<mmsghdr, kBatch> messages;
  std::array<iovec, kBatch> pieces;
  std::array<sockaddr_nl, kBatch> senders;
  for (size_t received = 0; received < kMaxDatagrams;) {
    for (size_t i = 0; i < kBatch; ++i) {
      pieces[i] = {buffer_.data() + i * kDatagramBytes, kDatagramBytes};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &senders[i];
      messages[i].msg_hdr.msg_namelen = sizeof(senders[i]);
    }
    const int count = ::recvmmsg(fd_.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == ENOBUFS) {
      *lost = true;
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return absl::OkStatus();
    if (count <= 0) return ErrnoStatus(errno, "read", kObject);
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      if (senders[i].nl_pid != 0) continue;  // not from the kernel
      ParseProcEvents(absl::string_view(buffer_.data() + i * kDatagramBytes, messages[i].msg_len), mark_, batch);
    }
    received += static_cast<size_t>(count);
    if (static_cast<size_t>(count) < kBatch) return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace rollcall

// The wire format of the kernel's process events (CN_PROC): requests, the kernel-side filter, and
// a parser for what comes back. Pure; the socket is in process_event_socket.h. See linux/connector.h
// and linux/cn_proc.h.
#ifndef ROLLCALL_PLATFORM_NETLINK_PROC_CONNECTOR_H_
#define ROLLCALL_PLATFORM_NETLINK_PROC_CONNECTOR_H_

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// Something that happened to a process (a thread group, not a thread). Pids are those of the
// initial pid namespace.
struct ProcessEvent {
  enum class Type { kFork, kExec, kExit };
  Type type = Type::kFork;
  uint32_t pid = 0;
  // When, as the kernel's CLOCK_MONOTONIC: good for differences.
  absl::Duration at;
  // Of kExit: as wait(2) would give it.
  uint32_t wait_status = 0;

  friend bool operator==(const ProcessEvent&, const ProcessEvent&) = default;
};

// What the datagrams so far have given.
struct ProcessEventBatch {
  std::vector<ProcessEvent> events;
  // errno of the kernel's answer to the request, 0 for "granted".
  std::optional<uint32_t> answer;
  // Messages that were too short or inconsistent and so left out.
  size_t malformed = 0;
};

// Request to get events; `acknowledgement` marks the answer.
std::string MakeProcListenRequest(uint32_t acknowledgement);

// Adds the messages of one datagram to `batch`: events of processes, and the answer that
// `acknowledgement` marks. Events of threads and of other kinds are passed over. Never reads
// outside `datagram`, whatever it says.
void ParseProcEvents(absl::string_view datagram, uint32_t acknowledgement, ProcessEventBatch* batch);

// A socket filter that lets through only what ParseProcEvents uses, so that the rest (threads,
// changes of ids and names) neither wakes the reader nor fills its buffer.
std::vector<sock_filter> ProcEventFilter();

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_NETLINK_PROC_CONNECTOR_H_

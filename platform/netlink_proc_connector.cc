#include "platform/netlink_proc_connector.h"

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace rollcall {
namespace {

// Not proc_event::what: newer headers name its type otherwise.
constexpr uint32_t kNone = 0;
constexpr uint32_t kFork = 0x00000001;
constexpr uint32_t kExec = 0x00000002;
constexpr uint32_t kExit = 0x80000000;

constexpr uint32_t kListen = 1;  // PROC_CN_MCAST_LISTEN

// Offsets in a proc_event: `what`, then the time, then what depends on `what`.
constexpr size_t kTimeOffset = 8;
constexpr size_t kDataOffset = 16;
// Of a fork: parent pid and tgid, child pid and tgid. Of exec and exit: pid, tgid; of an exit, the
// status.
constexpr size_t kMinEventBytes = kDataOffset + 8;

// cn_msg ends in a flexible array, which sizeof leaves out; it cannot be part of another struct.
constexpr size_t kConnectorHeaderBytes = sizeof(cn_msg);
constexpr size_t kEventOffset = NLMSG_HDRLEN + kConnectorHeaderBytes;

uint32_t Word(absl::string_view bytes, size_t offset) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data() + offset, sizeof(word));
  return word;
}

// False if the event is too short for what it says it is.
bool ParseEvent(absl::string_view bytes, const cn_msg& header, uint32_t acknowledgement, ProcessEventBatch* batch) {
  if (bytes.size() < kMinEventBytes) return false;
  const uint32_t what = Word(bytes, 0);
  uint64_t nanoseconds = 0;
  std::memcpy(&nanoseconds, bytes.data() + kTimeOffset, sizeof(nanoseconds));
  ProcessEvent event;
  event.at = absl::Nanoseconds(static_cast<int64_t>(nanoseconds));
  // Where the thread's and its process's id are.
  size_t ids = kDataOffset;
  switch (what) {
    case kNone:
      // The kernel answers with the request's mark plus one.
      if (header.ack == acknowledgement + 1) batch->answer = Word(bytes, kDataOffset);
      return true;
    case kFork:
      event.type = ProcessEvent::Type::kFork;
      ids += 8;
      break;
    case kExec:
      event.type = ProcessEvent::Type::kExec;
      break;
    case kExit:
      event.type = ProcessEvent::Type::kExit;
      if (bytes.size() < ids + 12) return false;
      event.wait_status = Word(bytes, ids + 8);
      break;
    default:
      return true;
  }
  if (bytes.size() < ids + 8) return false;
  event.pid = Word(bytes, ids + 4);
  // An exec by a thread is that of its process, whose id it takes.
  if (what != kExec && Word(bytes, ids) != event.pid) return true;
  batch->events.push_back(event);
  return true;
}

}  // namespace

std::string MakeProcListenRequest(uint32_t acknowledgement) {
  nlmsghdr netlink = {};
  netlink.nlmsg_len = kEventOffset + sizeof(kListen);
  netlink.nlmsg_type = NLMSG_DONE;
  cn_msg header = {};
  header.id = {CN_IDX_PROC, CN_VAL_PROC};
  header.ack = acknowledgement;
  header.len = sizeof(kListen);
  std::string request(netlink.nlmsg_len, '\0');
  std::memcpy(request.data(), &netlink, sizeof(netlink));
  std::memcpy(request.data() + NLMSG_HDRLEN, &header, kConnectorHeaderBytes);
  std::memcpy(request.data() + kEventOffset, &kListen, sizeof(kListen));
  return request;
}

void ParseProcEvents(absl::string_view datagram, uint32_t acknowledgement, ProcessEventBatch* batch) {
  while (!datagram.empty()) {
    nlmsghdr netlink;
    if (datagram.size() < sizeof(netlink)) {
      ++batch->malformed;
      return;
    }
    std::memcpy(&netlink, datagram.data(), sizeof(netlink));
    if (netlink.nlmsg_len < sizeof(netlink) || netlink.nlmsg_len > datagram.size()) {
      ++batch->malformed;
      return;
    }
    const absl::string_view message = datagram.substr(0, netlink.nlmsg_len);
    // The last one may end without its padding.
    datagram.remove_prefix(std::min<size_t>(NLMSG_ALIGN(netlink.nlmsg_len), datagram.size()));
    if (netlink.nlmsg_type == NLMSG_NOOP || netlink.nlmsg_type == NLMSG_ERROR) continue;
    cn_msg header;
    if (message.size() < kEventOffset) {
      ++batch->malformed;
      continue;
    }
    std::memcpy(&header, message.data() + NLMSG_HDRLEN, kConnectorHeaderBytes);
    if (header.id.idx != CN_IDX_PROC || header.id.val != CN_VAL_PROC) continue;
    const absl::string_view event = message.substr(kEventOffset, header.len);
    if (event.size() < header.len || !ParseEvent(event, header, acknowledgement, batch)) ++batch->malformed;
  }
}

std::vector<sock_filter> ProcEventFilter() {
  // A classic BPF program loads words in network order, the kernel writes them in its own.
  const auto load = [](size_t offset) -> sock_filter {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(kEventOffset + offset));
  };
  const auto if_equal = [](uint32_t word, uint8_t then, uint8_t otherwise) -> sock_filter {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(word), then, otherwise);
  };
  const sock_filter keep = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
  const sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_filter remember = BPF_STMT(BPF_MISC | BPF_TAX, 0);
  const sock_filter if_same = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1);  // else the next but one
  return {
      load(0),
      if_equal(kNone, 13, 0),
      if_equal(kExec, 12, 0),
      if_equal(kFork, 1, 0),
      if_equal(kExit, 6, 11),
      // A fork: keep it if the child's thread id is its process id.
      load(kDataOffset + 8),
      remember,
      load(kDataOffset + 12),
      if_same,
      keep,
      drop,
      // An exit, likewise.
      load(kDataOffset),
      remember,
      load(kDataOffset + 4),
      if_same,
      keep,
      drop,
  };
}

}  // namespace rollcall

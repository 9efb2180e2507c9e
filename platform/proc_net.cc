#include "platform/proc_net.h"

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/kernel_sockets_address.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;

// Far more than any of these tables writes.
constexpr size_t kMaxLineBytes = 4096;
// Names of interfaces kept; IFNAMSIZ bounds each.
constexpr size_t kMaxInterfaces = 65536;
constexpr size_t kMaxInterfaceName = 16;

constexpr uint64_t kTcpListen = 0x0A;
constexpr uint64_t kUdpUnconnected = 0x07;
constexpr uint64_t kSctpListening = 10;
// __SO_ACCEPTCON in linux/net.h
constexpr uint64_t kUnixListens = 0x10000;
constexpr uint64_t kSockStream = 1;
constexpr uint64_t kSockSeqpacket = 5;

// Takes the next line, without its end, off `content`; false at the end.
bool NextLine(absl::string_view* content, absl::string_view* line) {
  if (content->empty()) return false;
  const size_t end = content->find('\n');
  *line = content->substr(0, end);
  content->remove_prefix(end == absl::string_view::npos ? content->size() : end + 1);
  return true;
}

// Takes the next word off `line`; empty at the end.
absl::string_view NextWord(absl::string_view* line) {
  *line = absl::StripLeadingAsciiWhitespace(*line);
  const size_t end = line->find_first_of(" \t");
  const absl::string_view word = line->substr(0, end);
  line->remove_prefix(word.size());
  return word;
}

std::optional<uint64_t> Hex(absl::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

std::optional<uint64_t> Decimal(absl::string_view text) {
  uint64_t value = 0;
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) || !absl::SimpleAtoi(text, &value)) {
    return std::nullopt;
  }
  return value;
}

// Writes `hex` (8 digits for each 32-bit word in the host's order) as bytes in network order.
template <size_t N>
bool ReadWords(absl::string_view hex, std::array<uint8_t, N>* bytes) {
  if (hex.size() != 2 * N) return false;
  for (size_t word = 0; word < N / 4; ++word) {
    const std::optional<uint64_t> value = Hex(hex.substr(word * 8, 8));
    if (!value.has_value()) return false;
    for (size_t i = 0; i < 4; ++i) (*bytes)[word * 4 + i] = static_cast<uint8_t>(*value >> (8 * i));
  }
  return true;
}

// `0100007F:0050`
bool ParseEndpoint(absl::string_view text, bool ipv6, std::string* address, uint16_t* port) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos || text.size() != colon + 5) return false;
  const std::optional<uint64_t> port_value = Hex(text.substr(colon + 1));
  if (!port_value.has_value()) return false;
  *port = static_cast<uint16_t>(*port_value);
  std::array<uint8_t, 4> v4;
  std::array<uint8_t, 16> v6;
  if (ipv6 ? !ReadWords(text.substr(0, colon), &v6) : !ReadWords(text.substr(0, colon), &v4)) return false;
  *address = ipv6 ? FormatIpv6(v6) : FormatIpv4(v4);
  return true;
}

// Whether `00000000:0000` or its IPv6 form.
bool IsUnset(absl::string_view endpoint) { return endpoint.find_first_not_of("0:") == absl::string_view::npos; }

// Runs `parse(line)` on every line; it returns what is wrong, or nullptr.
template <typename LineParser>
void ForEachLine(absl::string_view content, bool has_header, ProcNetTable* table, LineParser parse) {
  absl::string_view line;
  size_t number = 0;
  while (NextLine(&content, &line)) {
    ++number;
    if ((number == 1 && has_header) || line.empty()) continue;
    const char* wrong = line.size() > kMaxLineBytes ? "too long" : parse(line);
    if (wrong == nullptr) continue;
    if (table->malformed++ == 0) table->first_malformed = absl::StrCat("line ", number, ": ", wrong);
  }
}

// sl local rem st tx:rx tr:when retrnsmt uid timeout inode ...
const char* ParseInetLine(absl::string_view line, Protocol protocol, bool ipv6, std::vector<ListeningSocket>* out) {
  NextWord(&line);
  const absl::string_view local = NextWord(&line);
  const absl::string_view remote = NextWord(&line);
  const std::optional<uint64_t> state = Hex(NextWord(&line));
  if (!state.has_value()) return "state is missing";
  if (*state != (protocol == Protocol::kUdp ? kUdpUnconnected : kTcpListen) || !IsUnset(remote)) return nullptr;

  ListeningSocket socket;
  socket.protocol = protocol;
  socket.ipv6 = ipv6;
  if (!ParseEndpoint(local, ipv6, &socket.address, &socket.port)) return "address is not hexadecimal";
  const absl::string_view queues = NextWord(&line);
  const size_t colon = queues.find(':');
  if (colon == absl::string_view::npos) return "queues are missing";
  const std::optional<uint64_t> waiting = Hex(queues.substr(colon + 1));
  NextWord(&line);
  NextWord(&line);
  const std::optional<uint64_t> uid = Decimal(NextWord(&line));
  NextWord(&line);
  const std::optional<uint64_t> inode = Decimal(NextWord(&line));
  if (!waiting.has_value() || !uid.has_value() || !inode.has_value()) return "queue, uid or inode is not a number";
  socket.uid = static_cast<uint32_t>(*uid);
  socket.inode = *inode;
  if (protocol == Protocol::kTcp) socket.backlog_used = static_cast<uint32_t>(*waiting);
  out->push_back(std::move(socket));
  return nullptr;
}

// Num RefCount Protocol Flags Type St Inode Path
const char* ParseUnixLine(absl::string_view line, std::vector<ListeningSocket>* out) {
  for (int i = 0; i < 3; ++i) NextWord(&line);
  const std::optional<uint64_t> flags = Hex(NextWord(&line));
  const std::optional<uint64_t> type = Hex(NextWord(&line));
  NextWord(&line);
  const std::optional<uint64_t> inode = Decimal(NextWord(&line));
  if (!flags.has_value() || !type.has_value() || !inode.has_value()) return "flags, type or inode is not a number";
  if ((*flags & kUnixListens) == 0 || (*type != kSockStream && *type != kSockSeqpacket)) return nullptr;
  if (line.size() < 2) return "listens without a path";
  ListeningSocket socket;
  socket.protocol = Protocol::kUnixStream;
  socket.address = PrintableUtf8(line.substr(1));  // a path may itself begin with spaces
  socket.inode = *inode;
  out->push_back(std::move(socket));
  return nullptr;
}

// `10.0.0.1`, or `fd00:0000:...:0001` in full; the primary address has a star in front.
bool ParseSctpAddress(absl::string_view text, ListeningSocket* socket) {
  absl::ConsumePrefix(&text, "*");
  socket->ipv6 = absl::StrContains(text, ':');
  if (!socket->ipv6) {
    std::array<uint8_t, 4> bytes;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const size_t dot = i + 1 < bytes.size() ? text.find('.') : text.size();
      const std::optional<uint64_t> value = Decimal(text.substr(0, dot));
      if (dot == absl::string_view::npos || !value.has_value() || *value > 255) return false;
      bytes[i] = static_cast<uint8_t>(*value);
      text.remove_prefix(i + 1 < bytes.size() ? dot + 1 : dot);
    }
    socket->address = FormatIpv4(bytes);
    return true;
  }
  std::array<uint8_t, 16> bytes;
  if (text.size() != 39) return false;
  for (size_t group = 0; group < 8; ++group) {
    const std::optional<uint64_t> value = Hex(text.substr(group * 5, 4));
    if (!value.has_value() || (group < 7 && text[group * 5 + 4] != ':')) return false;
    bytes[group * 2] = static_cast<uint8_t>(*value >> 8);
    bytes[group * 2 + 1] = static_cast<uint8_t>(*value);
  }
  socket->address = FormatIpv6(bytes);
  return true;
}

// ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS
const char* ParseSctpLine(absl::string_view line, std::vector<ListeningSocket>* out) {
  for (int i = 0; i < 3; ++i) NextWord(&line);
  const std::optional<uint64_t> state = Decimal(NextWord(&line));
  NextWord(&line);
  const std::optional<uint64_t> port = Decimal(NextWord(&line));
  const std::optional<uint64_t> uid = Decimal(NextWord(&line));
  const std::optional<uint64_t> inode = Decimal(NextWord(&line));
  if (!state.has_value() || !port.has_value() || *port > 65535 || !uid.has_value() || !inode.has_value()) {
    return "state, port, uid or inode is not a number";
  }
  if (*state != kSctpListening) return nullptr;
  ListeningSocket socket;
  socket.protocol = Protocol::kSctp;
  socket.port = static_cast<uint16_t>(*port);
  socket.uid = static_cast<uint32_t>(*uid);
  socket.inode = *inode;
  const size_t before = out->size();
  for (absl::string_view word = NextWord(&line); !word.empty(); word = NextWord(&line)) {
    if (!ParseSctpAddress(word, &socket)) return "address is neither IPv4 nor IPv6";
    out->push_back(socket);
  }
  return out->size() > before ? nullptr : "address is missing";
}

void AddInterface(std::optional<uint64_t> index, absl::string_view name, std::map<uint32_t, std::string>* names) {
  if (!index.has_value() || *index == 0 || *index > UINT32_MAX || name.empty() || name.size() >= kMaxInterfaceName ||
      names->size() >= kMaxInterfaces) {
    return;
  }
  names->emplace(static_cast<uint32_t>(*index), PrintableUtf8(name));
}

}  // namespace

ProcNetTable ParseProcNetInet(absl::string_view content, Protocol protocol, bool ipv6) {
  ProcNetTable table;
  ForEachLine(content, /*has_header=*/true, &table,
              [&](absl::string_view line) { return ParseInetLine(line, protocol, ipv6, &table.sockets); });
  return table;
}

ProcNetTable ParseProcNetUnix(absl::string_view content) {
  ProcNetTable table;
  ForEachLine(content, /*has_header=*/true, &table,
              [&](absl::string_view line) { return ParseUnixLine(line, &table.sockets); });
  return table;
}

ProcNetTable ParseProcNetSctpEndpoints(absl::string_view content) {
  ProcNetTable table;
  ForEachLine(content, /*has_header=*/true, &table,
              [&](absl::string_view line) { return ParseSctpLine(line, &table.sockets); });
  return table;
}

// `1<TAB>lo        :     1      V3`, then lines of groups that begin with a tab.
void ParseProcNetIgmp(absl::string_view content, std::map<uint32_t, std::string>* names) {
  absl::string_view line;
  while (NextLine(&content, &line)) {
    if (line.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(line[0]))) continue;
    const std::optional<uint64_t> index = Decimal(NextWord(&line));
    AddInterface(index, NextWord(&line), names);
  }
}

// address index(hex) prefix(hex) scope flags name
void ParseProcNetIfInet6(absl::string_view content, std::map<uint32_t, std::string>* names) {
  absl::string_view line;
  while (NextLine(&content, &line)) {
    NextWord(&line);
    const std::optional<uint64_t> index = Hex(NextWord(&line));
    for (int i = 0; i < 3; ++i) NextWord(&line);
    AddInterface(index, NextWord(&line), names);
  }
}

}  // namespace rollcall

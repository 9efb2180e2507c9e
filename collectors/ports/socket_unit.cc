#include "collectors/ports/socket_unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "platform/kernel_sockets_address.h"
#include "platform/systemd/unit_file.h"

namespace rollcall {
namespace {

using Port = pb::ListeningPort;

enum class Setting { kOther, kStream, kDatagram, kSequentialPacket };

Setting SettingOf(absl::string_view key) {
  if (key == "ListenStream") return Setting::kStream;
  if (key == "ListenDatagram") return Setting::kDatagram;
  if (key == "ListenSequentialPacket") return Setting::kSequentialPacket;
  return Setting::kOther;
}

// The value with its specifiers replaced; nothing if one of them takes systemd to know.
std::optional<std::string> Expand(absl::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      out.push_back(value[i]);
    } else if (++i < value.size() && (value[i] == 't' || value[i] == '%')) {
      out.append(value[i] == 't' ? "/run" : "%");
    } else {
      return std::nullopt;
    }
  }
  return out;
}

bool ParsePort(absl::string_view text, uint32_t* port) {
  return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0])) && absl::SimpleAtoi(text, port) &&
         *port > 0 && *port <= 65535;
}

// `10.0.0.1:80` or `[fe80::1%eth0]:80`; an interface after the port (`%eth0`) is not compared.
bool ParseInternetAddress(absl::string_view value, SocketUnitListener* listener) {
  const size_t colon = value.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view port = value.substr(colon + 1);
  if (!ParsePort(port.substr(0, port.find('%')), &listener->port)) return false;
  absl::string_view host = value.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
    std::array<uint8_t, 16> bytes;
    if (::inet_pton(AF_INET6, std::string(host.substr(0, host.find('%'))).c_str(), bytes.data()) != 1) return false;
    listener->address = FormatIpv6(bytes);
    return true;
  }
  in_addr bytes;
  if (::inet_pton(AF_INET, std::string(host).c_str(), &bytes) != 1) return false;
  listener->address = std::string(host);
  return true;
}

std::optional<SocketUnitListener> ParseListener(Setting setting, const std::string& value) {
  SocketUnitListener listener;
  if (absl::StartsWith(value, "/") || absl::StartsWith(value, "@")) {
    if (setting == Setting::kDatagram) return std::nullopt;  // unix datagram sockets do not listen
    listener.transport = Port::UNIX_STREAM;
    listener.address = PrintableUtf8(value);
    return listener;
  }
  if (setting == Setting::kSequentialPacket) return std::nullopt;
  listener.transport = setting == Setting::kStream ? Port::TCP : Port::UDP;
  if (ParsePort(value, &listener.port) || ParseInternetAddress(value, &listener)) return listener;
  return std::nullopt;
}

}  // namespace

bool SocketUnitListener::Matches(const pb::ListeningPort& record) const {
  if (record.transport() != transport || record.port() != port) return false;
  if (address.empty()) return record.address() == "::" || record.address() == "0.0.0.0";
  return record.address() == address;
}

void ParseSocketUnit(absl::string_view content, std::vector<SocketUnitListener>* listeners) {
  for (const UnitAssignment& assignment : ParseUnitFile(content).assignments) {
    const Setting setting = assignment.section == "Socket" ? SettingOf(assignment.key) : Setting::kOther;
    if (setting == Setting::kOther) continue;
    const std::optional<std::string> value = Expand(assignment.value);
    if (!value.has_value()) continue;
    if (value->empty()) {
      listeners->clear();
      continue;
    }
    std::optional<SocketUnitListener> listener = ParseListener(setting, *value);
    if (listener.has_value() && listeners->size() < kMaxSocketUnitListeners) listeners->push_back(*std::move(listener));
  }
}

}  // namespace rollcall

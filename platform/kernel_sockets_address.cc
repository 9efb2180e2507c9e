#include "platform/kernel_sockets_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/utf8.h"

namespace rollcall {

std::string FormatIpv4(const std::array<uint8_t, 4>& address) {
  return absl::StrCat(address[0], ".", address[1], ".", address[2], ".", address[3]);
}

std::string FormatIpv6(const std::array<uint8_t, 16>& address) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, address.data(), text, sizeof(text)) != nullptr ? text : "";
}

std::string FormatUnixName(absl::string_view sun_path) {
  if (sun_path.empty() || sun_path[0] != '\0') return PrintableUtf8(sun_path.substr(0, sun_path.find('\0')));
  std::string name(sun_path);
  for (char& c : name) {
    if (c == '\0') c = '@';
  }
  return PrintableUtf8(name);
}

std::string PrintableUtf8(absl::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto first = static_cast<uint8_t>(bytes[0]);
    const size_t length = Utf8CharacterLength(bytes);
    if (length == 0 || first < 0x20 || first == 0x7F) {
      absl::StrAppendFormat(&out, "\\x%02x", first);
      bytes.remove_prefix(1);
    } else {
      absl::StrAppend(&out, bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace rollcall

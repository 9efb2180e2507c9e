#include "platform/kernel_sockets_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rollcall {
namespace {

// Bytes of the well-formed UTF-8 sequence at the start of `bytes` (Unicode, table 3-7);
// 0 if there is none.
size_t Utf8SequenceLength(absl::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : (lead & 0xF0) == 0xE0        ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && at(1) < 0xA0) || (lead == 0xF0 && at(1) < 0x90);
  const bool out_of_range = (lead == 0xED && at(1) > 0x9F) || (lead == 0xF4 && at(1) > 0x8F);
  return overlong || out_of_range ? 0 : length;
}

}  // namespace

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
    const size_t length = Utf8SequenceLength(bytes);
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

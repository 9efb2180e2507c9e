// Text of socket addresses, the same whether the kernel gave bytes or /proc gave text.
#ifndef ROLLCALL_PLATFORM_KERNEL_SOCKETS_ADDRESS_H_
#define ROLLCALL_PLATFORM_KERNEL_SOCKETS_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Dotted quad of an address in network order.
std::string FormatIpv4(const std::array<uint8_t, 4>& address);

// RFC 5952 text of an address in network order: `::1`, `::ffff:10.0.0.1`.
std::string FormatIpv6(const std::array<uint8_t, 16>& address);

// `sun_path` as bind(2) stored it. A leading NUL means an abstract name, whose NULs become
// `@`, as in /proc/net/unix; a path ends at its first NUL.
std::string FormatUnixName(absl::string_view sun_path);

// `bytes` with control characters and whatever is not UTF-8 as `\xNN`. Names of unix
// sockets are any bytes their owner likes.
std::string PrintableUtf8(absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_KERNEL_SOCKETS_ADDRESS_H_

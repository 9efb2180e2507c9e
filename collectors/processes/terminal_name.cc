#include "collectors/processes/terminal_name.h"

#include "absl/strings/str_cat.h"

namespace rollcall {

std::string TerminalName(uint32_t device) {
  if (device == 0) return "";
  // Bits as in the kernel's new_encode_dev().
  const uint32_t major = device >> 8 & 0xFFF;
  const uint32_t minor = (device & 0xFF) | (device >> 12 & 0xFFF00);
  constexpr uint32_t kFirstPts = 136;
  constexpr uint32_t kLastPts = 143;
  constexpr uint32_t kSerialMinor = 64;
  if (major >= kFirstPts && major <= kLastPts) return absl::StrCat("pts/", minor + (major - kFirstPts) * 256);
  switch (major) {
    case 4:
      return minor < kSerialMinor ? absl::StrCat("tty", minor) : absl::StrCat("ttyS", minor - kSerialMinor);
    case 5:
      if (minor == 0) return "tty";
      if (minor == 1) return "console";
      break;
    case 188:
      return absl::StrCat("ttyUSB", minor);
    case 204:
      if (minor >= kSerialMinor && minor < kSerialMinor + 16) return absl::StrCat("ttyAMA", minor - kSerialMinor);
      break;
    case 229:
      return absl::StrCat("hvc", minor);
    default:
      break;
  }
  return absl::StrCat(major, ":", minor);
}

}  // namespace rollcall

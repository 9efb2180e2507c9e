#include "collectors/processes/capability_names.h"

#include <array>
#include <bit>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr uint32_t kBits = 64;

// By number, as in <linux/capability.h>.
constexpr std::array<absl::string_view, 41> kNames = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

void AppendNames(uint64_t set, absl::string_view prefix, std::vector<std::string>* names) {
  for (uint32_t bit = 0; bit < kBits; ++bit) {
    if ((set >> bit & 1) == 0) continue;
    names->push_back(bit < kNames.size() ? absl::StrCat(prefix, kNames[bit]) : absl::StrCat(prefix, "CAP_", bit));
  }
}

}  // namespace

uint64_t FullCapabilitySet(absl::string_view last_capability) {
  uint32_t last = 0;
  if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(last_capability), &last) || last >= kBits) return 0;
  return last == kBits - 1 ? ~uint64_t{0} : (uint64_t{1} << (last + 1)) - 1;
}

std::vector<std::string> CapabilityNames(uint64_t set, uint64_t full) {
  std::vector<std::string> names;
  if (std::popcount(set & full) * 2 > std::popcount(full)) {
    names.emplace_back("ALL");
    AppendNames(full & ~set, "-", &names);
  } else {
    AppendNames(set, "", &names);
  }
  return names;
}

}  // namespace rollcall

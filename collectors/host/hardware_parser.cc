#include "collectors/host/hardware_parser.h"

#include <limits>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "platform/hardware_facts.h"

namespace rollcall {
namespace {

constexpr size_t kMaxValueBytes = 256;
// NR_CPUS of the largest kernels is 8,192.
constexpr uint32_t kMaxCpus = 65'536;

// Names of ARM cores by implementer and part (MIDR_EL1), as lscpu(1) has them.
std::string ArmModel(absl::string_view implementer, absl::string_view part) {
  struct Core {
    absl::string_view implementer, part, name;
  };
  static constexpr Core kCores[] = {
      {"0x41", "0xd03", "ARM Cortex-A53"},
      {"0x41", "0xd07", "ARM Cortex-A57"},
      {"0x41", "0xd08", "ARM Cortex-A72"},
      {"0x41", "0xd0b", "ARM Cortex-A76"},
      {"0x41", "0xd0c", "ARM Neoverse-N1"},
      {"0x41", "0xd40", "ARM Neoverse-V1"},
      {"0x41", "0xd49", "ARM Neoverse-N2"},
      {"0x41", "0xd4f", "ARM Neoverse-V2"},
      {"0x43", "0x0af", "Cavium ThunderX2"},
      {"0x46", "0x001", "Fujitsu A64FX"},
      {"0x48", "0xd01", "HiSilicon TaiShan-v110"},
      {"0x48", "0xd02", "HiSilicon TaiShan-v120"},
      {"0x61", "0x022", "Apple Icestorm-M1"},
      {"0x70", "0x663", "Phytium FTC663"},
      {"0xc0", "0xac3", "Ampere-1"},
      {"0xc0", "0xac4", "Ampere-1a"},
  };
  for (const Core& core : kCores) {
    if (core.implementer == implementer && core.part == part) return std::string(core.name);
  }
  return implementer.empty() ? "" : absl::StrCat("implementer ", implementer, " part ", part);
}

// Collects one CPU's lines after another.
class CpuInfoReader {
 public:
  void Line(absl::string_view key, absl::string_view value) {
    if (key == "processor") {
      EndCpu();
      uint32_t number = 0;
      // On ARM before Linux 3.8 `Processor` is a model and comes once.
      if (absl::SimpleAtoi(value, &number) && info_.threads < kMaxCpus) ++info_.threads;
    } else if (key == "physical id") {
      package_ = std::string(value.substr(0, kMaxValueBytes));
    } else if (key == "core id") {
      core_ = std::string(value.substr(0, kMaxValueBytes));
    } else if (key == "model name" || key == "cpu" || key == "cpu model") {
      SetModel(value);
    } else if (key == "CPU implementer") {
      implementer_ = value;
    } else if (key == "CPU part") {
      part_ = value;
    } else if (key == "CPU architecture") {
      info_.architecture = value == "8" || value == "AArch64" ? "aarch64" : "";
    } else if (key == "flags") {
      Flags(value);
    }
  }

  CpuInfo Finish() && {
    EndCpu();
    info_.sockets = static_cast<uint32_t>(packages_.size());
    info_.cores = static_cast<uint32_t>(cores_.size());
    if (info_.model.empty()) info_.model = ArmModel(implementer_, part_);
    return std::move(info_);
  }

 private:
  void SetModel(absl::string_view value) {
    if (info_.model.empty()) info_.model = ToRecordText(value, kMaxValueBytes);
  }

  void Flags(absl::string_view value) {
    if (seen_flags_) return;
    seen_flags_ = true;
    for (const absl::string_view flag : absl::StrSplit(value, ' ')) {
      if (flag == "hypervisor") info_.hypervisor = true;
      if (flag == "lm") info_.architecture = "x86_64";
    }
  }

  void EndCpu() {
    if (!package_.empty()) packages_.insert(package_);
    if (!core_.empty()) cores_.emplace(package_, core_);
    package_.clear();
    core_.clear();
  }

  CpuInfo info_;
  bool seen_flags_ = false;
  std::string package_;
  std::string core_;
  absl::string_view implementer_;
  absl::string_view part_;
  std::set<std::string> packages_;
  std::set<std::pair<std::string, std::string>> cores_;
};

}  // namespace

CpuInfo ParseCpuInfo(absl::string_view text) {
  CpuInfoReader reader;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    reader.Line(absl::StripAsciiWhitespace(line.substr(0, colon)), absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return std::move(reader).Finish();
}

uint64_t ParseMemoryTotal(absl::string_view text) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, "MemTotal:")) continue;
    line = absl::StripAsciiWhitespace(absl::StripSuffix(absl::StripAsciiWhitespace(line), "kB"));
    uint64_t kilobytes = 0;
    if (!absl::SimpleAtoi(line, &kilobytes) || kilobytes > std::numeric_limits<uint64_t>::max() / 1024) return 0;
    return kilobytes * 1024;
  }
  return 0;
}

std::string VirtualizationOfDmi(const DmiStrings& dmi) {
  struct Rule {
    absl::string_view prefix, name;
  };
  static constexpr Rule kRules[] = {
      {"KVM", "kvm"},
      {"OpenStack", "kvm"},
      {"KubeVirt", "kvm"},
      {"Amazon EC2", "amazon"},
      {"Google Compute", "google"},
      {"Alibaba Cloud", "kvm"},
      {"Tencent Cloud", "kvm"},
      {"DigitalOcean", "kvm"},
      {"QEMU", "qemu"},
      {"VMware", "vmware"},
      {"VMW", "vmware"},
      {"innotek GmbH", "oracle"},
      {"VirtualBox", "oracle"},
      {"Oracle Corporation VirtualBox", "oracle"},
      {"Xen", "xen"},
      {"HVM domU", "xen"},
      {"Bochs", "bochs"},
      {"Parallels", "parallels"},
      {"BHYVE", "bhyve"},
      {"Apple Virtualization", "apple"},
      {"Hyper-V", "microsoft"},
  };
  for (const std::string* text : {&dmi.product, &dmi.vendor, &dmi.bios_vendor}) {
    for (const Rule& rule : kRules) {
      if (absl::StartsWith(*text, rule.prefix)) return std::string(rule.name);
    }
  }
  // Microsoft makes laptops too.
  return dmi.vendor == "Microsoft Corporation" && dmi.product == "Virtual Machine" ? "microsoft" : "";
}

std::string CleanDmi(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (IsDmiFiller(text)) return "";
  return ToRecordText(text, kMaxValueBytes);
}

}  // namespace rollcall

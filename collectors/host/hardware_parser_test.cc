#include "collectors/host/hardware_parser.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

std::string X86Cpu(int number, int package, int core) {
  return absl::StrCat("processor\t: ", number, "\nmodel name\t: Intel(R) Xeon(R)\nphysical id\t: ", package,
                      "\ncore id\t\t: ", core, "\nflags\t\t: fpu lm hypervisor\n\n");
}

TEST(ParseCpuInfo, CountsX86Topology) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += X86Cpu(i, i / 4, (i / 2) % 2);  // core ids repeat in each package
  const CpuInfo cpu = ParseCpuInfo(text);
  EXPECT_EQ(cpu.model, "Intel(R) Xeon(R)");
  EXPECT_EQ(cpu.sockets, 2U);
  EXPECT_EQ(cpu.cores, 4U);
  EXPECT_EQ(cpu.threads, 8U);
  EXPECT_TRUE(cpu.hypervisor);
  EXPECT_EQ(cpu.architecture, "x86_64");
}

TEST(ParseCpuInfo, NamesArmCores) {
  const CpuInfo cpu = ParseCpuInfo(
      "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n\nprocessor\t: 1\n"
      "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n");
  EXPECT_EQ(cpu.model, "ARM Neoverse-N1");
  EXPECT_EQ(cpu.threads, 2U);
  EXPECT_EQ(cpu.sockets, 0U);
  EXPECT_EQ(cpu.architecture, "aarch64");
  EXPECT_FALSE(cpu.hypervisor);
  EXPECT_EQ(ParseCpuInfo("CPU implementer : 0x99\nCPU part : 0x001\n").model, "implementer 0x99 part 0x001");
}

TEST(ParseCpuInfo, SaysNothingOfNothing) {
  for (const absl::string_view text : {"", ":", "processor", "processor : x", "\xff\xff:\xff"}) {
    const CpuInfo cpu = ParseCpuInfo(text);
    EXPECT_EQ(cpu.threads, 0U);
    EXPECT_EQ(cpu.model, "");
  }
  EXPECT_EQ(ParseCpuInfo("model name : \xff").model, "\xEF\xBF\xBD");
  // No flag of that name, only one that contains it.
  EXPECT_FALSE(ParseCpuInfo("flags : nohypervisor xhypervisorx").hypervisor);
}

TEST(ParseMemoryTotal, ReadsKilobytes) {
  EXPECT_EQ(ParseMemoryTotal("MemFree: 1 kB\nMemTotal:        8123456 kB\n"), uint64_t{8123456} * 1024);
  EXPECT_EQ(ParseMemoryTotal("MemTotal: 4096"), 4096U * 1024);
  for (const absl::string_view bad :
       {"", "MemTotal:", "MemTotal: x kB", "MemTotal: -1 kB", "MemTotal: 18446744073709551615 kB", "XMemTotal: 5 kB"}) {
    EXPECT_EQ(ParseMemoryTotal(bad), 0U) << bad;
  }
}

TEST(VirtualizationOfDmi, KnowsHypervisors) {
  const struct {
    DmiStrings dmi;
    absl::string_view want;
  } kCases[] = {
      {{"QEMU", "Standard PC (Q35 + ICH9, 2009)", "SeaBIOS"}, "qemu"},
      {{"Red Hat", "KVM", "SeaBIOS"}, "kvm"},
      {{"VMware, Inc.", "VMware Virtual Platform", "Phoenix"}, "vmware"},
      {{"innotek GmbH", "VirtualBox", "innotek GmbH"}, "oracle"},
      {{"Microsoft Corporation", "Virtual Machine", "American Megatrends"}, "microsoft"},
      {{"Microsoft Corporation", "Surface Laptop", "Microsoft"}, ""},
      {{"Amazon EC2", "m5.large", "Amazon EC2"}, "amazon"},
      {{"Google", "Google Compute Engine", "Google"}, "google"},
      {{"Xen", "HVM domU", "Xen"}, "xen"},
      {{"Dell Inc.", "PowerEdge R740", "Dell Inc."}, ""},
      {{"", "", ""}, ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(VirtualizationOfDmi(c.dmi), c.want) << c.dmi.vendor << c.dmi.product;
}

TEST(CleanDmi, DropsWhatManyMachinesShare) {
  EXPECT_EQ(CleanDmi(" ABC123 \n"), "ABC123");
  for (const char* filler : {"", "To Be Filled By O.E.M.", "Default string", "None", "Not Specified", "0123456789",
                             "System Serial Number", "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_EQ(CleanDmi(filler), "") << filler;
  }
  EXPECT_LE(CleanDmi(std::string(10'000, 'x')).size(), 256U);
}

}  // namespace
}  // namespace rollcall

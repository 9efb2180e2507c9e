#include "collectors/resources/proc_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(ParseCpuTimes, AddsUpWhatBelongsTogether) {
  const auto times = ParseCpuTimes(
      "cpu  100 20 30 4000 50 6 7 8 90 10\ncpu0 50 10 15 2000 25 3 3 4 45 5\ncpu2 50 10 15 2000 25 3 4 4 45 5\n"
      "intr 479878 0 0\nctxt 5\nbtime 1795653749\n");
  ASSERT_TRUE(times.ok()) << times.status();
  EXPECT_EQ(*times, (CpuTimes{.user = 120, .system = 43, .iowait = 50, .steal = 8, .idle = 4000, .cpus = 2}));
}

TEST(ParseCpuTimes, OldKernelsSayLess) {
  EXPECT_EQ(*ParseCpuTimes("cpu 1 2 3 4\n"), (CpuTimes{.user = 3, .system = 3, .idle = 4}));
}

TEST(ParseLoadAverages, ReadsHundredths) {
  EXPECT_EQ(*ParseLoadAverages("2.12 1.93 110.06 3/107 11695\n"), (LoadSample{212, 193, 11006}));
}

TEST(ParseMemory, ReadsBytes) {
  const auto memory = ParseMemory(
      "MemTotal:       24683656 kB\nMemFree: 1 kB\nMemAvailable:   23869292 kB\nSwapCached: 0 kB\n"
      "SwapTotal:        2000 kB\nSwapFree:          500 kB\nHugePages_Total:       0\n");
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(*memory, (MemorySample{24683656ULL * 1024, 23869292ULL * 1024, 2000 * 1024, 1500 * 1024}));
}

TEST(ParseMemory, NamesWhatIsMissing) {
  EXPECT_THAT(std::string(ParseMemory("MemTotal: 5 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n").status().message()),
              HasSubstr("no MemAvailable"));
}

// Some kernels estimate more available than there is.
TEST(ParseMemory, NoMoreIsAvailableThanThereIs) {
  const auto memory = ParseMemory("MemTotal: 5 kB\nMemAvailable: 6 kB\nSwapTotal: 1 kB\nSwapFree: 2 kB\n");
  EXPECT_EQ(*memory, (MemorySample{5120, 5120, 1024, 0}));
}

TEST(ParsePressure, ReadsTotals) {
  EXPECT_EQ(*ParsePressure("some avg10=99.55 avg60=98.37 avg300=65.68 total=345563509\n"
                           "full avg10=0.00 avg60=0.00 avg300=0.00 total=17\n"),
            (StallTotals{345563509, 17}));
  EXPECT_EQ(*ParsePressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"), (StallTotals{5, 0}));
}

TEST(ParseUptime, ReadsHundredths) { EXPECT_EQ(*ParseUptime("660.53 171.51\n"), absl::Milliseconds(660'530)); }

// Each parser with what could be in its file after a crash, an attack or a kernel of tomorrow.
TEST(ProcFigures, BrokenTextIsRefused) {
  const std::string overlong(1 << 20, '7');
  const std::string nuls("cpu \0\0\0 1 2\n", 12);
  const struct {
    const char* what;
    std::string text;
  } kBroken[] = {
      {"empty", ""},
      {"truncated", "cpu  100 20"},
      {"truncated", "2.1"},
      {"truncated", "MemTotal:   246"},
      {"truncated", "some avg10=0.0"},
      {"overlong line", overlong},
      {"overlong line", absl::StrCat("cpu ", overlong, " 1 1 1 1 1 1 1\n")},
      {"overlong line", absl::StrCat(overlong, ".00 1.00 1.00\n")},
      {"overlong line", absl::StrCat("MemTotal: ", overlong, " kB\n")},
      {"NUL bytes", nuls},
      {"NUL bytes", std::string(4096, '\0')},
      {"invalid UTF-8", "cpu \xff\xfe 2 3 4 5\n"},
      {"invalid UTF-8", "\xc3\x28.00 1.00 1.00\n"},
      {"negative", "cpu -1 2 3 4 5\n"},
      {"negative", "-1.00 -1.00 -1.00\n"},
      {"too large", "cpu 18446744073709551615 1 1 1 1 1 1 1\n"},
      {"too large", "MemTotal: 18446744073709551615 kB\n"},
      {"too large", "some total=99999999999999999999\n"},
      {"no unit", "MemTotal: 5\nMemAvailable: 5\nSwapTotal: 5\nSwapFree: 5\n"},
      {"three decimals", "1.000 1.000 1.000\n"},
      {"another file", "MemTotl: 1 kB\nfull total=1\ncpus 1 2 3 4 5\n"},
  };
  for (const auto& [what, text] : kBroken) {
    EXPECT_FALSE(ParseCpuTimes(text).ok()) << what;
    EXPECT_FALSE(ParseLoadAverages(text).ok()) << what;
    EXPECT_FALSE(ParseMemory(text).ok()) << what;
    EXPECT_FALSE(ParsePressure(text).ok()) << what;
    if (text != "2.1") {
      EXPECT_FALSE(ParseUptime(text).ok()) << what;
    }
  }
}

}  // namespace
}  // namespace rollcall

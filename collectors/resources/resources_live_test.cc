// The collector on the test machine against df, free, uptime, ip, vmstat and the kernel's own
// counters in /sys: what is asked just before and just after must enclose what the sample says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collectors/resources/resources_collector.h"
#include "collectors/resources/snapshot_reader.h"
#include "collectors/testing/tool_output.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

// Each line's words.
std::vector<std::vector<std::string>> Table(absl::string_view text) {
  std::vector<std::vector<std::string>> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    lines.push_back(absl::StrSplit(line, ' ', absl::SkipEmpty()));
  }
  return lines;
}

uint64_t Number(const std::string& text) {
  uint64_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  return number;
}

void ExpectBetween(uint64_t value, uint64_t a, uint64_t b, const std::string& what) {
  EXPECT_GE(value, std::min(a, b)) << what;
  EXPECT_LE(value, std::max(a, b)) << what;
}

class ResourcesLive : public ::testing::Test {
 protected:
  void SetUp() override {
    auto files = HostRoot::Create("/");
    ASSERT_TRUE(files.ok()) << files.status();
    files_ = *std::move(files);
    reader_ = std::make_unique<SnapshotReader>(files_.get(), &clock_);
  }

  HostSnapshot Read() {
    RunReport report;
    const auto snapshot = reader_->Read(report);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_TRUE(report.complete());
    return snapshot.value_or(HostSnapshot());
  }

  std::string Run(std::vector<std::string> arguments) {
    const std::string name = arguments[0];
    auto output = ToolOutput(std::move(arguments));
    EXPECT_TRUE(output.ok()) << name << ": " << output.status();
    return output.value_or("");
  }

  SystemClock clock_;
  std::unique_ptr<HostRoot> files_;
  std::unique_ptr<SnapshotReader> reader_;
};

// By mount point: block figures and inode figures of df.
std::map<std::string, std::vector<uint64_t>> ParseDf(const std::string& text) {
  std::map<std::string, std::vector<uint64_t>> mounts;
  const auto lines = Table(text);
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].size() != 5) continue;
    std::vector<uint64_t>& figures = mounts[lines[i][4]];
    for (size_t column = 0; column < 4; ++column) {
      figures.push_back(lines[i][column] == "-" ? 0 : Number(lines[i][column]));
    }
  }
  return mounts;
}

// What of `snapshot` lies outside of what df said before and after it.
std::vector<std::string> OutsideOfDf(const HostSnapshot& snapshot,
                                     const std::map<std::string, std::vector<uint64_t>>& before,
                                     const std::map<std::string, std::vector<uint64_t>>& after) {
  std::vector<std::string> outside;
  for (const auto& [path, sample] : snapshot.filesystems) {
    const auto first = before.find(path);
    const auto second = after.find(path);
    if (first == before.end() || second == after.end()) {
      outside.push_back(absl::StrCat(path, ": df does not know it"));
      continue;
    }
    const uint64_t figures[] = {sample.used_bytes, sample.available_bytes, sample.inodes_total, sample.inodes_used};
    for (size_t column = 0; column < 4; ++column) {
      const auto [low, high] = std::minmax(first->second[column], second->second[column]);
      if (figures[column] >= low && figures[column] <= high) continue;
      outside.push_back(
          absl::StrCat(path, " column ", column, ": ", figures[column], " is not from ", low, " to ", high));
    }
  }
  return outside;
}

// On a disk that is written and freed meanwhile, a figure may go up and back down between two looks;
// one undisturbed moment is enough to compare.
TEST_F(ResourcesLive, FilesystemsAreAsDfSays) {
  constexpr int kAttempts = 30;
  const std::vector<std::string> df = {"df", "-B1", "--output=used,avail,itotal,iused,target", "-a"};
  std::vector<std::string> outside;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto before = ParseDf(Run(df));
    const HostSnapshot snapshot = Read();
    ASSERT_TRUE(snapshot.filesystems.count("/") > 0);
    outside = OutsideOfDf(snapshot, before, ParseDf(Run(df)));
    if (outside.empty()) break;
  }
  EXPECT_THAT(outside, ::testing::IsEmpty());
}

TEST_F(ResourcesLive, MemoryIsAsFreeSays) {
  // total used free shared buff/cache available; used is what is not available.
  const auto before = Table(Run({"free", "-b"}));
  const HostSnapshot snapshot = Read();
  const auto after = Table(Run({"free", "-b"}));
  ASSERT_TRUE(snapshot.memory.has_value());
  ASSERT_EQ(before[1].size(), 7u);
  EXPECT_EQ(snapshot.memory->total_bytes, Number(after[1][1]));
  // Memory is busy meanwhile: neighbours build and test.
  constexpr uint64_t kSlack = uint64_t{2} << 30;
  const uint64_t available[] = {Number(before[1][6]), Number(after[1][6])};
  EXPECT_LE(snapshot.memory->available_bytes, std::max(available[0], available[1]) + kSlack);
  EXPECT_GE(snapshot.memory->available_bytes + kSlack, std::min(available[0], available[1]));
  EXPECT_EQ(Number(after[1][2]), Number(after[1][1]) - Number(after[1][6])) << "free means the same by used";
  EXPECT_EQ(snapshot.memory->swap_total_bytes, Number(after[2][1]));
  ExpectBetween(snapshot.memory->swap_used_bytes, Number(before[2][2]), Number(after[2][2]), "swap used");
}

TEST_F(ResourcesLive, LoadAndUptimeAreAsUptimeSays) {
  bool compared = false;
  for (int attempt = 0; attempt < 20 && !compared; ++attempt) {
    const std::string before = Run({"uptime"});
    const HostSnapshot snapshot = Read();
    const size_t load = before.find("load");
    ASSERT_NE(load, std::string::npos) << before;
    const std::string after = Run({"uptime"});
    if (!absl::EndsWith(after, before.substr(load))) continue;  // just changed
    ASSERT_TRUE(snapshot.load.has_value());
    const auto text = [](uint64_t hundredths) {
      return absl::StrCat(hundredths / 100, ".", hundredths % 100 < 10 ? "0" : "", hundredths % 100);
    };
    EXPECT_THAT(before,
                ::testing::HasSubstr(absl::StrCat("load average: ", text(snapshot.load->one), ", ",
                                                  text(snapshot.load->five), ", ", text(snapshot.load->fifteen))));
    compared = true;
  }
  EXPECT_TRUE(compared) << "the load never stayed the same";
  const uint64_t booted = static_cast<uint64_t>(absl::ToUnixSeconds(clock_.Now() - *Read().uptime));
  absl::Time since;
  ASSERT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", std::string(absl::StripAsciiWhitespace(Run({"uptime", "-s"}))),
                              absl::LocalTimeZone(), &since, nullptr));
  EXPECT_LE(std::max<int64_t>(static_cast<int64_t>(booted) - absl::ToUnixSeconds(since),
                              absl::ToUnixSeconds(since) - static_cast<int64_t>(booted)),
            2);
}

// Counters of /sys, which drivers give another way than /proc.
std::map<std::string, uint64_t> SysCounters(const std::string& name) {
  std::map<std::string, uint64_t> counters;
  for (const char* counter : {"rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors"}) {
    std::ifstream file(absl::StrCat("/sys/class/net/", name, "/statistics/", counter));
    file >> counters[counter];
  }
  return counters;
}

TEST_F(ResourcesLive, InterfacesAreAsIpAndSysSay) {
  const auto read_ip = [this] {
    google::protobuf::ListValue links;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(Run({"ip", "-s", "-j", "link"}), &links).ok());
    return links;
  };
  const auto before = read_ip();
  const auto sys_before = SysCounters("lo");
  const HostSnapshot snapshot = Read();
  const auto sys_after = SysCounters("lo");
  const auto after = read_ip();
  size_t compared = 0;
  for (int i = 0; i < before.values_size() && i < after.values_size(); ++i) {
    const auto& link = before.values(i).struct_value().fields();
    const auto found = snapshot.interfaces.find(link.at("ifname").string_value());
    if (found == snapshot.interfaces.end()) continue;
    ++compared;
    const auto figure = [](const google::protobuf::Value& value, const char* side, const char* name) {
      const auto& stats = value.struct_value().fields().at("stats64").struct_value().fields();
      return static_cast<uint64_t>(stats.at(side).struct_value().fields().at(name).number_value());
    };
    const struct {
      InterfaceCounter counter;
      const char* side;
      const char* name;
    } kFigures[] = {{kReceivedBytes, "rx", "bytes"},  {kPacketsReceived, "rx", "packets"},
                    {kReceiveErrors, "rx", "errors"}, {kSentBytes, "tx", "bytes"},
                    {kPacketsSent, "tx", "packets"},  {kSendErrors, "tx", "errors"},
                    {kSendDrops, "tx", "dropped"}};
    for (const auto& [counter, side, name] : kFigures) {
      ExpectBetween(found->second[counter], figure(before.values(i), side, name), figure(after.values(i), side, name),
                    absl::StrCat(found->first, " ", side, " ", name));
    }
  }
  EXPECT_GT(compared, 0u);
  if (const auto lo = snapshot.interfaces.find("lo"); lo != snapshot.interfaces.end()) {
    ExpectBetween(lo->second[kReceivedBytes], sys_before.at("rx_bytes"), sys_after.at("rx_bytes"), "lo rx");
    ExpectBetween(lo->second[kPacketsSent], sys_before.at("tx_packets"), sys_after.at("tx_packets"), "lo tx");
  }
}

TEST_F(ResourcesLive, DisksAreAsVmstatSays) {
  // `vmstat -d`: name, reads merged sectors ms, writes merged sectors ms, ...
  const auto before = Table(Run({"vmstat", "-d"}));
  const HostSnapshot snapshot = Read();
  const auto after = Table(Run({"vmstat", "-d"}));
  size_t compared = 0;
  for (size_t i = 2; i < before.size() && i < after.size(); ++i) {
    const auto found = snapshot.disks.find(before[i][0]);
    if (found == snapshot.disks.end() || after[i][0] != before[i][0]) continue;
    ++compared;
    const auto between = [&](uint64_t value, size_t column) {
      ExpectBetween(value, Number(before[i][column]), Number(after[i][column]),
                    absl::StrCat(found->first, " ", column));
    };
    between(found->second[kReads], 1);
    between(found->second[kReadBytes] / 512, 3);
    between(found->second[kWrites], 5);
    between(found->second[kWrittenBytes] / 512, 7);
  }
  EXPECT_EQ(compared, snapshot.disks.size());
}

// The same ticks as vmstat adds up: user and nice, system and interrupts.
TEST_F(ResourcesLive, CpuTimesAreAsVmstatSays) {
  const auto ticks = [this](const char* what) {
    for (const auto& line : Table(Run({"vmstat", "-s"}))) {
      std::vector<std::string> words(line.begin() + 1, line.end());
      if (absl::StrJoin(words, " ") == what) return Number(line[0]);
    }
    ADD_FAILURE() << "vmstat -s has no " << what;
    return uint64_t{0};
  };
  const auto sum = [&](std::vector<const char*> names) {
    uint64_t total = 0;
    for (const char* name : names) total += ticks(name);
    return total;
  };
  const std::vector<const char*> user = {"non-nice user cpu ticks", "nice user cpu ticks"};
  const std::vector<const char*> system = {"system cpu ticks", "IRQ cpu ticks", "softirq cpu ticks"};
  const uint64_t before[] = {sum(user), sum(system), ticks("idle cpu ticks"), ticks("stolen cpu ticks")};
  const HostSnapshot snapshot = Read();
  ASSERT_TRUE(snapshot.cpu.has_value());
  ExpectBetween(snapshot.cpu->user, before[0], sum(user), "user");
  ExpectBetween(snapshot.cpu->system, before[1], sum(system), "system");
  ExpectBetween(snapshot.cpu->idle, before[2], ticks("idle cpu ticks"), "idle");
  ExpectBetween(snapshot.cpu->steal, before[3], ticks("stolen cpu ticks"), "steal");
  EXPECT_EQ(snapshot.cpu->cpus, Table(Run({"lscpu", "-p=CPU"})).size() - 4) << "after four lines of comment";
}

// A process that only computes is seen to do so.
TEST_F(ResourcesLive, WorkIsSeenAsCpuTime) {
  const HostSnapshot before = Read();
  const absl::Duration end = clock_.Monotonic() + absl::Milliseconds(500);
  volatile uint64_t sum = 0;
  while (clock_.Monotonic() < end) sum = sum + 1;
  const ResourceSample sample = SampleBetween(&before, Read());
  ASSERT_TRUE(sample.cpu.has_value());
  EXPECT_GT(sample.cpu->user + sample.cpu->system, 500u);
  EXPECT_GE(sample.duration, absl::Milliseconds(480));
  EXPECT_GT(sample.processes.value_or(0), 1u);
}

}  // namespace
}  // namespace rollcall

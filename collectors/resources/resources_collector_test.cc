#include "collectors/resources/resources_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include "absl/strings/str_cat.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"
#include "platform/testing/fixture_tree.h"
#include "proto/resource_samples.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;

class ResourcesCollectorTest : public ::testing::Test {
 protected:
  ResourcesCollectorTest() {
    SetTime(0);
    files_.SetFile("/proc/sys/kernel/random/boot_id", "1f0e6c5e-5b1d-4d0c-9d0c-0123456789ab\n");
    files_.SetFile("/proc/loadavg", "0.50 0.40 0.30 1/200 4242\n");
    files_.SetFile("/proc/meminfo", "MemTotal: 8192 kB\nMemAvailable: 4096 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    files_.SetFile("/proc/1/mountinfo",
                   "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:40 / /net rw - nfs server:/x rw\n");
    files_.SetFile("/proc/17/stat", "");
    files_.SetFile("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
    files_.SetDirectory("/net");
    SetSpace(makedev(8, 1));
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    collector_ = kResourcesCollector.create(context);
  }

  void SetSpace(uint64_t device) {
    FilesystemSpace space;
    space.total_bytes = 1000 * 4096;
    space.free_bytes = 700 * 4096;
    space.available_bytes = 600 * 4096;
    space.block_bytes = 4096;
    space.total_inodes = 100;
    space.free_inodes = 90;
    space.device = device;
    files_.SetFilesystemSpace("/", space);
  }

  // Counters of a host that works evenly, `minutes` after its boot.
  void SetTime(uint64_t minutes) {
    files_.SetFile("/proc/uptime", absl::StrCat(minutes * 60, ".00 1.00\n"));
    files_.SetFile("/proc/stat",
                   absl::StrCat("cpu ", 600 * minutes, " 0 300 ", 5100 * minutes, " 0 0 0 0\ncpu0 1 1\n"));
    files_.SetFile("/proc/diskstats", absl::StrCat("8 0 sda ", 2 * minutes + 1, " 0 ", 8 * minutes, " 0 ", minutes,
                                                   " 0 ", 16 * minutes, " 0 0 0 0\n"));
    files_.SetFile("/proc/1/net/dev", absl::StrCat("h\nh\neth0: ", 4096 * minutes + 1, " ", minutes, " 0 0 0 0 0 0 ",
                                                   8192 * minutes, " ", minutes, " 0 0 0 0 0 0\n"));
  }

  pb::RunResult Run() { return RunCollector(*collector_, kResourcesCollector, {}, clock_, StopToken(), sink_); }

  // Runs at `minutes` after boot.
  pb::RunResult RunAt(uint64_t minutes) {
    SetTime(minutes);
    clock_.Advance(absl::Minutes(1));
    return Run();
  }

  // Samples of the only record there is.
  std::vector<ResourceSample> Samples() {
    EXPECT_THAT(sink_.records(), SizeIs(1));
    const auto samples = UnpackSamples(sink_.records().at(0).resource_usage());
    EXPECT_TRUE(samples.ok()) << samples.status();
    sink_.Clear();
    return samples.value_or(std::vector<ResourceSample>());
  }

  // What one run and the flush after it say.
  ResourceSample OneSample() {
    Run();
    EXPECT_TRUE(collector_->Flush(sink_).ok());
    return Samples().at(0);
  }

  MemoryTree files_;
  FakeClock clock_;
  VectorSink sink_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(ResourcesCollectorTest, TheFirstRecordComesSoonAndTheOthersAreLong) {
  uint64_t minute = 0;
  for (size_t i = 1; i < kSamplesOfFirstRecord; ++i) {
    EXPECT_EQ(RunAt(++minute).status(), pb::RunResult::COMPLETE);
    EXPECT_THAT(sink_.records(), IsEmpty());
  }
  EXPECT_EQ(RunAt(++minute).record_count(), 1u);
  EXPECT_THAT(Samples(), SizeIs(kSamplesOfFirstRecord));
  for (size_t i = 1; i < kSamplesPerRecord; ++i) RunAt(++minute);
  EXPECT_THAT(sink_.records(), IsEmpty());
  RunAt(++minute);
  EXPECT_THAT(Samples(), SizeIs(kSamplesPerRecord));
}

TEST_F(ResourcesCollectorTest, TellsWhatAMinuteTook) {
  for (uint64_t minute = 1; minute <= kSamplesOfFirstRecord; ++minute) RunAt(minute);
  const std::vector<ResourceSample> samples = Samples();
  const ResourceSample& first = samples[0];
  EXPECT_FALSE(first.cpu.has_value());
  EXPECT_THAT(first.disks, IsEmpty());
  const ResourceSample& second = samples[1];
  EXPECT_EQ(second.at, clock_.Now() - absl::Minutes(3));
  EXPECT_EQ(second.duration, absl::Minutes(1));
  EXPECT_EQ(second.uptime, absl::Minutes(2));
  EXPECT_EQ(second.cpu, (CpuSample{1052, 0, 0, 0, 1}));
  EXPECT_EQ(second.load, (LoadSample{50, 40, 30}));
  EXPECT_EQ(second.memory, (MemorySample{8 << 20, 4 << 20, 0, 0}));
  EXPECT_EQ(second.processes, 2u);
  EXPECT_EQ(second.disks.at("sda"), (DiskSample{4096, 2, 8192, 1}));
  EXPECT_EQ(second.interfaces.at("eth0"), (InterfaceSample{4096, 8192, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(second.filesystems.at("/"), (FilesystemSample{4096, 300 * 4096, 600 * 4096, 10, 100}));
  EXPECT_EQ(second.io_pressure, (StallSample{0, 0}));
  EXPECT_FALSE(second.cpu_pressure.has_value());
}

TEST_F(ResourcesCollectorTest, ARecordIsOfOneBoot) {
  RunAt(1);
  RunAt(2);
  files_.SetFile("/proc/sys/kernel/random/boot_id", "2f0e6c5e-5b1d-4d0c-9d0c-0123456789ab\n");
  RunAt(3);
  EXPECT_THAT(Samples(), SizeIs(2));
  EXPECT_TRUE(collector_->Flush(sink_).ok());
  const std::vector<ResourceSample> samples = Samples();
  ASSERT_THAT(samples, SizeIs(1));
  EXPECT_FALSE(samples[0].cpu.has_value());
}

TEST_F(ResourcesCollectorTest, FlushGivesTheOpenRecordOnce) {
  EXPECT_TRUE(collector_->Flush(sink_).ok());
  EXPECT_THAT(sink_.records(), IsEmpty());
  RunAt(1);
  EXPECT_TRUE(collector_->Flush(sink_).ok());
  EXPECT_THAT(Samples(), SizeIs(1));
  EXPECT_TRUE(collector_->Flush(sink_).ok());
  EXPECT_THAT(sink_.records(), IsEmpty());
}

TEST_F(ResourcesCollectorTest, WhatASinkRefusesIsKept) {
  VectorSink full(0);
  for (uint64_t minute = 1; minute <= 2 * kMaxSamplesPerRecord; ++minute) {
    SetTime(minute);
    clock_.Advance(absl::Minutes(1));
    const pb::RunResult result = RunCollector(*collector_, kResourcesCollector, {}, clock_, StopToken(), full);
    EXPECT_EQ(result.status() == pb::RunResult::COMPLETE, minute < kSamplesOfFirstRecord) << minute;
    EXPECT_EQ(result.problem_count() > 1, minute > kMaxSamplesPerRecord) << "the oldest was dropped";
  }
  EXPECT_TRUE(collector_->Flush(sink_).ok());
  const std::vector<ResourceSample> samples = Samples();
  ASSERT_THAT(samples, SizeIs(kMaxSamplesPerRecord));
  EXPECT_EQ(samples.back().at, clock_.Now());
}

// A dead NFS server would hang whoever asks for the size.
TEST_F(ResourcesCollectorTest, NetworkFilesystemsAreNotTouched) {
  bool touched = false;
  files_.SetAccessHook([&touched](absl::string_view path) {
    touched |= path == "/net";
    return absl::OkStatus();
  });
  EXPECT_THAT(OneSample().filesystems, ElementsAre(Key("/")));
  EXPECT_FALSE(touched);
}

TEST_F(ResourcesCollectorTest, AnotherDeviceAtThePathIsNotThatFilesystem) {
  SetSpace(makedev(9, 9));
  EXPECT_THAT(OneSample().filesystems, IsEmpty());
}

TEST_F(ResourcesCollectorTest, MountsThatComeAndGoAreSeen) {
  EXPECT_THAT(OneSample().filesystems, SizeIs(1));
  files_.SetFile("/proc/1/mountinfo", "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n");
  EXPECT_THAT(OneSample().filesystems, IsEmpty());
  SetSpace(makedev(8, 2));
  EXPECT_THAT(OneSample().filesystems, SizeIs(1));
}

TEST_F(ResourcesCollectorTest, ContainersInterfacesAreTheirs) {
  const auto dev = [](uint64_t n) {
    return absl::StrCat("h\nh\neth0: ", n, " 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\nveth12: ", n,
                        " 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
  };
  files_.SetFile("/sys/class/net/veth12/ifindex", "7\n");
  files_.SetFile("/sys/class/net/veth12/iflink", "6\n");
  Run();
  SetTime(1);
  files_.SetFile("/proc/1/net/dev", dev(1));
  Run();
  SetTime(2);
  files_.SetFile("/proc/1/net/dev", dev(2));
  Run();
  ASSERT_TRUE(collector_->Flush(sink_).ok());
  EXPECT_THAT(Samples().at(2).interfaces, ElementsAre(Key("eth0")));
}

TEST_F(ResourcesCollectorTest, ManyDevicesAreCutAndItIsSaid) {
  std::string text = "h\nh\n";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, "eth", i, ": 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
  files_.SetFile("/proc/1/net/dev", text);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(result.degradations_size(), 1);
  EXPECT_THAT(result.degradations(0).message(), HasSubstr("of 100 there are figures of 64"));
}

TEST_F(ResourcesCollectorTest, MissingFilesAreAnswers) {
  for (const char* path : {"/proc/stat", "/proc/loadavg", "/proc/diskstats", "/proc/pressure", "/proc/uptime",
                           "/proc/1/net/dev", "/proc/1/mountinfo", "/proc/sys/kernel/random/boot_id"}) {
    files_.Unset(path);
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << path;
  }
  sink_.Clear();
  EXPECT_TRUE(OneSample().memory.has_value());
}

// A kernel with pressure information switched off has the files, and says so when they are read.
TEST_F(ResourcesCollectorTest, PressureThatIsSwitchedOffIsAbsent) {
  files_.SetError("/proc/pressure/io", absl::UnimplementedError("operation not supported"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
}

TEST_F(ResourcesCollectorTest, WithoutAProcThereIsNothing) {
  files_.Unset("/proc");
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
}

TEST_F(ResourcesCollectorTest, UnreadableFilesAreProblemsAndTheRestIsThere) {
  const char* const kPaths[] = {"/proc/stat",      "/proc/loadavg",     "/proc/meminfo",
                                "/proc/diskstats", "/proc/1/net/dev",   "/proc/1/mountinfo",
                                "/proc/uptime",    "/proc/pressure/io", "/proc/sys/kernel/random/boot_id"};
  for (const char* path : kPaths) {
    files_.SetError(path, absl::PermissionDeniedError("permission denied"));
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::PARTIAL) << path;
    ASSERT_GE(result.problems_size(), 1) << path;
    EXPECT_EQ(result.problems(0).path(), path);
    EXPECT_EQ(result.problems(0).code(), "PERMISSION_DENIED");
    EXPECT_THAT(result.problems(0).remedy(), HasSubstr("root"));
    files_.SetError(path, absl::OkStatus());
    sink_.Clear();
    ASSERT_TRUE(collector_->Flush(sink_).ok());
    ASSERT_THAT(sink_.records(), SizeIs(1));
    sink_.Clear();
  }
}

TEST_F(ResourcesCollectorTest, BrokenFilesAreProblemsAndTheRestIsThere) {
  const struct {
    const char* what;
    const char* path;
    std::string text;
  } kBroken[] = {
      {"truncated", "/proc/stat", "cpu  100"},
      {"overlong line", "/proc/diskstats", std::string(5'000, 'x')},
      {"NUL bytes", "/proc/meminfo", std::string(100, '\0')},
      {"invalid UTF-8", "/proc/loadavg", "\xff\xfe 1 2"},
      {"not a UUID", "/proc/sys/kernel/random/boot_id", "x"},
      {"no number", "/proc/uptime", "soon"},
      {"no mount", "/proc/1/mountinfo", "garbage\n"},
      {"no total", "/proc/pressure/io", "some\n"},
      {"too large", "/proc/1/net/dev", std::string((4 << 20) + 1, '\n')},
  };
  for (const auto& [what, path, text] : kBroken) {
    const std::string good = *files_.ReadFile(path, 1 << 20);
    files_.SetFile(path, text);
    const pb::RunResult result = Run();
    files_.SetFile(path, good);
    EXPECT_EQ(result.status(), pb::RunResult::PARTIAL) << what;
    ASSERT_EQ(result.problems_size(), 1) << what;
    EXPECT_EQ(result.problems(0).path(), path);
    EXPECT_FALSE(result.problems(0).message().empty());
  }
}

TEST_F(ResourcesCollectorTest, OtherThingsInTheirPlaceAreProblems) {
  FixtureTree fixture;
  fixture.SetFile("/proc/meminfo", "MemTotal: 8192 kB\nMemAvailable: 4096 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
  fixture.SetDirectory("/proc/stat");
  fixture.MakeCyclicSymlink("/proc/loadavg");
  fixture.SetFifo("/proc/uptime");
  CollectorContext context;
  context.files = &fixture.tree();
  context.clock = &clock_;
  const auto collector = kResourcesCollector.create(context);
  const pb::RunResult result = RunCollector(*collector, kResourcesCollector, {}, clock_, StopToken(), sink_);
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problem_count(), 3u);
  ASSERT_TRUE(collector->Flush(sink_).ok());
  EXPECT_TRUE(Samples().at(0).memory.has_value());
}

// A device that goes away, or a file that is rewritten, between two reads of one sample.
TEST_F(ResourcesCollectorTest, FilesMayChangeMeanwhile) {
  files_.SetAccessHook([this](absl::string_view path) {
    if (path == "/proc/diskstats") files_.SetFile("/proc/diskstats", "8 16 sdb 1 2 3 4 5 6 7 8 9 10 11\n");
    if (path == "/proc/1/mountinfo") files_.Unset("/proc/1/mountinfo");
    return absl::OkStatus();
  });
  EXPECT_EQ(RunAt(1).status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(RunAt(2).status(), pb::RunResult::COMPLETE);
  ASSERT_TRUE(collector_->Flush(sink_).ok());
  EXPECT_THAT(Samples().at(1).disks, ElementsAre(Key("sdb")));
}

TEST_F(ResourcesCollectorTest, HostileNamesStayDecodable) {
  files_.SetFile("/proc/1/mountinfo", "22 1 8:1 / /\xff\xfe rw - ext4 \xff rw\n");
  files_.SetFilesystemSpace("/\xff\xfe", FilesystemSpace{.block_bytes = 1, .device = makedev(8, 1)});
  files_.SetDirectory("/\xff\xfe");
  for (uint64_t n : {1, 2}) {
    files_.SetFile("/proc/uptime", absl::StrCat(n, ".00 0.00\n"));
    files_.SetFile("/proc/diskstats", absl::StrCat("8 0 \xc3\x28 ", n, " 2 3 4 5 6 7 8 9 10 11\n"));
    Run();
  }
  ASSERT_TRUE(collector_->Flush(sink_).ok());
  pb::Record decoded;
  EXPECT_TRUE(decoded.ParseFromString(sink_.records().at(0).SerializeAsString()));
  EXPECT_EQ(decoded.resource_usage().filesystems_size(), 1);
  EXPECT_EQ(decoded.resource_usage().disks_size(), 1);
}

TEST_F(ResourcesCollectorTest, StopsWhenTold) {
  StopSource stop;
  stop.RequestStop();
  EXPECT_EQ(RunCollector(*collector_, kResourcesCollector, {}, clock_, stop.token(), sink_).status(),
            pb::RunResult::PARTIAL);
  EXPECT_THAT(sink_.records(), IsEmpty());
}

}  // namespace
}  // namespace rollcall

#include "collectors/resources/host_snapshot.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

// A host `minutes` after its boot, which works evenly.
HostSnapshot Snapshot(int minutes) {
  const auto n = static_cast<uint64_t>(minutes);
  HostSnapshot snapshot;
  snapshot.at = absl::FromUnixSeconds(1'700'000'000) + absl::Minutes(minutes);
  snapshot.monotonic = absl::Minutes(minutes);
  snapshot.boot_id = "a";
  snapshot.uptime = absl::Minutes(minutes);
  // 2 CPUs of 6,000 ticks a minute: 10 % user, 5 % system, 1 % waiting, 0.5 % stolen.
  snapshot.cpu =
      CpuTimes{.user = 1'200 * n, .system = 600 * n, .iowait = 120 * n, .steal = 60 * n, .idle = 10'020 * n, .cpus = 2};
  snapshot.disks["vda"] = {10'000 * n, 3 * n, 4096 * n, n};
  snapshot.interfaces["eth0"] = {5'000 * n, 40 * n, 0, n, 9'000 * n, 50 * n, 0, 0};
  snapshot.io_stalls = StallTotals{600'000 * n, 60'000 * n};
  snapshot.load = LoadSample{1, 2, 3};
  snapshot.processes = 150;
  return snapshot;
}

ResourceSample Between(const HostSnapshot& before, const HostSnapshot& now) { return SampleBetween(&before, now); }

TEST(SampleBetween, TellsWhatWasDone) {
  const ResourceSample sample = Between(Snapshot(5), Snapshot(6));
  EXPECT_EQ(sample.at, Snapshot(6).at);
  EXPECT_EQ(sample.duration, absl::Minutes(1));
  EXPECT_EQ(sample.uptime, absl::Minutes(6));
  EXPECT_EQ(sample.cpu, (CpuSample{1000, 500, 100, 50, 2}));
  EXPECT_EQ(sample.load, (LoadSample{1, 2, 3}));
  EXPECT_EQ(sample.processes, 150u);
  EXPECT_EQ(sample.disks.at("vda").reads, 3u);
  EXPECT_EQ(sample.disks.at("vda").written_bytes, 4096u);
  EXPECT_EQ(sample.interfaces.at("eth0").packets_sent, 50u);
  EXPECT_EQ(sample.interfaces.at("eth0").receive_drops, 1u);
  EXPECT_EQ(sample.io_pressure, (StallSample{100, 10}));
  EXPECT_FALSE(sample.cpu_pressure.has_value());
}

TEST(SampleBetween, WithoutABeforeThereAreOnlyGauges) {
  const ResourceSample sample = SampleBetween(nullptr, Snapshot(6));
  EXPECT_EQ(sample.duration, absl::ZeroDuration());
  EXPECT_EQ(sample.processes, 150u);
  EXPECT_FALSE(sample.cpu.has_value());
  EXPECT_TRUE(sample.disks.empty());
  EXPECT_TRUE(sample.interfaces.empty());
}

TEST(SampleBetween, SumsAreExactToOneUnit) {
  uint64_t sum = 0;
  for (int i = 0; i < 100; ++i) sum += Between(Snapshot(i), Snapshot(i + 1)).disks.at("vda").read_bytes;
  EXPECT_EQ(sum, 100u * 10'000 / kSampleByteUnit * kSampleByteUnit);
}

TEST(SampleBetween, AnotherBootHasOtherCounters) {
  HostSnapshot rebooted = Snapshot(7);
  rebooted.boot_id = "b";
  EXPECT_FALSE(IsSameBoot(Snapshot(6), rebooted));
  EXPECT_FALSE(Between(Snapshot(6), rebooted).cpu.has_value());
  // Even if the boot id cannot be read.
  HostSnapshot earlier = Snapshot(2);
  EXPECT_FALSE(IsSameBoot(Snapshot(6), earlier));
  EXPECT_TRUE(Between(Snapshot(6), earlier).interfaces.empty());
}

TEST(SampleBetween, ADeviceThatWasPluggedInAgainIsUnsetOnce) {
  HostSnapshot now = Snapshot(6);
  now.disks["vda"] = {512, 1, 0, 0};
  now.interfaces["eth1"] = {1, 1, 0, 0, 1, 1, 0, 0};
  now.interfaces.erase("eth0");
  const ResourceSample sample = Between(Snapshot(5), now);
  EXPECT_TRUE(sample.disks.empty());
  EXPECT_TRUE(sample.interfaces.empty());
  EXPECT_TRUE(sample.cpu.has_value());
  HostSnapshot later = Snapshot(7);
  later.disks["vda"] = {512 + 40'960, 2, 0, 0};
  EXPECT_EQ(Between(now, later).disks.at("vda").read_bytes, 40'960u);
}

TEST(SampleBetween, TheClockMayJump) {
  HostSnapshot now = Snapshot(6);
  now.at -= absl::Hours(100);
  const ResourceSample sample = Between(Snapshot(5), now);
  EXPECT_EQ(sample.duration, absl::Minutes(1));
  EXPECT_EQ(sample.cpu, (CpuSample{1000, 500, 100, 50, 2}));
}

TEST(SampleBetween, SuspendedTimeCounts) {
  HostSnapshot now = Snapshot(6);
  *now.uptime += absl::Hours(9);  // and the agent's clock stood still
  const ResourceSample sample = Between(Snapshot(5), now);
  EXPECT_EQ(sample.duration, absl::Hours(9) + absl::Minutes(1));
  EXPECT_EQ(sample.cpu->user, 1000u);
  EXPECT_EQ(sample.io_pressure, (StallSample{0, 0}));
}

TEST(SampleBetween, WithoutAnUptimeTheAgentsClockServes) {
  HostSnapshot now = Snapshot(6);
  now.uptime.reset();
  EXPECT_EQ(Between(Snapshot(5), now).duration, absl::Minutes(1));
  EXPECT_TRUE(Between(Snapshot(5), now).cpu.has_value());
}

TEST(SampleBetween, NoTimeMakesNoRates) {
  const ResourceSample sample = Between(Snapshot(5), Snapshot(5));
  EXPECT_FALSE(sample.cpu.has_value());
  EXPECT_FALSE(sample.io_pressure.has_value());
  EXPECT_TRUE(sample.disks.empty());
}

TEST(SampleBetween, IdleMayGoBackALittleAndTheOthersMayNot) {
  HostSnapshot now = Snapshot(6);
  now.cpu->iowait = Snapshot(5).cpu->iowait - 3;
  EXPECT_EQ(Between(Snapshot(5), now).cpu->iowait, 0u);
  now.cpu->user = 0;
  EXPECT_FALSE(Between(Snapshot(5), now).cpu.has_value());
}

TEST(SampleBetween, PressureIsNoMoreThanAllOfTheTime) {
  HostSnapshot now = Snapshot(6);
  now.io_stalls->some += 3'600'000'000;
  EXPECT_EQ(Between(Snapshot(5), now).io_pressure->some, 10'000u);
  now.io_stalls->full = 0;
  EXPECT_FALSE(Between(Snapshot(5), now).io_pressure.has_value());
}

}  // namespace
}  // namespace rollcall

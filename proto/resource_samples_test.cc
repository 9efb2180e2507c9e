#include "proto/resource_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// A sample `minutes` after the start of which everything is known.
ResourceSample FullSample(int minutes) {
  const auto n = static_cast<uint64_t>(minutes);
  ResourceSample sample;
  sample.at = kStart + absl::Minutes(minutes);
  sample.duration = absl::Minutes(1);
  sample.uptime = absl::Hours(5) + absl::Minutes(minutes);
  sample.cpu = {static_cast<uint32_t>(1234 + minutes), 200, 30, 4, 8};
  sample.load = {150 + n, 120, 90 - n % 7};
  sample.memory = {16ULL << 30, (8ULL << 30) - 4096 * 1000 * n, 1u << 30, 4096 * n};
  sample.processes = 300 + n % 5;
  sample.filesystems["/"] = {4096, 4096 * (1000 + n), 4096 * (9000 - n), 50 + n, 1000};
  sample.filesystems["/boot"] = {1024, 1024 * 300, 1024 * 700, 9, 100};
  sample.disks["vda"] = {4096 * n, n, 8192, 2};
  sample.interfaces["eth0"] = {4096 * 500, 4096 * n, 700, 100 + n, 0, 0, 1, 0};
  sample.interfaces["lo"] = {8192, 8192, 10, 10, 0, 0, 0, 0};
  sample.cpu_pressure = {55, 0};
  sample.memory_pressure = {0, 0};
  sample.io_pressure = {static_cast<uint32_t>(minutes), 3};
  return sample;
}

std::vector<ResourceSample> FullSamples(int count) {
  std::vector<ResourceSample> samples;
  for (int i = 0; i < count; ++i) samples.push_back(FullSample(i));
  return samples;
}

TEST(ResourceSamples, AllFiguresComeBack) {
  for (const int count : {1, 2, 15, 64}) {
    const std::vector<ResourceSample> samples = FullSamples(count);
    const auto unpacked = UnpackSamples(PackSamples(samples));
    ASSERT_TRUE(unpacked.ok()) << unpacked.status();
    EXPECT_EQ(*unpacked, samples) << count;
  }
}

TEST(ResourceSamples, SurvivesTheWire) {
  const std::vector<ResourceSample> samples = FullSamples(15);
  pb::ResourceUsage decoded;
  ASSERT_TRUE(decoded.ParseFromString(PackSamples(samples).SerializeAsString()));
  EXPECT_EQ(*UnpackSamples(decoded), samples);
}

TEST(ResourceSamples, WhatIsUnsetComesBackUnset) {
  std::vector<ResourceSample> samples = FullSamples(6);
  samples[0].cpu.reset();
  samples[1].load.reset();
  samples[2].memory.reset();
  samples[3].processes.reset();
  samples[4].filesystems.erase("/");
  samples[5].disks.clear();
  samples[0].interfaces.erase("eth0");
  samples[1].io_pressure.reset();
  for (ResourceSample& sample : samples) sample.cpu_pressure.reset();
  const pb::ResourceUsage usage = PackSamples(samples);
  EXPECT_EQ(*UnpackSamples(usage), samples);
  EXPECT_FALSE(usage.has_cpu_pressure());
}

TEST(ResourceSamples, ASampleMayKnowNothing) {
  const std::vector<ResourceSample> samples(3, ResourceSample{.at = kStart});
  EXPECT_EQ(*UnpackSamples(PackSamples(samples)), samples);
}

TEST(ResourceSamples, LargestFiguresComeBack) {
  std::vector<ResourceSample> samples = FullSamples(3);
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  samples[1].load = {kMost, 0, kMost};
  samples[1].memory = {kMost / 4096 * 4096, 0, 0, kMost / 4096 * 4096};
  samples[1].disks["vda"] = {kMost / 4096 * 4096, kMost, 0, 1};
  samples[2].processes = kMost;
  EXPECT_EQ(*UnpackSamples(PackSamples(samples)), samples);
}

// The scheduler is a little late now and then; what is cut off of a time is not lost.
TEST(ResourceSamples, TimesKeepToATenthOfASecond) {
  std::vector<ResourceSample> samples = FullSamples(60);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].at = kStart + i * absl::Milliseconds(60'070);
    samples[i].duration = absl::Milliseconds(60'070);
  }
  const auto unpacked = UnpackSamples(PackSamples(samples));
  ASSERT_TRUE(unpacked.ok());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_LE(absl::AbsDuration((*unpacked)[i].at - samples[i].at), kSampleTimeUnit) << i;
    EXPECT_LE(absl::AbsDuration((*unpacked)[i].duration - samples[i].duration), kSampleTimeUnit) << i;
  }
}

TEST(ResourceSamples, AClockThatJumpsDoesNotChangeDurations) {
  std::vector<ResourceSample> samples = FullSamples(4);
  samples[1].at = kStart - absl::Hours(24 * 365);
  samples[2].at = kStart + absl::Hours(7);
  EXPECT_EQ(*UnpackSamples(PackSamples(samples)), samples);
}

TEST(ResourceSamples, ASuspendedHostHasALongSample) {
  std::vector<ResourceSample> samples = FullSamples(3);
  samples[1].duration = absl::Hours(9);
  samples[1].at += absl::Hours(9) - absl::Minutes(1);
  samples[2].at = samples[1].at + absl::Minutes(1);
  for (size_t i : {1u, 2u}) samples[i].uptime = *samples[i - 1].uptime + samples[i].duration;
  EXPECT_EQ(*UnpackSamples(PackSamples(samples)), samples);
}

TEST(ResourceSamples, SummarizesForTables) {
  std::vector<ResourceSample> samples = FullSamples(2);
  samples[0].cpu = {1000, 500, 9000, 100, 2};
  samples[1].cpu.reset();
  const pb::ResourceUsage usage = PackSamples(samples);
  EXPECT_EQ(usage.cpu_mean_basis_points(), 1600u);
  EXPECT_EQ(usage.memory_available_min_bytes(), (8ULL << 30) - 4096 * 1000);
  EXPECT_FALSE(PackSamples({ResourceSample()}).has_cpu_mean_basis_points());
}

TEST(ResourceSamples, ColumnsOfZerosTakeNoSpace) {
  const pb::ResourceUsage usage = PackSamples(FullSamples(15));
  EXPECT_THAT(usage.longer(), IsEmpty());
  EXPECT_THAT(usage.clock_moved(), IsEmpty());
  EXPECT_THAT(usage.interfaces(1).sent_more(), IsEmpty());
  EXPECT_THAT(usage.filesystems(1).used(), ElementsAre(300));
}

TEST(UnpackSamples, RefusesWhatNoHostSends) {
  const struct {
    const char* what;
    std::function<void(pb::ResourceUsage&)> spoil;
  } kCases[] = {
      {"there are none", [](auto& usage) { usage.clear_sample_count(); }},
      {"there are too many", [](auto& usage) { usage.set_sample_count(65); }},
      {"there are too many", [](auto& usage) { usage.set_sample_count(4'000'000'000); }},
      {"more times than samples", [](auto& usage) { usage.mutable_longer()->Resize(16, 1); }},
      {"a duration is negative", [](auto& usage) { usage.add_longer(-601); }},
      {"a time is out of range", [](auto& usage) { usage.add_longer(std::numeric_limits<int64_t>::min()); }},
      {"a time is out of range", [](auto& usage) { usage.add_clock_moved(std::numeric_limits<int64_t>::max()); }},
      {"first sample's time", [](auto& usage) { usage.set_first_sample_unix_ms(std::numeric_limits<int64_t>::min()); }},
      {"uptime is out of range", [](auto& usage) { usage.set_uptime(std::numeric_limits<uint64_t>::max()); }},
      {"system than samples", [](auto& usage) { usage.mutable_cpu()->mutable_user()->Resize(1000, 1); }},
      {"filesystem than samples",
       [](auto& usage) { usage.mutable_filesystems(0)->mutable_inodes_used()->Resize(17, 1); }},
      {"more of a filesystem is used", [](auto& usage) { usage.mutable_filesystems(0)->set_used(0, 1 << 30); }},
      {"filesystem is there twice", [](auto& usage) { *usage.add_filesystems() = usage.filesystems(0); }},
      {"filesystem is there twice",
       [](auto& usage) {
         // No sample knows both.
         *usage.add_filesystems() = usage.filesystems(0);
         usage.mutable_filesystems(0)->set_unset(1);
         usage.mutable_filesystems(usage.filesystems_size() - 1)->set_unset(~uint64_t{1});
       }},
      {"disk is there twice", [](auto& usage) { *usage.add_disks() = usage.disks(0); }},
      {"disk than samples", [](auto& usage) { usage.mutable_disks(0)->mutable_writes()->Resize(99, 1); }},
      {"interface is there twice", [](auto& usage) { *usage.add_interfaces() = usage.interfaces(0); }},
      {"sent less than nothing", [](auto& usage) { usage.mutable_interfaces(0)->set_sent_more(0, -10'000); }},
      {"sent less than nothing, or too much",
       [](auto& usage) {
         // The sum wraps to 4, and is not less than what was received because of it.
         usage.mutable_interfaces(0)->set_packets_received(0, std::numeric_limits<uint64_t>::max());
         usage.mutable_interfaces(0)->set_packets_sent_more(0, 5);
       }},
      {"interface moved too much", [](auto& usage) { usage.mutable_interfaces(0)->set_received(0, 1ULL << 52); }},
      {"disk moved too much", [](auto& usage) { usage.mutable_disks(0)->set_written(0, 1ULL << 52); }},
      {"too many CPUs", [](auto& usage) { usage.mutable_cpu()->set_cpus(0, 1LL << 32); }},
      {"too much memory", [](auto& usage) { usage.mutable_memory()->set_available(0, 1LL << 52); }},
      {"too much memory", [](auto& usage) { usage.mutable_memory()->set_swap_used(0, -1); }},
      {"filesystem is too large", [](auto& usage) { usage.mutable_filesystems(0)->set_usable(0, 1LL << 53); }},
      {"filesystem is too large",
       [](auto& usage) {
         usage.mutable_filesystems(0)->set_used(0, 1LL << 52);
         usage.mutable_filesystems(0)->set_usable(0, 1LL << 52);
       }},
      {"blocks have no size", [](auto& usage) { usage.mutable_filesystems(0)->set_block_bytes(0); }},
      {"a time is out of range", [](auto& usage) { usage.add_longer((int64_t{1} << 40) - 1); }},
      {"pressure than samples", [](auto& usage) { usage.mutable_io_pressure()->mutable_some()->Resize(16, 1); }},
      {"too many series",
       [](auto& usage) {
         for (size_t i = 0; i < kMaxSeriesPerRecord; ++i) usage.add_disks()->set_device(absl::StrCat(i));
       }},
  };
  const pb::ResourceUsage good = PackSamples(FullSamples(15));
  for (const auto& c : kCases) {
    pb::ResourceUsage bad = good;
    c.spoil(bad);
    const auto samples = UnpackSamples(bad);
    EXPECT_EQ(samples.status().code(), absl::StatusCode::kInvalidArgument) << c.what;
    EXPECT_THAT(std::string(samples.status().message()), HasSubstr(c.what));
  }
}

// --- What a day costs ---------------------------------------------------------------------

// A small server whose figures are as uneven as real ones: log-normal rates around a level that
// follows the day. `activity` 1 is, at its mean, 3 % user time, 55 packets a second, and 50 and 25
// writes a minute on two disks.
class NoisyHost {
 public:
  explicit NoisyHost(double activity) : activity_(activity) {}

  ResourceSample Next() {
    const double level = activity_ * (0.35 + 0.65 * std::max(0.0, std::sin((minute_ / 1440.0 - 0.25) * 2 * M_PI)));
    ResourceSample sample;
    uptime_ += absl::Milliseconds(60'000 + Uniform(0, 4) * (Uniform(0, 9) == 0 ? 50 : 1));
    sample.uptime = uptime_;
    sample.at = kStart + uptime_ + absl::Milliseconds(Uniform(0, 1));
    sample.duration = minute_ == 0 ? absl::ZeroDuration() : uptime_ - before_;
    before_ = uptime_;
    FillSystem(level, &sample);
    FillStorage(level, &sample);
    FillNetwork(level, &sample);
    ++minute_;
    return sample;
  }

 private:
  uint64_t Around(double median, double spread) {
    return static_cast<uint64_t>(median * std::exp(std::normal_distribution<double>(0, spread)(random_)));
  }
  int Uniform(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void FillSystem(double level, ResourceSample* sample) {
    const auto share = [this](double median, double spread) {
      return static_cast<uint32_t>(std::min<uint64_t>(Around(median, spread), 9'000));
    };
    sample->cpu = {share(500 * level, 0.35), share(150 * level, 0.3), share(10 * level, 0.8),
                   Uniform(0, 4) == 0 ? static_cast<uint32_t>(Uniform(1, 4)) : 0, 4};
    const double running = std::max(0.0, 0.5 * level + std::normal_distribution<double>(0, 0.25)(random_));
    const double minutes[] = {1, 5, 15};
    for (int i = 0; i < 3; ++i) load_[i] += (running - load_[i]) * (1 - std::exp(-1 / minutes[i]));
    const auto hundredths = [this](int i) { return static_cast<uint64_t>(load_[i] * 100); };
    sample->load = {hundredths(0), hundredths(1), hundredths(2)};
    available_ = std::clamp(available_ + std::normal_distribution<double>(0, 5e6)(random_), 2e9, 12e9);
    sample->memory = {16ULL << 30, static_cast<uint64_t>(available_), 2ULL << 30, 18ULL << 20};
    processes_ = std::clamp(processes_ + Uniform(-3, 3), 150, 250);
    sample->processes = static_cast<uint64_t>(processes_);
    sample->cpu_pressure = {share(60 * level, 0.5), 0};
    sample->memory_pressure = {0, 0};
    sample->io_pressure = {share(15 * level, 0.8), share(12 * level, 0.8)};
  }

  void FillStorage(double level, ResourceSample* sample) {
    const struct {
      const char* path;
      double growth;
      uint64_t size;
    } kFilesystems[] = {{"/", 20, 40ULL << 30}, {"/boot", 0, 1ULL << 30}, {"/var/lib/mysql", 60, 200ULL << 30}};
    for (int i = 0; i < 3; ++i) {
      const auto& [path, growth, size] = kFilesystems[i];
      if (growth > 0) {
        used_[i] += 4096 * Around(growth * level, 0.7);
        if (Uniform(0, 19) == 0) used_[i] -= 4096 * static_cast<uint64_t>(Uniform(0, 500));
        inodes_[i] += static_cast<uint64_t>(Uniform(0, 4)) - 2;
      }
      sample->filesystems[path] = {4096, used_[i], size * 95 / 100 / 4096 * 4096 - used_[i], inodes_[i], size >> 14};
    }
    for (const auto& [name, share] : {std::pair("vda", 1.0), std::pair("vdb", 0.5)}) {
      const uint64_t writes = Around(90 * share * level, 0.4);
      const uint64_t reads = Uniform(0, 9) < 6 ? 0 : Around(6, 0.8);
      sample->disks[name] = {reads * 512 * Around(24, 0.4), reads, writes * 512 * Around(20, 0.2), writes};
    }
  }

  void FillNetwork(double level, ResourceSample* sample) {
    const uint64_t in = Around(6'000 * level, 0.35);
    const uint64_t out = in * static_cast<uint64_t>(Uniform(80, 110)) / 100;
    sample->interfaces["eth0"] = {in * Around(300, 0.1), out * Around(900, 0.15), in, out, 0, 0, 0, 0};
    const uint64_t local = Around(800 * level, 0.4);
    const uint64_t bytes = local * Around(400, 0.2);
    sample->interfaces["lo"] = {bytes, bytes, local, local, 0, 0, 0, 0};
  }

  const double activity_;
  std::mt19937_64 random_{1};
  int minute_ = 0;
  absl::Duration uptime_ = absl::Hours(20);
  absl::Duration before_;
  double load_[3] = {0.3, 0.3, 0.3};
  double available_ = 6e9;
  int processes_ = 180;
  uint64_t used_[3] = {9ULL << 30, 120ULL << 20, 30ULL << 30};
  uint64_t inodes_[3] = {200'000, 350, 4'000};
};

size_t CompressedBodySize(const pb::ResourceUsage& usage, absl::Time collected_at) {
  pb::BatchBody body;
  pb::Record* record = body.add_records();
  record->mutable_scope()->set_type(pb::Scope::HOST);
  record->mutable_collected_at()->set_seconds(absl::ToUnixSeconds(collected_at));
  record->mutable_collected_at()->set_nanos(123'456'789);
  *record->mutable_resource_usage() = usage;
  record->mutable_resource_usage()->set_host_id("3f1c9a7be2d84f06915dc0a8e7b26413");
  const std::string bytes = body.SerializeAsString();
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  return ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), 3);
}

size_t BytesOfADay(double activity) {
  NoisyHost host(activity);
  size_t bytes = 0;
  for (size_t record = 0; record < 1440 / kSamplesPerRecord; ++record) {
    std::vector<ResourceSample> samples;
    for (size_t i = 0; i < kSamplesPerRecord; ++i) samples.push_back(host.Next());
    bytes += CompressedBodySize(PackSamples(samples), samples.back().at);
  }
  return bytes;
}

TEST(ResourceSamples, ADayOfAnOrdinaryHostIsSmall) {
  for (const double activity : {0.2, 1.0, 5.0}) {
    std::cout << "activity " << activity << ": " << BytesOfADay(activity) << " bytes a day\n";
  }
  EXPECT_LE(BytesOfADay(1.0), 60'000u);
}

}  // namespace
}  // namespace rollcall

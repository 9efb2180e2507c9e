#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/resource_samples.h"

namespace rollcall {
namespace {

absl::Status Invalid(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("unpack samples: ", what));
}

bool IsSet(uint64_t unset_mask, size_t sample) { return (unset_mask >> sample & 1) == 0; }

// The most units whose bytes can be counted.
constexpr uint64_t kMostUnits = std::numeric_limits<uint64_t>::max() / kSampleByteUnit;

// Makes units bytes; false if there are too many, and some are made already.
bool UnitsToBytes(std::vector<uint64_t>* values) {
  for (uint64_t& value : *values) {
    if (value > kMostUnits) return false;
    value *= kSampleByteUnit;
  }
  return true;
}

// `base` and `more`, which is negative if its top bit is set. Unset if the sum is, or has no room in 63 bits.
std::optional<uint64_t> Sum(uint64_t base, uint64_t more) {
  const auto negative = [](uint64_t value) { return static_cast<int64_t>(value) < 0; };
  const uint64_t sum = base + more;
  const bool wrapped = negative(more) ? sum > base : sum < base;
  if (wrapped || negative(sum)) return std::nullopt;
  return sum;
}

// Reads the columns of one message; after the first error everything is 0.
class ColumnReader {
 public:
  explicit ColumnReader(size_t samples) : samples_(samples) {}

  template <typename Column>
  std::vector<uint64_t> Values(const Column& column) {
    std::vector<uint64_t> values(samples_, 0);
    if (!Fits(column.size())) return values;
    for (int i = 0; i < column.size(); ++i) values[static_cast<size_t>(i)] = static_cast<uint64_t>(column.Get(i));
    return values;
  }

  std::vector<uint64_t> Steps(const google::protobuf::RepeatedField<int64_t>& column) {
    std::vector<uint64_t> values(samples_, 0);
    if (!Fits(column.size())) return values;
    uint64_t value = 0;
    for (size_t i = 0; i < samples_; ++i) {
      if (i < static_cast<size_t>(column.size())) value += static_cast<uint64_t>(column.Get(static_cast<int>(i)));
      values[i] = value;
    }
    return values;
  }

  bool ok() const { return ok_; }

 private:
  bool Fits(int size) {
    if (static_cast<size_t>(size) > samples_) ok_ = false;
    return ok_;
  }

  const size_t samples_;
  bool ok_ = true;
};

using Samples = std::vector<ResourceSample>;

// Tenths of a second that no honest host comes to: three thousand years. Sums of so few of them
// cannot overflow.
constexpr int64_t kEndless = int64_t{1} << 40;

bool IsTime(int64_t tenths) { return tenths > -kEndless && tenths < kEndless; }

absl::Duration Tenths(int64_t count) { return kSampleTimeUnit * count; }

absl::Status UnpackTimes(const pb::ResourceUsage& usage, Samples* samples) {
  ColumnReader reader(samples->size());
  const std::vector<uint64_t> longer = reader.Values(usage.longer());
  const std::vector<uint64_t> moved = reader.Values(usage.clock_moved());
  if (!reader.ok()) return Invalid("more times than samples");
  if (!IsTime(usage.first_sample_unix_ms() / 100)) return Invalid("the first sample's time is out of range");
  if (usage.uptime() >= uint64_t{kEndless}) return Invalid("the uptime is out of range");
  absl::Time at = absl::FromUnixMillis(usage.first_sample_unix_ms());
  absl::Duration uptime = Tenths(static_cast<int64_t>(usage.uptime()));
  for (size_t i = 0; i < samples->size(); ++i) {
    ResourceSample& sample = (*samples)[i];
    const auto more = static_cast<int64_t>(longer[i]);
    const auto step = static_cast<int64_t>(moved[i]);
    if (!IsTime(more) || !IsTime(step)) return Invalid("a time is out of range");
    sample.duration = Tenths(usage.usual_duration()) + Tenths(more);
    if (sample.duration < absl::ZeroDuration()) return Invalid("a duration is negative");
    if (sample.duration >= Tenths(kEndless)) return Invalid("a time is out of range");
    if (i > 0) {
      at += sample.duration + Tenths(step);
      uptime += sample.duration;
    }
    sample.at = at;
    if (usage.has_uptime()) sample.uptime = uptime;
  }
  return absl::OkStatus();
}

absl::Status UnpackSystem(const pb::ResourceUsage& usage, Samples* samples) {
  ColumnReader reader(samples->size());
  const auto user = reader.Values(usage.cpu().user()), system = reader.Values(usage.cpu().kernel()),
             iowait = reader.Values(usage.cpu().iowait()), steal = reader.Values(usage.cpu().steal()),
             cpus = reader.Steps(usage.cpu().cpus());
  const auto one = reader.Steps(usage.load().one()), five = reader.Steps(usage.load().five()),
             fifteen = reader.Steps(usage.load().fifteen());
  auto total = reader.Steps(usage.memory().total()), available = reader.Steps(usage.memory().available()),
       swap_total = reader.Steps(usage.memory().swap_total()), swap_used = reader.Steps(usage.memory().swap_used());
  const auto processes = reader.Steps(usage.processes().processes());
  if (!reader.ok()) return Invalid("more figures of the system than samples");
  for (auto* bytes : {&total, &available, &swap_total, &swap_used}) {
    if (!UnitsToBytes(bytes)) return Invalid("there is too much memory");
  }
  const auto narrow = [](uint64_t value) { return static_cast<uint32_t>(value); };
  for (size_t i = 0; i < samples->size(); ++i) {
    ResourceSample& sample = (*samples)[i];
    if (usage.has_cpu() && IsSet(usage.cpu().unset(), i)) {
      if (narrow(cpus[i]) != cpus[i]) return Invalid("there are too many CPUs");
      sample.cpu = {narrow(user[i]), narrow(system[i]), narrow(iowait[i]), narrow(steal[i]), narrow(cpus[i])};
    }
    if (usage.has_load() && IsSet(usage.load().unset(), i)) sample.load = {one[i], five[i], fifteen[i]};
    if (usage.has_memory() && IsSet(usage.memory().unset(), i)) {
      sample.memory = {total[i], available[i], swap_total[i], swap_used[i]};
    }
    if (usage.has_processes() && IsSet(usage.processes().unset(), i)) sample.processes = processes[i];
  }
  return absl::OkStatus();
}

absl::Status UnpackFilesystem(const pb::FilesystemUse& filesystem, Samples* samples) {
  ColumnReader reader(samples->size());
  const auto used = reader.Steps(filesystem.used()), usable = reader.Steps(filesystem.usable()),
             inodes_used = reader.Steps(filesystem.inodes_used()),
             inodes_total = reader.Steps(filesystem.inodes_total());
  if (!reader.ok()) return Invalid("more figures of a filesystem than samples");
  const uint64_t block = filesystem.block_bytes();
  if (block == 0) return Invalid("a filesystem's blocks have no size");
  const uint64_t most = std::numeric_limits<uint64_t>::max() / block;
  for (size_t i = 0; i < samples->size(); ++i) {
    if (!IsSet(filesystem.unset(), i)) continue;
    if (usable[i] < used[i]) return Invalid("more of a filesystem is used than there is");
    if (used[i] > most || usable[i] - used[i] > most) return Invalid("a filesystem is too large");
    const FilesystemSample figures = {filesystem.block_bytes(), used[i] * block, (usable[i] - used[i]) * block,
                                      inodes_used[i], inodes_total[i]};
    (*samples)[i].filesystems.emplace(filesystem.mount_path(), figures);
  }
  return absl::OkStatus();
}

absl::Status UnpackDisk(const pb::DiskUse& disk, Samples* samples) {
  ColumnReader reader(samples->size());
  auto read = reader.Values(disk.read()), written = reader.Values(disk.written());
  const auto reads = reader.Values(disk.reads()), writes = reader.Values(disk.writes());
  if (!reader.ok()) return Invalid("more figures of a disk than samples");
  for (auto* bytes : {&read, &written}) {
    if (!UnitsToBytes(bytes)) return Invalid("a disk moved too much");
  }
  for (size_t i = 0; i < samples->size(); ++i) {
    if (!IsSet(disk.unset(), i)) continue;
    const DiskSample figures = {read[i], reads[i], written[i], writes[i]};
    (*samples)[i].disks.emplace(disk.device(), figures);
  }
  return absl::OkStatus();
}

absl::Status UnpackInterface(const pb::InterfaceUse& interface, Samples* samples) {
  ColumnReader reader(samples->size());
  const auto received = reader.Values(interface.received()), sent_more = reader.Values(interface.sent_more());
  const auto packets = reader.Values(interface.packets_received()),
             packets_more = reader.Values(interface.packets_sent_more());
  const auto receive_errors = reader.Values(interface.receive_errors()),
             send_errors = reader.Values(interface.send_errors()),
             receive_drops = reader.Values(interface.receive_drops()),
             send_drops = reader.Values(interface.send_drops());
  if (!reader.ok()) return Invalid("more figures of an interface than samples");
  for (size_t i = 0; i < samples->size(); ++i) {
    if (!IsSet(interface.unset(), i)) continue;
    const std::optional<uint64_t> sent = Sum(received[i], sent_more[i]);
    const std::optional<uint64_t> packets_sent = Sum(packets[i], packets_more[i]);
    if (!sent.has_value() || !packets_sent.has_value()) {
      return Invalid("an interface sent less than nothing, or too much");
    }
    if (std::max(received[i], *sent) > kMostUnits) return Invalid("an interface moved too much");
    const InterfaceSample figures = {received[i] * kSampleByteUnit,
                                     *sent * kSampleByteUnit,
                                     packets[i],
                                     *packets_sent,
                                     receive_errors[i],
                                     send_errors[i],
                                     receive_drops[i],
                                     send_drops[i]};
    (*samples)[i].interfaces.emplace(interface.name(), figures);
  }
  return absl::OkStatus();
}

absl::Status UnpackStall(bool present, const pb::Stall& stall, std::optional<StallSample> ResourceSample::*member,
                         Samples* samples) {
  if (!present) return absl::OkStatus();
  ColumnReader reader(samples->size());
  const auto some = reader.Values(stall.some()), full = reader.Values(stall.full());
  if (!reader.ok()) return Invalid("more figures of pressure than samples");
  for (size_t i = 0; i < samples->size(); ++i) {
    if (!IsSet(stall.unset(), i)) continue;
    (*samples)[i].*member = StallSample{static_cast<uint32_t>(some[i]), static_cast<uint32_t>(full[i])};
  }
  return absl::OkStatus();
}

// Applies `unpack` to each of `series`, whose names differ; `twice` is said of one that does not.
template <typename Series, typename Name, typename Unpack>
absl::Status UnpackEach(const Series& series, Name name, absl::string_view twice, Unpack unpack, Samples* samples) {
  if (static_cast<size_t>(series.size()) > kMaxSeriesPerRecord) return Invalid("too many series");
  std::set<absl::string_view> names;
  for (const auto& one : series) {
    // Even if each knows other samples: their blocks may differ.
    if (!names.insert((one.*name)()).second) return Invalid(twice);
    if (absl::Status status = unpack(one, samples); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ResourceSample>> UnpackSamples(const pb::ResourceUsage& usage) {
  if (usage.sample_count() == 0) return Invalid("there are none");
  if (usage.sample_count() > kMaxSamplesPerRecord) return Invalid("there are too many");
  Samples samples(usage.sample_count());
  using Sample = ResourceSample;
  absl::Status status = UnpackTimes(usage, &samples);
  status.Update(UnpackSystem(usage, &samples));
  status.Update(UnpackEach(usage.filesystems(), &pb::FilesystemUse::mount_path, "a filesystem is there twice",
                           UnpackFilesystem, &samples));
  status.Update(UnpackEach(usage.disks(), &pb::DiskUse::device, "a disk is there twice", UnpackDisk, &samples));
  status.Update(UnpackEach(usage.interfaces(), &pb::InterfaceUse::name, "an interface is there twice", UnpackInterface,
                           &samples));
  status.Update(UnpackStall(usage.has_cpu_pressure(), usage.cpu_pressure(), &Sample::cpu_pressure, &samples));
  status.Update(UnpackStall(usage.has_memory_pressure(), usage.memory_pressure(), &Sample::memory_pressure, &samples));
  status.Update(UnpackStall(usage.has_io_pressure(), usage.io_pressure(), &Sample::io_pressure, &samples));
  if (!status.ok()) return status;
  return samples;
}

}  // namespace rollcall

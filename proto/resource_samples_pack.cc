#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "proto/resource_samples.h"

namespace rollcall {
namespace {

// One element per sample; nullptr where it does not know.
template <typename Figures>
using Known = std::vector<const Figures*>;

template <typename Figures>
uint64_t UnsetMask(const Known<Figures>& known) {
  uint64_t mask = 0;
  for (size_t i = 0; i < known.size(); ++i) mask |= uint64_t{known[i] == nullptr} << i;
  return mask;
}

template <typename Column>
void DropZerosAtEnd(Column* column) {
  while (!column->empty() && column->Get(column->size() - 1) == 0) column->RemoveLast();
}

template <typename Figures, typename Get, typename Column>
void PackValues(const Known<Figures>& known, Get get, Column* column) {
  for (const Figures* figures : known) column->Add(figures == nullptr ? 0 : get(*figures));
  DropZerosAtEnd(column);
}

// Differences are taken modulo 2^64, as UnpackSteps adds them up.
template <typename Figures, typename Get>
void PackSteps(const Known<Figures>& known, Get get, google::protobuf::RepeatedField<int64_t>* column) {
  uint64_t before = 0;
  for (const Figures* figures : known) {
    const uint64_t value = figures == nullptr ? before : get(*figures);
    column->Add(static_cast<int64_t>(value - before));
    before = value;
  }
  DropZerosAtEnd(column);
}

template <typename Figures>
Known<Figures> KnownFigures(absl::Span<const ResourceSample> samples, std::optional<Figures> ResourceSample::*member) {
  Known<Figures> known;
  for (const ResourceSample& sample : samples) {
    known.push_back((sample.*member).has_value() ? &*(sample.*member) : nullptr);
  }
  return known;
}

template <typename Figures>
bool NoneKnown(const Known<Figures>& known) {
  return std::all_of(known.begin(), known.end(), [](const Figures* figures) { return figures == nullptr; });
}

// Calls `pack(name, known)` for every series that any sample knows, by name.
template <typename Figures, typename Pack>
void ForEachSeries(absl::Span<const ResourceSample> samples, std::map<std::string, Figures> ResourceSample::*member,
                   Pack pack) {
  std::set<std::string> names;
  for (const ResourceSample& sample : samples) {
    for (const auto& [name, figures] : sample.*member) names.insert(name);
  }
  for (const std::string& name : names) {
    Known<Figures> known;
    for (const ResourceSample& sample : samples) {
      const auto found = (sample.*member).find(name);
      known.push_back(found == (sample.*member).end() ? nullptr : &found->second);
    }
    pack(name, known);
  }
}

int64_t Units(absl::Duration duration) { return absl::Floor(duration, kSampleTimeUnit) / kSampleTimeUnit; }

void PackTimes(absl::Span<const ResourceSample> samples, pb::ResourceUsage* usage) {
  // Rounded as they add up, so that what is cut off of one is not lost to the next.
  std::vector<int64_t> durations = {Units(samples[0].duration)};
  absl::Duration since_first;
  std::vector<int64_t> moved = {0};
  int64_t clock = 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    const int64_t before = Units(since_first);
    since_first += samples[i].duration;
    durations.push_back(Units(since_first) - before);
    const int64_t clock_now = Units(samples[i].at - samples[0].at);
    moved.push_back(clock_now - clock - durations.back());
    clock = clock_now;
  }
  std::vector<int64_t> sorted = durations;
  std::sort(sorted.begin(), sorted.end());
  const auto usual =
      static_cast<uint32_t>(std::clamp<int64_t>(sorted[sorted.size() / 2], 0, std::numeric_limits<uint32_t>::max()));
  usage->set_first_sample_unix_ms(absl::ToUnixMillis(samples[0].at));
  usage->set_sample_count(static_cast<uint32_t>(samples.size()));
  usage->set_usual_duration(usual);
  for (const int64_t duration : durations) usage->add_longer(duration - usual);
  for (const int64_t step : moved) usage->add_clock_moved(step);
  DropZerosAtEnd(usage->mutable_longer());
  DropZerosAtEnd(usage->mutable_clock_moved());
  if (samples[0].uptime.has_value()) usage->set_uptime(static_cast<uint64_t>(Units(*samples[0].uptime)));
}

void PackSystem(absl::Span<const ResourceSample> samples, pb::ResourceUsage* usage) {
  if (const auto known = KnownFigures(samples, &ResourceSample::cpu); !NoneKnown(known)) {
    pb::CpuUse* cpu = usage->mutable_cpu();
    cpu->set_unset(UnsetMask(known));
    PackValues(
        known, [](const CpuSample& s) { return s.user; }, cpu->mutable_user());
    PackValues(
        known, [](const CpuSample& s) { return s.system; }, cpu->mutable_kernel());
    PackValues(
        known, [](const CpuSample& s) { return s.iowait; }, cpu->mutable_iowait());
    PackValues(
        known, [](const CpuSample& s) { return s.steal; }, cpu->mutable_steal());
    PackSteps(
        known, [](const CpuSample& s) { return uint64_t{s.cpus}; }, cpu->mutable_cpus());
  }
  if (const auto known = KnownFigures(samples, &ResourceSample::load); !NoneKnown(known)) {
    pb::LoadAverages* load = usage->mutable_load();
    load->set_unset(UnsetMask(known));
    PackSteps(
        known, [](const LoadSample& s) { return s.one; }, load->mutable_one());
    PackSteps(
        known, [](const LoadSample& s) { return s.five; }, load->mutable_five());
    PackSteps(
        known, [](const LoadSample& s) { return s.fifteen; }, load->mutable_fifteen());
  }
  if (const auto known = KnownFigures(samples, &ResourceSample::memory); !NoneKnown(known)) {
    pb::MemoryUse* memory = usage->mutable_memory();
    memory->set_unset(UnsetMask(known));
    PackSteps(
        known, [](const MemorySample& s) { return s.total_bytes / kSampleByteUnit; }, memory->mutable_total());
    PackSteps(
        known, [](const MemorySample& s) { return s.available_bytes / kSampleByteUnit; }, memory->mutable_available());
    PackSteps(
        known, [](const MemorySample& s) { return s.swap_total_bytes / kSampleByteUnit; },
        memory->mutable_swap_total());
    PackSteps(
        known, [](const MemorySample& s) { return s.swap_used_bytes / kSampleByteUnit; }, memory->mutable_swap_used());
  }
  if (const auto known = KnownFigures(samples, &ResourceSample::processes); !NoneKnown(known)) {
    usage->mutable_processes()->set_unset(UnsetMask(known));
    PackSteps(
        known, [](uint64_t count) { return count; }, usage->mutable_processes()->mutable_processes());
  }
}

void PackFilesystem(const std::string& name, const Known<FilesystemSample>& known, pb::FilesystemUse* filesystem) {
  const auto first = std::find_if(known.begin(), known.end(), [](const auto* s) { return s != nullptr; });
  const uint64_t block = std::max<uint32_t>((*first)->block_bytes, 1);
  filesystem->set_unset(UnsetMask(known));
  filesystem->set_mount_path(name);
  filesystem->set_block_bytes(static_cast<uint32_t>(block));
  PackSteps(
      known, [block](const FilesystemSample& s) { return s.used_bytes / block; }, filesystem->mutable_used());
  PackSteps(
      known, [block](const FilesystemSample& s) { return s.used_bytes / block + s.available_bytes / block; },
      filesystem->mutable_usable());
  PackSteps(
      known, [](const FilesystemSample& s) { return s.inodes_used; }, filesystem->mutable_inodes_used());
  PackSteps(
      known, [](const FilesystemSample& s) { return s.inodes_total; }, filesystem->mutable_inodes_total());
}

void PackDisk(const std::string& name, const Known<DiskSample>& known, pb::DiskUse* disk) {
  disk->set_unset(UnsetMask(known));
  disk->set_device(name);
  PackValues(
      known, [](const DiskSample& s) { return s.read_bytes / kSampleByteUnit; }, disk->mutable_read());
  PackValues(
      known, [](const DiskSample& s) { return s.reads; }, disk->mutable_reads());
  PackValues(
      known, [](const DiskSample& s) { return s.written_bytes / kSampleByteUnit; }, disk->mutable_written());
  PackValues(
      known, [](const DiskSample& s) { return s.writes; }, disk->mutable_writes());
}

void PackInterface(const std::string& name, const Known<InterfaceSample>& known, pb::InterfaceUse* interface) {
  using Sample = InterfaceSample;
  const auto more = [](uint64_t sent, uint64_t received) { return static_cast<int64_t>(sent - received); };
  interface->set_unset(UnsetMask(known));
  interface->set_name(name);
  PackValues(
      known, [](const Sample& s) { return s.received_bytes / kSampleByteUnit; }, interface->mutable_received());
  PackValues(
      known,
      [more](const Sample& s) { return more(s.sent_bytes / kSampleByteUnit, s.received_bytes / kSampleByteUnit); },
      interface->mutable_sent_more());
  PackValues(
      known, [](const Sample& s) { return s.packets_received; }, interface->mutable_packets_received());
  PackValues(
      known, [more](const Sample& s) { return more(s.packets_sent, s.packets_received); },
      interface->mutable_packets_sent_more());
  PackValues(
      known, [](const Sample& s) { return s.receive_errors; }, interface->mutable_receive_errors());
  PackValues(
      known, [](const Sample& s) { return s.send_errors; }, interface->mutable_send_errors());
  PackValues(
      known, [](const Sample& s) { return s.receive_drops; }, interface->mutable_receive_drops());
  PackValues(
      known, [](const Sample& s) { return s.send_drops; }, interface->mutable_send_drops());
}

void PackStall(const Known<StallSample>& known, pb::Stall* stall) {
  stall->set_unset(UnsetMask(known));
  PackValues(
      known, [](const StallSample& s) { return s.some; }, stall->mutable_some());
  PackValues(
      known, [](const StallSample& s) { return s.full; }, stall->mutable_full());
}

void PackStalls(absl::Span<const ResourceSample> samples, pb::ResourceUsage* usage) {
  const auto cpu = KnownFigures(samples, &ResourceSample::cpu_pressure);
  const auto memory = KnownFigures(samples, &ResourceSample::memory_pressure);
  const auto io = KnownFigures(samples, &ResourceSample::io_pressure);
  if (!NoneKnown(cpu)) PackStall(cpu, usage->mutable_cpu_pressure());
  if (!NoneKnown(memory)) PackStall(memory, usage->mutable_memory_pressure());
  if (!NoneKnown(io)) PackStall(io, usage->mutable_io_pressure());
}

void Summarize(absl::Span<const ResourceSample> samples, pb::ResourceUsage* usage) {
  uint64_t busy = 0;
  uint64_t with_cpu = 0;
  std::optional<uint64_t> available;
  for (const ResourceSample& sample : samples) {
    if (sample.cpu.has_value()) {
      busy += uint64_t{sample.cpu->user} + sample.cpu->system + sample.cpu->steal;
      ++with_cpu;
    }
    if (sample.memory.has_value()) {
      available = std::min(available.value_or(sample.memory->available_bytes), sample.memory->available_bytes);
    }
  }
  if (with_cpu > 0) usage->set_cpu_mean_basis_points(static_cast<uint32_t>(busy / with_cpu));
  if (available.has_value()) usage->set_memory_available_min_bytes(*available);
}

}  // namespace

pb::ResourceUsage PackSamples(absl::Span<const ResourceSample> samples) {
  pb::ResourceUsage usage;
  PackTimes(samples, &usage);
  PackSystem(samples, &usage);
  ForEachSeries(samples, &ResourceSample::filesystems, [&usage](const std::string& name, const auto& known) {
    PackFilesystem(name, known, usage.add_filesystems());
  });
  ForEachSeries(samples, &ResourceSample::disks,
                [&usage](const std::string& name, const auto& known) { PackDisk(name, known, usage.add_disks()); });
  ForEachSeries(samples, &ResourceSample::interfaces, [&usage](const std::string& name, const auto& known) {
    PackInterface(name, known, usage.add_interfaces());
  });
  PackStalls(samples, &usage);
  Summarize(samples, &usage);
  return usage;
}

}  // namespace rollcall

#include "agent/spool/testing/spool_host.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

const SpoolUnit kSamples{"samples", "host"};

std::string TextOf(const SpoolUnit& unit) { return absl::StrCat(unit.collector, "/", unit.scope); }

}  // namespace

SpoolHost::SpoolHost(uint32_t seed, const DirectorySpoolOptions& options, size_t max_changes)
    : options_(options), max_changes_(max_changes), reducer_(max_changes), random_(seed) {
  options_.reducer = &reducer_;
  for (int i = 0; i < kUnits; ++i) {
    units_.emplace_back().name = {absl::StrCat("collector", i / 2), i % 2 == 0 ? "host" : "container:1"};
  }
}

void SpoolHost::Start(std::shared_ptr<FaultPlan> plan) {
  spool_.reset();
  std::unique_ptr<SpoolFiles> files = disk_.Mount();
  if (plan != nullptr) files = WithFaults(std::move(files), std::move(plan));
  auto spool = DirectorySpool::Open(std::move(files), options_);
  if (spool.ok()) spool_ = *std::move(spool);
  for (Unit& unit : units_) unit.baseline.reset();
}

void SpoolHost::Kill() { spool_.reset(); }

void SpoolHost::LosePower(size_t unsynced_bytes) {
  spool_.reset();
  disk_.LosePower(unsynced_bytes);
  for (Unit& unit : units_) {
    unit.accepted = unit.synced;
    unit.events = unit.synced_events;
  }
}

void SpoolHost::Change(Unit* unit) {
  const std::string key = absl::StrCat("k", Below(24));
  if (Below(3) == 0) {
    unit->set.erase(key);
  } else {
    unit->set[key] = absl::StrCat(Below(5), std::string(Below(30), 'v'));
  }
}

void SpoolHost::ChangeAndAppend(bool with_events) {
  Unit& unit = units_[Below(kUnits)];
  for (uint32_t i = 1 + Below(3); i > 0; --i) Change(&unit);
  std::set<std::string> events;
  if (with_events) events.insert(absl::StrCat("event", next_number_++));
  Append(&unit, std::move(events));
}

bool SpoolHost::AppendParts(const SpoolUnit& unit, const LineRun& run) {
  const EntryClass entry_class = run.events.empty() ? EntryClass::kState : EntryClass::kEvents;
  for (const LineRun& part : run.Parts(max_changes_)) {
    if (!spool_->AppendAs(entry_class, unit, part.Text()).ok()) return false;
  }
  return true;
}

void SpoolHost::Append(Unit* unit, std::set<std::string> events) {
  if (spool_->NeedsFull(unit->name)) unit->baseline.reset();
  const bool full = !unit->baseline.has_value();
  const bool marked = spool_->NeedsFull(unit->name);
  LineRun run = full ? LineRun::Full(unit->set) : LineRun::Delta(*unit->baseline, unit->set);
  run.generation = ++unit->generation;
  run.unit = TextOf(unit->name);
  run.events = events;
  unit->history.push_back(run.after);  // even if Append fails, it may be there after a restart
  if (full) spool_->Supersede(unit->name).IgnoreError();
  const bool appended = AppendParts(unit->name, run);
  if (appended) {
    ++accepted_;
    unit->accepted = unit->history.size() - 1;
    unit->events.merge(events);
  }
  if (!appended || (full && !spool_->ClearNeedsFull(unit->name).ok())) {
    unit->baseline.reset();
    return;
  }
  if (full && marked) {  // the mark only goes once the set is durable
    unit->synced = unit->accepted;
    unit->synced_events = unit->events;
  }
  unit->baseline = unit->set;
}

void SpoolHost::AppendSample() {
  LineRun run;
  run.unit = TextOf(kSamples);
  run.samples.insert(absl::StrCat("sample", next_number_++, std::string(Below(200), 's')));
  spool_->AppendAs(EntryClass::kSample, kSamples, run.Text()).status().IgnoreError();
}

void SpoolHost::Sync() {
  if (!spool_->Sync().ok()) return;
  for (Unit& unit : units_) {
    unit.synced = unit.accepted;
    unit.synced_events = unit.events;
  }
}

void SpoolHost::RequestFull() { units_[Below(kUnits)].baseline.reset(); }

void SpoolHost::Deliver(size_t count, bool acknowledge) {
  const auto entries = spool_->Read(0, count, size_t{1} << 30);
  if (!entries.ok()) return;
  for (const SpoolEntry& entry : *entries) {
    const std::optional<LineRun> run = LineRun::Parse(entry.payload);
    if (!run.has_value()) continue;
    for (Unit& unit : units_) {
      if (TextOf(unit.name) != run->unit) continue;
      if (!unit.receiver.Apply(*run)) {
        ++resyncs_;
        unit.baseline.reset();
      }
      for (const std::string& event : unit.receiver.events) {
        unit.events.erase(event);
        unit.synced_events.erase(event);
      }
      unit.receiver.events.clear();
    }
  }
  if (acknowledge && !entries->empty()) spool_->Acknowledge(entries->back().sequence).IgnoreError();
}

std::string SpoolHost::WhatIsWrong(DirectorySpool& spool) const {
  const auto entries = spool.Read(0, SIZE_MAX, SIZE_MAX);
  if (!entries.ok()) return absl::StrCat("cannot read: ", entries.status().message());
  for (const Unit& unit : units_) {
    LineReceiver receiver = unit.receiver;
    for (const SpoolEntry& entry : *entries) {
      const std::optional<LineRun> run = LineRun::Parse(entry.payload);
      if (!run.has_value()) return absl::StrCat("foreign entry ", entry.sequence);
      if (run->unit == TextOf(unit.name)) receiver.Apply(*run);
    }
    for (const std::string& event : unit.events) {
      if (receiver.events.count(event) == 0) return absl::StrCat(TextOf(unit.name), " lost ", event);
    }
    if (spool.NeedsFull(unit.name)) continue;
    const auto from = unit.history.begin() + static_cast<std::ptrdiff_t>(unit.accepted);
    if (std::find(from, unit.history.end(), DigestOf(receiver.set)) == unit.history.end()) {
      return absl::StrCat(TextOf(unit.name), " would be left with an old set");
    }
  }
  return "";
}

std::string SpoolHost::WhatIsWrongAfterRestart() const {
  MemoryDisk copy = disk_;
  auto spool = DirectorySpool::Open(copy.Mount(), options_);
  if (!spool.ok()) return std::string(spool.status().message());
  return WhatIsWrong(**spool);
}

void SpoolHost::ForgiveLostEvents(DirectorySpool& spool) {
  const auto entries = spool.Read(0, SIZE_MAX, SIZE_MAX);
  for (Unit& unit : units_) {
    LineReceiver receiver = unit.receiver;
    for (size_t i = 0; entries.ok() && i < entries->size(); ++i) {
      const std::optional<LineRun> run = LineRun::Parse((*entries)[i].payload);
      if (run.has_value() && run->unit == TextOf(unit.name)) receiver.Apply(*run);
    }
    std::erase_if(unit.events, [&](const std::string& event) { return receiver.events.count(event) == 0; });
    unit.synced_events = unit.events;
  }
}

std::string SpoolHost::WhatDiffersInTheEnd() {
  // What is asked for in the first round is sent in the next.
  for (int round = 0; round < 3; ++round) {
    for (Unit& unit : units_) Append(&unit, {});
    Deliver(SIZE_MAX, true);
  }
  for (const Unit& unit : units_) {
    if (spool_->NeedsFull(unit.name)) return absl::StrCat(TextOf(unit.name), " stays marked");
    if (unit.receiver.set != unit.set) return absl::StrCat(TextOf(unit.name), " differs on the backend");
    if (!unit.events.empty()) return absl::StrCat(TextOf(unit.name), " lost ", *unit.events.begin());
  }
  return "";
}

}  // namespace rollcall

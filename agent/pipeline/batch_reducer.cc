#include "agent/pipeline/batch_reducer.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "agent/pipeline/batch_parts.h"
#include "agent/pipeline/spooled_runs.h"
#include "proto/set_digest.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using Upsert = SpooledRun::Upsert;

// The result of a run of which only part is left. It must not look like one that saw everything.
pb::RunResult ResultOfRest(const pb::Batch& header, size_t records) {
  pb::RunResult result = header.run_result();
  result.set_collector(header.collector());
  *result.mutable_scope() = header.scope();
  result.set_record_count(records);
  result.clear_problems();
  result.clear_degradations();
  result.set_problem_count(1);
  pb::Problem* problem = result.add_problems();
  problem->set_path("spool");
  problem->set_code("RESOURCE_EXHAUSTED");
  problem->set_message("keep what a run found: only what cannot be found again was kept");
  result.set_status(pb::RunResult::PARTIAL);
  return result;
}

// Appends the run as entries of the class; false if it cannot be encoded.
bool Encode(const RunOutput& output, const pb::Batch& number, EntryClass entry_class, std::vector<SpoolItem>* items) {
  return ForEachPart(output, number.epoch(), number.generation(),
                     [&](const std::string& payload, bool /*only*/) {
                       items->push_back({entry_class, payload});
                       return absl::OkStatus();
                     })
      .ok();
}

bool EncodeRest(std::vector<Upsert> records, const pb::Batch& header, std::vector<SpoolItem>* items) {
  RunOutput output;
  output.mode = pb::MERGE;
  output.result = ResultOfRest(header, records.size());
  for (Upsert& record : records) output.upserts.push_back(std::move(record.bytes));
  return Encode(output, header, EntryClass::kKept, items);
}

// How many records of a DELTA were new to the set: the sizes tell. They come last, as the change
// filter and this reducer write them.
size_t CreatedBy(const SpooledRun& run) {
  if (run.header.mode() != pb::DELTA) return 0;
  const uint64_t reached = run.header.after().count() + run.retired.size();
  const uint64_t created = reached - std::min<uint64_t>(reached, run.header.base().count());
  return std::min<uint64_t>(created, run.upserts.size());
}

// Runs that follow each other, as one.
class Fold {
 public:
  explicit Fold(const SpooledRun& first) {
    extends_ = !first.has_samples && EventsAreNew(first);
    Take(first);
  }

  // Whether `next` can be taken in.
  bool Fits(const SpooledRun& next) const {
    if (!extends_ || next.has_samples || next.header.mode() != mode()) return false;
    if (mode() == pb::MERGE) return true;
    if (mode() != pb::DELTA || !(SetDigest(next.header.base()) == SetDigest(last_.after()))) return false;
    // Only a complete run retires, and the result is the last one's.
    if (!retired_.empty() && next.header.run_result().status() != pb::RunResult::COMPLETE) return false;
    return EventsAreNew(next);
  }

  void Take(const SpooledRun& run) {
    before_last_ = std::move(last_);
    last_ = run.header;
    if (runs_++ == 0) first_ = run.header;
    payloads_.insert(payloads_.end(), run.payloads.begin(), run.payloads.end());
    for (const AssetKey& key : run.retired) {
      const auto found = upserts_.find(key);
      const bool nothing = found != upserts_.end() && found->second.created;
      if (found != upserts_.end()) upserts_.erase(found);
      if (!nothing) retired_.insert(key);
    }
    const size_t changed = run.upserts.size() - CreatedBy(run);
    for (size_t i = 0; i < run.upserts.size(); ++i) {
      const Upsert& upsert = run.upserts[i];
      has_events_ |= upsert.unrepeatable;
      if (upsert.unrepeatable && mode() == pb::DELTA) {
        events_.insert_or_assign(upsert.key, upsert);
        continue;
      }
      const bool was_there = retired_.erase(upsert.key) > 0;
      const bool created = i >= changed && !was_there;
      const auto [it, added] = upserts_.try_emplace(upsert.key, Change{upsert, created});
      if (!added) it->second.upsert = upsert;
    }
  }

  // Appends what the runs come to; false if it cannot be encoded.
  bool Emit(std::vector<SpoolItem>* items) const {
    if (runs_ == 1) {
      for (const std::string& payload : payloads_) items->push_back({ClassOf(), payload});
      return true;
    }
    RunOutput output;
    output.mode = mode();
    output.result = last_.run_result();
    output.base = SetDigest(first_.base());
    output.after = SetDigest(last_.after());
    if (first_.has_base_seen_at()) output.base_seen_at = FromWire(first_.base_seen_at());
    for (const bool created : {false, true}) {
      for (const auto& [key, change] : upserts_) {
        if (change.created == created) output.upserts.push_back(change.upsert.bytes);
      }
    }
    output.retired.assign(retired_.begin(), retired_.end());
    std::vector<Upsert> events;
    for (const auto& [key, event] : events_) {
      output.base.Add(key, event.fingerprint);
      events.push_back(event);
    }
    // The number of the last run but one is free, and before that of the last.
    if (!events.empty() && !EncodeRest(std::move(events), before_last_, items)) return false;
    return Encode(output, last_, mode() == pb::MERGE ? ClassOf() : EntryClass::kState, items);
  }

 private:
  struct Change {
    Upsert upsert;
    // It was not in the set at the start.
    bool created = false;
  };

  pb::BatchMode mode() const { return first_.mode(); }
  EntryClass ClassOf() const { return has_events_ ? EntryClass::kEvents : EntryClass::kState; }

  // Sent before the rest, an event must be new to the set, in its run and at the start.
  bool EventsAreNew(const SpooledRun& run) const {
    if (run.header.mode() != pb::DELTA) return true;
    const size_t changed = run.upserts.size() - CreatedBy(run);
    for (size_t i = 0; i < run.upserts.size(); ++i) {
      const Upsert& upsert = run.upserts[i];
      if (events_.count(upsert.key) > 0) return false;
      if (!upsert.unrepeatable) continue;
      if (i < changed || upserts_.count(upsert.key) > 0 || retired_.count(upsert.key) > 0) return false;
    }
    return true;
  }

  size_t runs_ = 0;
  pb::Batch first_;
  pb::Batch last_;
  pb::Batch before_last_;
  std::vector<std::string> payloads_;
  // Whether other runs can be taken in.
  bool extends_ = false;
  bool has_events_ = false;
  std::map<AssetKey, Change> upserts_;
  std::set<AssetKey> retired_;
  std::map<AssetKey, Upsert> events_;
};

}  // namespace

bool BatchReducer::BeginsRun(const std::string& payload) const {
  pb::Batch batch;
  return batch.ParseFromString(payload) && batch.part() == 0;
}

bool BatchReducer::EndsRun(const std::string& payload) const {
  pb::Batch batch;
  return batch.ParseFromString(payload) && batch.last();
}

std::optional<std::vector<SpoolItem>> BatchReducer::Coalesce(const std::vector<std::string>& payloads) const {
  const absl::StatusOr<std::vector<SpooledRun>> runs = ReadSpooledRuns(payloads, kMaxUnpackedBytes);
  if (!runs.ok() || runs->empty() || !runs->back().whole) return std::nullopt;
  std::vector<Fold> folds;
  for (const SpooledRun& run : *runs) {
    // A receiver may have the rest, and would apply the two together.
    if (run.has_gap) return std::nullopt;
    if (!run.whole) continue;  // its last part never came, so nobody ever applies it
    if (!folds.empty() && folds.back().Fits(run)) {
      folds.back().Take(run);
    } else {
      folds.emplace_back(run);
    }
  }
  std::vector<SpoolItem> items;
  for (const Fold& fold : folds) {
    if (!fold.Emit(&items)) return std::nullopt;
  }
  if (items.size() >= payloads.size()) return std::nullopt;
  return items;
}

std::vector<SpoolItem> BatchReducer::Keep(const std::vector<std::string>& payloads, const std::string& last) const {
  std::vector<SpoolItem> items;
  pb::Batch place;
  if (!place.ParseFromString(last)) return items;
  std::map<AssetKey, Upsert> events;
  // One by one: all that waits of the unit may be far more than there is memory for.
  for (const std::string& payload : payloads) {
    const absl::StatusOr<std::vector<SpooledRun>> parts = ReadSpooledRuns({payload}, kMaxUnpackedBytes);
    if (!parts.ok()) return items;
    for (const SpooledRun& part : *parts) {
      for (const Upsert& upsert : part.upserts) {
        if (upsert.unrepeatable) events.insert_or_assign(upsert.key, upsert);
      }
    }
  }
  std::vector<Upsert> records;
  for (auto& [key, event] : events) records.push_back(std::move(event));
  if (records.empty() || !EncodeRest(std::move(records), place, &items)) items.clear();
  return items;
}

}  // namespace rollcall

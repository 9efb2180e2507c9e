#include "agent/pipeline/change_filter_sink.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/pipeline/unrepeatable.h"
#include "proto/kind_registry.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

bool ReportsRecords(pb::RunResult::Status status) {
  return status == pb::RunResult::COMPLETE || status == pb::RunResult::PARTIAL;
}

pb::Problem* AddNote(absl::string_view code, google::protobuf::RepeatedPtrField<pb::Problem>* notes) {
  pb::Problem* note = notes->Add();
  note->set_path("records");
  note->set_code(std::string(code));
  return note;
}

// What of a result the backend must be told again when it differs.
std::string OutcomeOf(pb::RunResult result) {
  result.clear_started_at();
  result.clear_finished_at();
  result.clear_cpu_time();
  return result.SerializeAsString();
}

}  // namespace

absl::Status ChangeFilterSink::BeginRun(const pb::RunResult& run) {
  run_ = std::make_unique<Run>();
  run_->unit = UnitOf(run);
  run_->full_requested = states_->FullRequested(run_->unit);
  const auto it = baselines_.find(run_->unit);
  if (it == baselines_.end()) return absl::OkStatus();
  if (run_->full_requested || spool_->NeedsFull(run_->unit)) {
    baselines_.erase(it);
    return absl::OkStatus();
  }
  run_->baseline = &it->second;
  run_->seen.assign(it->second.size(), false);
  return absl::OkStatus();
}

bool ChangeFilterSink::IsDuplicate(const AssetKey& key, size_t index) {
  if (index == Baseline::kNotFound) return !run_->new_keys.insert(key).second;
  if (run_->seen[index]) return true;
  run_->seen[index] = true;
  return false;
}

absl::Status ChangeFilterSink::Emit(pb::Record&& record) {
  if (run_ == nullptr) return absl::FailedPreconditionError("take record: no run has begun");
  if (IsSampleKind(static_cast<int>(record.payload_case()))) return EmitSample(record);
  const absl::StatusOr<RecordIdentity> identity = IdentityOf(record);
  if (!identity.ok()) return identity.status();
  ++counters_.seen;
  const size_t index = run_->baseline == nullptr ? Baseline::kNotFound : run_->baseline->Find(identity->asset_key);
  if (IsDuplicate(identity->asset_key, index)) {
    ++run_->duplicates;
    ++counters_.duplicates;
    return absl::OkStatus();
  }
  ++run_->distinct;
  if (index != Baseline::kNotFound && run_->baseline->item(index).fingerprint == identity->fingerprint) {
    return absl::OkStatus();
  }
  std::string bytes;
  if (!record.SerializeToString(&bytes) || bytes.size() > kMaxRecordBytes) {
    ++run_->oversized;
    return absl::OkStatus();
  }
  run_->unrepeatable |= IsUnrepeatable(record);
  run_->changed.push_back({identity->asset_key, identity->fingerprint});
  run_->changed_bytes.push_back(std::move(bytes));
  run_->created.push_back(index == Baseline::kNotFound);
  return absl::OkStatus();
}

absl::Status ChangeFilterSink::EmitSample(const pb::Record& record) {
  ++counters_.seen;
  std::string bytes;
  if (!record.SerializeToString(&bytes) || bytes.size() > kMaxRecordBytes) {
    ++run_->oversized;
    return absl::OkStatus();
  }
  run_->samples.push_back(std::move(bytes));
  return absl::OkStatus();
}

void ChangeFilterSink::DescribeDelta(RunOutput* output, Baseline* after) {
  const Baseline& before = *run_->baseline;
  output->mode = pb::DELTA;
  output->base = before.digest();
  std::vector<bool> keep(before.size(), true);
  if (output->result.status() == pb::RunResult::COMPLETE) {
    keep = run_->seen;
    for (size_t i = 0; i < before.size(); ++i) {
      if (!keep[i]) output->retired.push_back(before.item(i).key);
    }
  }
  *after = before.With(std::move(run_->changed), keep);
  output->after = after->digest();
  for (const bool created : {false, true}) {
    for (size_t i = 0; i < run_->changed_bytes.size(); ++i) {
      if (run_->created[i] == created) output->upserts.push_back(std::move(run_->changed_bytes[i]));
    }
  }
}

void ChangeFilterSink::DescribeWithoutBaseline(RunOutput* output, Baseline* after) {
  if (output->result.status() != pb::RunResult::COMPLETE) {
    output->mode = pb::MERGE;
    output->upserts = std::move(run_->changed_bytes);
    return;
  }
  *after = Baseline(std::move(run_->changed));
  output->after = after->digest();
  output->completes_set = true;
  const std::optional<SetDigest> backend = states_->BackendDigest(run_->unit);
  if (!run_->full_requested && backend == after->digest() && !spool_->HasPending(run_->unit)) {
    output->mode = pb::DELTA;
    output->base = after->digest();
    return;
  }
  output->mode = pb::FULL;
  output->upserts = std::move(run_->changed_bytes);
}

EntryClass ChangeFilterSink::ClassOf(const RunOutput& output) const {
  if (run_->unrepeatable) return EntryClass::kEvents;
  // A set that is empty before and after is every other run's base, whether or not this one arrives.
  const bool no_set = output.upserts.empty() && output.retired.empty() && output.base == SetDigest() &&
                      output.after == SetDigest() && output.mode != pb::FULL;
  return no_set && !run_->samples.empty() ? EntryClass::kSample : EntryClass::kState;
}

void ChangeFilterSink::NoteLosses(uint64_t losses, pb::RunResult* result) const {
  const auto told = losses_told_.find(run_->unit);
  const uint64_t news = losses - (told == losses_told_.end() ? 0 : std::min(told->second, losses));
  if (news == 0) return;
  pb::Problem* note = result->add_degradations();
  note->set_path("spool");
  note->set_code("DATA_LOSS");
  note->set_message(absl::StrCat("keep what runs found: ", news, " batches of this collector were lost unsent"));
}

RunOutput ChangeFilterSink::Describe(const pb::RunResult& result, Baseline* after) {
  RunOutput output;
  output.result = result;
  output.result.set_record_count(run_->distinct);
  if (run_->duplicates > 0) {
    // Not a problem: nothing went unseen, and a run that can never be COMPLETE could never retire.
    AddNote("ALREADY_EXISTS", output.result.mutable_degradations())
        ->set_message(absl::StrCat("keep records: ", run_->duplicates, " have the asset key of an earlier one"));
  }
  if (run_->oversized > 0) {
    AddNote("RESOURCE_EXHAUSTED", output.result.mutable_problems())
        ->set_message(absl::StrCat("keep records: ", run_->oversized, " are larger than ", kMaxRecordBytes, " bytes"));
    output.result.set_problem_count(output.result.problem_count() + run_->oversized);
    if (result.status() == pb::RunResult::COMPLETE) output.result.set_status(pb::RunResult::PARTIAL);
  }
  if (!ReportsRecords(result.status())) {
    run_->changed.clear();
    run_->changed_bytes.clear();
    run_->created.clear();
    output.result.set_record_count(0);
  }
  if (run_->baseline != nullptr) {
    DescribeDelta(&output, after);
  } else {
    DescribeWithoutBaseline(&output, after);
  }
  output.entry_class = ClassOf(output);
  std::move(run_->samples.begin(), run_->samples.end(), std::back_inserter(output.upserts));
  return output;
}

bool ChangeFilterSink::TellsNothingNew(const SpoolUnit& unit, const RunOutput& output) const {
  if (!output.upserts.empty() || !output.retired.empty() || output.completes_set) return false;
  const auto reported = reported_.find(unit);
  if (reported == reported_.end() || reported->second.outcome != OutcomeOf(output.result)) return false;
  if (states_->FullRequested(unit) || spool_->HasPending(unit)) return false;
  const std::optional<SetDigest> backend = states_->BackendDigest(unit);
  return backend.has_value() && (output.mode == pb::MERGE || *backend == output.after);
}

void ChangeFilterSink::Confirm(const SpoolUnit& unit, const RunOutput& output) {
  UnitConfirmation confirmation;
  confirmation.confirms = reported_.at(unit).number;
  confirmation.digest = *states_->BackendDigest(unit);
  confirmation.started_at = FromWire(output.result.started_at()).value_or(absl::UnixEpoch());
  states_->Confirm(unit, confirmation);
  ++counters_.confirmed;
}

absl::Status ChangeFilterSink::EndRun(const pb::RunResult& result) {
  if (run_ == nullptr) return absl::FailedPreconditionError("end run: no run has begun");
  Baseline after;
  const uint64_t losses = LostEntries(spool_->Stats(), run_->unit.collector);
  RunOutput output = Describe(result, &after);
  NoteLosses(losses, &output.result);
  const SpoolUnit unit = run_->unit;
  run_.reset();
  if (TellsNothingNew(unit, output)) {
    Confirm(unit, output);
    return absl::OkStatus();
  }
  const std::optional<absl::Time> confirmed_at = states_->EndConfirmation(unit);
  if (output.mode == pb::DELTA) output.base_seen_at = confirmed_at;
  counters_.sent += output.upserts.size();
  counters_.retired += output.retired.size();
  const bool known = output.mode != pb::MERGE;
  std::string outcome = OutcomeOf(output.result);
  const absl::StatusOr<RunNumber> written = writer_->Write(std::move(output));
  if (written.ok() && known) {
    baselines_[unit] = std::move(after);
  } else {
    baselines_.erase(unit);
  }
  if (!written.ok()) {
    reported_.erase(unit);
    return written.status();
  }
  reported_[unit] = {*written, std::move(outcome)};
  if (losses > 0) losses_told_[unit] = losses;
  return absl::OkStatus();
}

}  // namespace rollcall

#include "agent/pipeline/batch_writer.h"

#include <string>
#include <utility>

namespace rollcall {

BatchWriter::BatchWriter(std::function<uint64_t()> epoch, Spool* spool, UnitStates* states)
    : epoch_(std::move(epoch)), spool_(spool), states_(states) {}

absl::StatusOr<RunNumber> BatchWriter::AppendParts(const SpoolUnit& unit, const RunOutput& output) {
  const RunNumber number = {epoch_(), ++generations_[unit]};
  const absl::Status appended =
      ForEachPart(output, number.epoch, number.generation, [&](const std::string& payload, bool only) {
        // Samples go one by one when there is no room, so each must be a run of its own.
        const bool divided = output.entry_class == EntryClass::kSample && !only;
        const EntryClass entry_class = divided ? EntryClass::kState : output.entry_class;
        return spool_->AppendAs(entry_class, unit, payload).status();
      });
  if (!appended.ok()) return appended;
  return number;
}

absl::StatusOr<RunNumber> BatchWriter::Write(RunOutput&& output) {
  const SpoolUnit unit = UnitOf(output.result);
  // Only saves room and work: if it fails, what is pending is sent before this.
  if (output.mode == pb::FULL) spool_->Supersede(unit).IgnoreError();
  const uint64_t lost_before = LostEntries(spool_->Stats(), unit.collector);
  const absl::StatusOr<RunNumber> appended = AppendParts(unit, output);
  if (!appended.ok()) {
    // The first error is the one to report; an unmarked unit is still without a baseline.
    spool_->MarkNeedsFull(unit).IgnoreError();
    return appended;
  }
  if (!output.completes_set) return appended;
  states_->ClearFullRequest(unit);
  // Making room may have cost this very run its first parts; the mark then has to stay.
  if (LostEntries(spool_->Stats(), unit.collector) != lost_before) return appended;
  if (absl::Status cleared = spool_->ClearNeedsFull(unit); !cleared.ok()) return cleared;
  return appended;
}

}  // namespace rollcall

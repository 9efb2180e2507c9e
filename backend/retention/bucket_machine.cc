#include "backend/retention/bucket_machine.h"

#include <array>

namespace rollcall {
namespace {

using Row = std::array<BucketStep, kBucketStates>;

constexpr pb::BucketState kA = pb::BUCKET_ACTIVE;
constexpr pb::BucketState kAg = pb::BUCKET_ARCHIVING;
constexpr pb::BucketState kAd = pb::BUCKET_ARCHIVED;
constexpr pb::BucketState kC = pb::BUCKET_COLD;
constexpr pb::BucketState kR = pb::BUCKET_RESTORING;
constexpr pb::BucketState kPg = pb::BUCKET_PURGING;
constexpr pb::BucketState kPd = pb::BUCKET_PURGED;

constexpr BucketStep Move(pb::BucketState to, absl::string_view why) { return {StepKind::kMoves, to, why}; }
constexpr BucketStep Stay(pb::BucketState in, absl::string_view why) { return {StepKind::kStays, in, why}; }
constexpr BucketStep Late(pb::BucketState in, absl::string_view why) { return {StepKind::kTooLate, in, why}; }
constexpr BucketStep Never(pb::BucketState in, absl::string_view why) { return {StepKind::kImpossible, in, why}; }

// An event that only changes dates or flags, until the deletion has begun.
constexpr Row Dates(absl::string_view why, absl::string_view late) {
  return {Stay(kA, why), Stay(kAg, why),  Stay(kAd, why), Stay(kC, why),
          Stay(kR, why), Late(kPg, late), Late(kPd, late)};
}

// Rows are events, in their order; columns are states, in theirs. The rows of a restore and of a purge say why
// a half-done step is finished rather than turned back: half an archive object and half the rows are one
// whole only once they were compared.
constexpr std::array<Row, kBucketEvents> kTable = {{
    // kServiceEnded
    {Move(kAg, "the end of use: it moves to the archive"), Stay(kAg, "it is moving already"),
     Stay(kAd, "it is in the archive already"), Stay(kC, "it is in the archive already"),
     Stay(kR, "what is half restored is restored first, then archived anew"), Late(kPg, "it is being deleted"),
     Late(kPd, "it is gone")},
    // kServiceResumed
    {Stay(kA, "it never left"), Move(kR, "the customer is back: what the archive has of it is removed"),
     Move(kR, "the customer is back: it returns to the stores"),
     Move(kR, "the customer is back: it returns to the stores"), Stay(kR, "it is returning already"),
     Late(kPg, "the deletion had begun and is finished"), Late(kPd, "it is gone")},
    // kArchiveVerified
    {Never(kA, "nothing was being archived"), Move(kAd, "the archive has it: the stores may let go"),
     Stay(kAd, "said again"), Stay(kC, "said again"), Never(kR, "it is being restored"),
     Late(kPg, "it is being deleted"), Late(kPd, "it is gone")},
    // kStoresEmptied
    {Never(kA, "nothing was to be emptied"), Never(kAg, "the archive is not verified yet"),
     Move(kC, "only the archive has it"), Stay(kC, "said again"), Never(kR, "it is being restored"),
     Late(kPg, "it is being deleted"), Late(kPd, "it is gone")},
    // kRestoreVerified
    {Stay(kA, "said again"), Never(kAg, "nothing was being restored"), Never(kAd, "nothing was being restored"),
     Never(kC, "nothing was being restored"), Move(kA, "the stores have it, the archive nothing"),
     Late(kPg, "it is being deleted"), Late(kPd, "it is gone")},
    // kPurgeIntended: whatever the state, what is due is deleted wherever it is.
    {Move(kPg, "it is due: deleted from the stores"), Move(kPg, "it is due: deleted from stores and archive"),
     Move(kPg, "it is due: deleted from stores and archive"), Move(kPg, "it is due: deleted from the archive"),
     Move(kPg, "it is due: deleted from stores and archive"), Stay(kPg, "said again"), Late(kPd, "it is gone")},
    // kPurgeVerified
    {Never(kA, "no deletion was intended"), Never(kAg, "no deletion was intended"),
     Never(kAd, "no deletion was intended"), Never(kC, "no deletion was intended"),
     Never(kR, "no deletion was intended"), Move(kPd, "nothing is left of it"), Stay(kPd, "said again")},
    // kHoldPlaced
    Dates("it must not be deleted", "the hold came after the deletion had begun"),
    // kHoldReleased
    Dates("its own dates count again", "the deletion had begun"),
    // kDeletionRequested
    Dates("its dates are the request's, if they are earlier", "it is being deleted"),
    // kDeletionCancelled
    Dates("its own dates count again", "the deletion had begun and is finished"),
    // kRestrictionPlaced
    Dates("read for legal purposes only", "it is not read any more"),
    // kRestrictionLifted
    Dates("read for its purposes again", "it is not read any more"),
    // kTerminationScheduled
    Dates("nothing happens before it takes effect", "it is being deleted"),
    // kTerminationCancelled
    Dates("nothing had happened yet", "the deletion had begun and is finished"),
    // kHostDecommissioned
    Dates("kept as long as its hosting service's data", "it is being deleted"),
    // kLateArrival
    {Stay(kA, "taken in, if the service runs"), Late(kAg, "refused: the service has ended"),
     Late(kAd, "refused: the service has ended"), Late(kC, "refused: the service has ended"),
     Late(kR, "refused until it is restored; the agent sends again"), Late(kPg, "refused: it is being deleted"),
     Late(kPd, "refused: it is gone")},
}};

}  // namespace

BucketStep NextStep(pb::BucketState state, BucketEvent event, bool has_archive) {
  const int column = static_cast<int>(state) - 1;
  const int row = static_cast<int>(event);
  if (column < 0 || column >= kBucketStates || row < 0 || row >= kBucketEvents) {
    return Never(state, "there is no such state or event");
  }
  if (event == BucketEvent::kServiceEnded && state == pb::BUCKET_ACTIVE && !has_archive) {
    return Stay(state, "it has no archive: it stays in the stores until it is due");
  }
  return kTable[static_cast<size_t>(row)][static_cast<size_t>(column)];
}

absl::string_view BucketEventText(BucketEvent event) {
  constexpr absl::string_view kTexts[kBucketEvents] = {
      "service ended",      "service resumed",       "archive verified",      "stores emptied",
      "restore verified",   "purge intended",        "purge verified",        "hold placed",
      "hold released",      "deletion requested",    "deletion cancelled",    "restriction placed",
      "restriction lifted", "termination scheduled", "termination cancelled", "host decommissioned",
      "late arrival"};
  const int row = static_cast<int>(event);
  return row >= 0 && row < kBucketEvents ? kTexts[row] : absl::string_view("unknown");
}

absl::string_view BucketStateText(pb::BucketState state) {
  switch (state) {
    case pb::BUCKET_ACTIVE:
      return "active";
    case pb::BUCKET_ARCHIVING:
      return "archiving";
    case pb::BUCKET_ARCHIVED:
      return "archived";
    case pb::BUCKET_COLD:
      return "cold";
    case pb::BUCKET_RESTORING:
      return "restoring";
    case pb::BUCKET_PURGING:
      return "purging";
    case pb::BUCKET_PURGED:
      return "purged";
    default:
      return "unknown";
  }
}

}  // namespace rollcall

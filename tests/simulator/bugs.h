// Faults to be found: each is in what the engine works with or is told, never in the engine's own code.
#ifndef ROLLCALL_TESTS_SIMULATOR_BUGS_H_
#define ROLLCALL_TESTS_SIMULATOR_BUGS_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backend/archive/archive.h"
#include "backend/retention/policy_loader.h"
#include "backend/store/bucket_store.h"

namespace rollcall::simulator {

enum class Bug {
  kNone,
  // The store.
  kStoreKeepsARow,
  kStoreSaysItIsEmpty,
  kStoreDeletesTheNextDay,
  kStoreDropsARestoredRow,
  kStoreHidesBuckets,
  kStoreHidesLateRows,
  kStoreErasesTooWidely,
  kStoreErasesNoPart,
  kStoreIgnoresTheFence,
  // The archive.
  kArchiveLosesAnObject,
  kArchiveVerifiesNothing,
  kArchiveKeepsOldVersions,
  kArchiveDeletesNothing,
  kArchiveDropsARecord,
  // The clock.
  kClockADayAhead,
  kClockADayBehind,
  // What is known of the tenant.
  kEndIsForgotten,
  kStayIsForgotten,
  kReturnIsForgotten,
  kHoldIsForgotten,
  kReleaseIsForgotten,
  kRequestIsForgotten,
  kTakenBackIsForgotten,
  // The agreement.
  kSixMonths,
  kNoMinimum,
  kMinimumOnly,
  kEarlierOfBoth,
  kTwentyNineDays,
  kMonthOfThirtyDays,
  kNoMakeUpDays,
  kWorkingDaysAreDays,
  kNoCoolingOff,
  kFeatureEndsAssets,
  kRequestBreaksTheMinimum,
  kWeekToPurge,
  kOtherZone,
  kSettingsInTheArchive,
  // Keys and ledger.
  kKeysComeBack,
  kCertificatesAreLost,
};

struct NamedBug {
  Bug bug;
  // Such as `hold-is-forgotten`.
  std::string name;
};
// All but kNone.
const std::vector<NamedBug>& AllBugs();
// kNone, and false, if there is none of that name.
bool FindBug(const std::string& name, Bug* bug);

// The agreement as it is misread; as it is if the bug is none of that sort.
absl::StatusOr<RetentionPolicy> Misread(RetentionPolicy policy, Bug bug);

// Over `real`, which outlives it; nullptr if the bug is none of that sort.
std::unique_ptr<BucketStore> FaultyStoreOf(Bug bug, BucketStore* real);
std::unique_ptr<Archive> FaultyArchiveOf(Bug bug, Archive* real);

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_BUGS_H_

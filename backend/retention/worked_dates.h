// Examples of an agreement's dates, worked out, for people to check against its text.
#ifndef ROLLCALL_BACKEND_RETENTION_WORKED_DATES_H_
#define ROLLCALL_BACKEND_RETENTION_WORKED_DATES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "backend/retention/bucket_decision.h"
#include "rollcall/v1/policy_report.pb.h"

namespace rollcall {

// Something that may happen to a day's data. Times are noons of the policy's zone.
struct Example {
  std::string words;
  absl::CivilDay collected;
  // Of both subscriptions.
  std::optional<absl::CivilDay> ended;
  std::optional<absl::CivilDay> requested;
  std::optional<absl::CivilDay> held;
  std::optional<absl::CivilDay> released;
};

// The examples every agreement is tried on: old and fresh data, month ends, a leap day, requests, a hold. All in
// 2023 and 2024, for which calendars are published.
const std::vector<Example>& StandardExamples();

// The decision on an example once everything in it has happened. Pure.
BucketDecision DecideExample(const RetentionPolicy& policy, pb::Category category, const Example& example,
                             Detail detail = Detail::kDates);

// The same as a row of dates.
pb::WorkedDate WorkExample(const RetentionPolicy& policy, pb::Category category, const Example& example);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_WORKED_DATES_H_

#include "backend/retention/worked_dates.h"

#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

using Day = absl::CivilDay;

absl::Time Noon(Day day, const RetentionPolicy& policy) {
  return absl::FromCivil(absl::CivilHour(day) + 12, policy.zone);
}

std::string Text(std::optional<Day> day) { return day.has_value() ? DayText(*day) : std::string(); }

}  // namespace

const std::vector<Example>& StandardExamples() {
  static const auto* examples = new std::vector<Example>{
      {"in use", Day(2024, 1, 15), std::nullopt, std::nullopt, std::nullopt, std::nullopt},
      {"old data, then the end", Day(2023, 1, 1), Day(2024, 3, 1), std::nullopt, std::nullopt, std::nullopt},
      {"fresh data, then the end", Day(2024, 2, 29), Day(2024, 3, 1), std::nullopt, std::nullopt, std::nullopt},
      {"ends on a leap day", Day(2024, 2, 29), Day(2024, 2, 29), std::nullopt, std::nullopt, std::nullopt},
      {"ends at a month's end", Day(2023, 1, 1), Day(2024, 1, 31), std::nullopt, std::nullopt, std::nullopt},
      {"old data, requested", Day(2023, 1, 1), std::nullopt, Day(2024, 1, 15), std::nullopt, std::nullopt},
      {"fresh data, requested", Day(2024, 3, 1), std::nullopt, Day(2024, 4, 1), std::nullopt, std::nullopt},
      {"requested after the end", Day(2023, 1, 1), Day(2024, 1, 31), Day(2024, 2, 20), std::nullopt, std::nullopt},
      {"held until long after", Day(2023, 1, 1), Day(2024, 1, 31), std::nullopt, Day(2024, 2, 1), Day(2024, 7, 15)},
  };
  return *examples;
}

BucketDecision DecideExample(const RetentionPolicy& policy, pb::Category category, const Example& example,
                             Detail detail) {
  Bucket bucket;
  bucket.key = {"example", category, example.collected};
  TenantTimeline timeline;
  timeline.now = Noon(Day(2099, 12, 31), policy);
  SubscriptionState subscription;
  if (example.ended.has_value()) subscription.ended_at = Noon(*example.ended, policy);
  timeline.hosting["example"] = subscription;
  timeline.feature = subscription;
  if (example.requested.has_value()) {
    timeline.requests.push_back({"request", Noon(*example.requested, policy), Selection()});
  }
  if (example.held.has_value()) {
    KnownOrder hold;
    hold.id = "hold";
    hold.placed_at = Noon(*example.held, policy);
    if (example.released.has_value()) hold.lifted_at = Noon(*example.released, policy);
    timeline.holds.push_back(std::move(hold));
  }
  return EvaluateBucket(policy, bucket, timeline, detail);
}

pb::WorkedDate WorkExample(const RetentionPolicy& policy, pb::Category category, const Example& example) {
  const RetentionDecision dates = DecideExample(policy, category, example).dates;
  pb::WorkedDate worked;
  worked.set_category(category);
  worked.set_example(example.words);
  worked.set_collected(DayText(example.collected));
  worked.set_ended(Text(example.ended));
  worked.set_requested(Text(example.requested));
  worked.set_last_day(Text(dates.last_retained_day));
  if (dates.not_before > absl::InfinitePast() && dates.not_before < absl::InfiniteFuture()) {
    worked.set_not_before(DayText(DayOf(dates.not_before, policy.zone)));
  }
  if (dates.deadline.has_value()) {
    worked.set_due(DayText(DayOf(dates.due_from, policy.zone)));
    worked.set_gone_by(DayText(DayOf(*dates.deadline - absl::Nanoseconds(1), policy.zone)));
  }
  for (const std::string& clause : dates.clauses) worked.add_clauses(clause);
  return worked;
}

}  // namespace rollcall

#include "backend/retention/period.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

std::optional<PeriodEnd> Event(std::optional<absl::Time> at, absl::string_view name, absl::TimeZone zone) {
  if (!at.has_value()) return std::nullopt;
  // Days far outside history cannot be added to; nothing real is there.
  const absl::Time time = std::clamp(*at, absl::FromUnixSeconds(-62135596800), absl::FromUnixSeconds(253402300799));
  const absl::CivilDay day = DayOf(time, zone);
  return PeriodEnd{day, time, absl::StrCat(name, " ", DayText(day))};
}

std::optional<PeriodEnd> AtAnchor(pb::Expression::Anchor anchor, const Anchors& anchors, absl::TimeZone zone) {
  switch (anchor) {
    case pb::Expression::COLLECTED:
      return Event(anchors.collected, "collected", zone);
    case pb::Expression::TERMINATED:
      return Event(anchors.terminated, "ended", zone);
    case pb::Expression::REQUESTED:
      return Event(anchors.requested, "requested", zone);
    case pb::Expression::PERIOD_END:
      return Event(anchors.period_end, "paid period ended", zone);
    case pb::Expression::CREATED:
      return Event(anchors.created, "stored", zone);
    default:
      return std::nullopt;
  }
}

PeriodEnd AddTo(const PeriodEnd& start, const pb::Expression::Sum& sum, const RetentionPolicy& policy) {
  if (sum.hours() != 0) {
    const absl::Time end = start.end + absl::Hours(sum.hours());
    return {DayOf(end, policy.zone), end,
            absl::StrCat(start.text, " + ", sum.hours(), " hours = ", absl::FormatTime(end, policy.zone))};
  }
  absl::CivilDay day = start.day;
  std::string period;
  if (sum.days() != 0) {
    day += sum.days();
    period = absl::StrCat(sum.days(), " days");
  } else if (sum.months() != 0) {
    day = AddMonths(day, static_cast<int>(sum.months()));
    period = absl::StrCat(sum.months(), sum.months() == 1 ? " month" : " months");
  } else {
    day = policy.calendar.Add(day, static_cast<int>(sum.working_days()));
    period = absl::StrCat(sum.working_days(), " working days");
  }
  return {day, EndOfDay(day, policy.zone), absl::StrCat(start.text, " + ", period, " = ", DayText(day))};
}

std::optional<PeriodEnd> Choose(const pb::Expression::Choice& choice, bool latest, const Anchors& anchors,
                                const RetentionPolicy& policy) {
  std::optional<PeriodEnd> chosen;
  std::string text;
  for (const pb::Expression& expression : choice.of()) {
    std::optional<PeriodEnd> end = EvaluatePeriod(expression, anchors, policy);
    if (!end.has_value()) return std::nullopt;
    absl::StrAppend(&text, text.empty() ? "" : " and ", "(", end->text, ")");
    if (!chosen.has_value() || (latest ? end->end > chosen->end : end->end < chosen->end)) chosen = std::move(end);
  }
  if (chosen.has_value()) {
    chosen->text = absl::StrCat(latest ? "the later of " : "the earlier of ", text, " = ", DayText(chosen->day));
  }
  return chosen;
}

}  // namespace

std::optional<PeriodEnd> EvaluatePeriod(const pb::Expression& expression, const Anchors& anchors,
                                        const RetentionPolicy& policy) {
  switch (expression.form_case()) {
    case pb::Expression::kAnchor:
      return AtAnchor(expression.anchor(), anchors, policy.zone);
    case pb::Expression::kSum: {
      const std::optional<PeriodEnd> start = EvaluatePeriod(expression.sum().of(), anchors, policy);
      if (!start.has_value()) return std::nullopt;
      return AddTo(*start, expression.sum(), policy);
    }
    case pb::Expression::kMax:
      return Choose(expression.max(), true, anchors, policy);
    case pb::Expression::kMin:
      return Choose(expression.min(), false, anchors, policy);
    case pb::Expression::FORM_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace rollcall

#include "backend/retention/period.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

// Evaluates within one set of events.
class Evaluator {
 public:
  Evaluator(const Anchors& anchors, const RetentionPolicy& policy, const ZoneDays& days, bool with_text)
      : anchors_(anchors), policy_(policy), days_(days), with_text_(with_text) {}

  std::optional<PeriodEnd> Evaluate(const pb::Expression& expression) const {
    switch (expression.form_case()) {
      case pb::Expression::kAnchor:
        return AtAnchor(expression.anchor());
      case pb::Expression::kSum: {
        const std::optional<PeriodEnd> start = Evaluate(expression.sum().of());
        if (!start.has_value()) return std::nullopt;
        return AddTo(*start, expression.sum());
      }
      case pb::Expression::kMax:
        return Choose(expression.max(), true);
      case pb::Expression::kMin:
        return Choose(expression.min(), false);
      case pb::Expression::FORM_NOT_SET:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  template <typename... Parts>
  std::string Text(const Parts&... parts) const {
    return with_text_ ? absl::StrCat(parts...) : std::string();
  }

  std::optional<PeriodEnd> Event(std::optional<absl::Time> at, absl::string_view name) const {
    if (!at.has_value()) return std::nullopt;
    // Days far outside history cannot be added to; nothing real is there.
    const absl::Time time = std::clamp(*at, absl::FromUnixSeconds(-62135596800), absl::FromUnixSeconds(253402300799));
    const absl::CivilDay day = days_.DayOf(time);
    return PeriodEnd{day, time, with_text_ ? absl::StrCat(name, " ", DayText(day)) : std::string()};
  }

  std::optional<PeriodEnd> AtAnchor(pb::Expression::Anchor anchor) const {
    switch (anchor) {
      case pb::Expression::COLLECTED:
        return Event(anchors_.collected, "collected");
      case pb::Expression::TERMINATED:
        return Event(anchors_.terminated, "ended");
      case pb::Expression::REQUESTED:
        return Event(anchors_.requested, "requested");
      case pb::Expression::PERIOD_END:
        return Event(anchors_.period_end, "paid period ended");
      case pb::Expression::CREATED:
        return Event(anchors_.created, "stored");
      default:
        return std::nullopt;
    }
  }

  PeriodEnd AddTo(const PeriodEnd& start, const pb::Expression::Sum& sum) const {
    if (sum.hours() != 0) {
      const absl::Time end = start.end + absl::Hours(sum.hours());
      return {days_.DayOf(end), end,
              Text(start.text, " + ", sum.hours(), " hours = ", with_text_ ? absl::FormatTime(end, policy_.zone) : "")};
    }
    absl::CivilDay day = start.day;
    absl::string_view unit;
    uint32_t count = sum.days();
    if (sum.days() != 0) {
      day = days_.Add(day, sum.days());
      unit = " days = ";
    } else if (sum.months() != 0) {
      count = sum.months();
      day = AddMonths(day, static_cast<int>(count));
      unit = count == 1 ? " month = " : " months = ";
    } else {
      count = sum.working_days();
      day = policy_.calendar.Add(day, static_cast<int>(count));
      unit = " working days = ";
    }
    return {day, days_.EndOfDay(day), Text(start.text, " + ", count, unit, with_text_ ? DayText(day) : std::string())};
  }

  std::optional<PeriodEnd> Choose(const pb::Expression::Choice& choice, bool latest) const {
    std::optional<PeriodEnd> chosen;
    std::string text;
    for (const pb::Expression& expression : choice.of()) {
      std::optional<PeriodEnd> end = Evaluate(expression);
      if (!end.has_value()) return std::nullopt;
      if (with_text_) absl::StrAppend(&text, text.empty() ? "" : " and ", "(", end->text, ")");
      if (!chosen.has_value() || (latest ? end->end > chosen->end : end->end < chosen->end)) chosen = std::move(end);
    }
    if (chosen.has_value() && with_text_) {
      chosen->text = absl::StrCat(latest ? "the later of " : "the earlier of ", text, " = ", DayText(chosen->day));
    }
    return chosen;
  }

  const Anchors& anchors_;
  const RetentionPolicy& policy_;
  const ZoneDays& days_;
  const bool with_text_;
};

}  // namespace

std::optional<PeriodEnd> EvaluatePeriod(const pb::Expression& expression, const Anchors& anchors,
                                        const RetentionPolicy& policy, const ZoneDays& days, bool with_text) {
  return Evaluator(anchors, policy, days, with_text).Evaluate(expression);
}

}  // namespace rollcall

#include "backend/retention/retention_policy.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/period.h"

namespace rollcall {
namespace {

// Bounds on the deletion of a record.
struct Bounds {
  absl::Time not_before = absl::InfinitePast();
  absl::Time due_from = absl::InfiniteFuture();
  std::optional<absl::CivilDay> last_day;
  std::optional<absl::Time> deadline;
};

class Evaluation {
 public:
  Evaluation(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events, absl::Time now,
             Detail detail, const ZoneDays& days)
      : policy_(policy),
        record_(record),
        events_(events),
        now_(now),
        days_(days),
        with_text_(detail == Detail::kSteps),
        with_clauses_(detail != Detail::kBounds) {}

  RetentionDecision Run() {
    const pb::CategoryRules* rules = policy_.Find(record_.category);
    if (rules == nullptr) {
      decision_.not_before = absl::InfiniteFuture();
      decision_.restricted = true;
      Step("The agreement has no category ", pb::Category_Name(record_.category), ": kept, and not to be read.");
      return std::move(decision_);
    }
    if (with_text_) {
      Step("The record is ", pb::Category_Name(record_.category), ", last observed on ", Day(record_.collected_at),
           " (", policy_.zone.name(), ").");
    }
    Bounds bounds = FromRetainRules(*rules);
    ApplyRequest(*rules, &bounds);
    ApplyHolds(&bounds);
    decision_.not_before = bounds.not_before;
    decision_.due_from = bounds.deadline.has_value() ? bounds.due_from : absl::InfiniteFuture();
    decision_.last_retained_day = bounds.last_day;
    decision_.deadline = bounds.deadline;
    Conclude();
    return std::move(decision_);
  }

 private:
  template <typename... Parts>
  void Step(const Parts&... parts) {
    if (with_text_) decision_.steps.push_back(absl::StrCat(parts...));
  }

  std::string Day(absl::Time time) const { return with_text_ ? DayText(days_.DayOf(time)) : std::string(); }

  void Cite(const std::string& clause) {
    auto& clauses = decision_.clauses;
    if (std::find(clauses.begin(), clauses.end(), clause) == clauses.end()) clauses.push_back(clause);
  }

  // `R3, R1: `; notes the clauses.
  template <typename Ids>
  std::string Cited(const Ids& ids) {
    std::string text;
    if (!with_clauses_) return text;
    for (const std::string& id : ids) {
      Cite(id);
      if (with_text_) absl::StrAppend(&text, text.empty() ? "" : ", ", id);
    }
    if (with_text_ && !text.empty()) text += ": ";
    return text;
  }

  std::optional<PeriodEnd> End(const pb::Expression& period, const Anchors& anchors) const {
    return EvaluatePeriod(period, anchors, policy_, days_, with_text_);
  }

  // An event counts once it has happened.
  std::optional<absl::Time> Happened(std::optional<absl::Time> at) const {
    return at.has_value() && *at <= now_ ? at : std::nullopt;
  }

  // When the last of the hosting services the record belongs to ended; unset while one runs.
  std::optional<absl::Time> HostingEnd() const {
    const bool all = record_.hosting_service.empty() || record_.hosting_service == kAllServices;
    std::optional<absl::Time> last;
    for (const HostingService& service : events_.hosting) {
      if (!all && service.name != record_.hosting_service) continue;
      const std::optional<absl::Time> end = Happened(service.terminated_at);
      if (!end.has_value()) return std::nullopt;
      last = last.has_value() ? std::max(*last, *end) : *end;
    }
    return last;
  }

  std::optional<absl::Time> EndOf(pb::TerminationScope scope) const {
    const std::optional<absl::Time> feature = Happened(events_.feature_terminated_at);
    if (scope == pb::FEATURE) return feature;
    const std::optional<absl::Time> hosting = HostingEnd();
    if (scope == pb::HOSTING || !feature.has_value()) return hosting;
    return hosting.has_value() ? std::min(*hosting, *feature) : feature;
  }

  Anchors AnchorsFor(std::optional<absl::Time> terminated) const {
    Anchors anchors;
    anchors.collected = record_.collected_at;
    anchors.created = record_.created_at.value_or(record_.collected_at);
    anchors.terminated = terminated;
    anchors.requested = Happened(events_.deletion_requested_at);
    anchors.period_end = record_.period_end.has_value() ? record_.period_end : terminated;
    return anchors;
  }

  absl::Time WindowAfterDay(absl::CivilDay day) const {
    return days_.EndOfDay(days_.Add(day, policy_.data.purge_window_days()));
  }

  // Where the purge window after a period closes. A period that ends within a day has none.
  absl::Time WindowAfter(const PeriodEnd& period) const {
    return period.end == days_.EndOfDay(period.day) ? WindowAfterDay(period.day) : period.end;
  }

  // Where the last purge window before a bound opens: so many civil days before, or so many times 24 hours if the
  // bound is within a day.
  absl::Time WindowBefore(absl::Time bound) const {
    const int days = static_cast<int>(policy_.data.purge_window_days());
    const absl::CivilDay day = DayBefore(bound);
    if (bound != days_.EndOfDay(day)) return bound - absl::Hours(24) * days;
    return days_.StartOfDay(day + 1 - days);
  }

  // The last day that ends at or before `time`, or the one it lies in.
  absl::CivilDay DayBefore(absl::Time time) const { return days_.DayOf(time - absl::Nanoseconds(1)); }

  Bounds FromRetainRules(const pb::CategoryRules& rules) {
    Bounds bounds;
    for (const pb::RetainRule& rule : rules.retain()) {
      const std::optional<absl::Time> end = EndOf(rule.scope());
      if (rule.trigger() == pb::RetainRule::ALWAYS) {
        ApplyPeriods(rule, AnchorsFor(std::nullopt), Cited(rule.clauses()), &bounds);
      } else if (rule.trigger() == pb::RetainRule::IN_SERVICE) {
        if (!end.has_value()) ApplyInService(rule, &bounds);
      } else if (end.has_value()) {
        const std::string cited = Cited(rule.clauses());
        decision_.ended_at = std::min(decision_.ended_at.value_or(*end), *end);
        Step(cited, "the ", ScopeText(rule.scope()), " ended on ", Day(*end), ".");
        ApplyPeriods(rule, AnchorsFor(end), cited, &bounds);
      } else if (with_clauses_) {
        NoteIfEndedNow(rule);
      }
    }
    KeepWhatMustBeKept(&bounds);
    return bounds;
  }

  void ApplyInService(const pb::RetainRule& rule, Bounds* bounds) {
    const std::string cited = Cited(rule.clauses());
    const bool bounded = rule.has_last_day() || rule.has_not_after();
    Step(cited, "the ", ScopeText(rule.scope()), " is in use", bounded ? "." : ", so the data is kept.");
    ApplyPeriods(rule, AnchorsFor(std::nullopt), cited, bounds);
  }

  void ApplyPeriods(const pb::RetainRule& rule, const Anchors& anchors, const std::string& cited, Bounds* bounds) {
    if (const auto floor = End(rule.not_before(), anchors); floor.has_value()) {
      Step(cited, "not deleted before the end of ", floor->text, ".");
      bounds->not_before = std::max(bounds->not_before, floor->end);
    }
    if (const auto last = End(rule.last_day(), anchors); last.has_value()) {
      Step(cited, "last day kept is ", last->text, ".");
      if (rule.exact()) bounds->not_before = std::max(bounds->not_before, last->end);
      Earlier(WindowAfter(*last), last->day, WindowAfter(*last) > last->end ? last->end : WindowBefore(last->end),
              bounds);
    }
    if (const auto bound = End(rule.not_after(), anchors); bound.has_value()) {
      Step(cited, "gone by the end of ", bound->text, ".");
      Earlier(bound->end, DayBefore(bound->end), WindowBefore(bound->end), bounds);
    }
  }

  // Rules may contradict each other for a record; what must be kept decides.
  void KeepWhatMustBeKept(Bounds* bounds) {
    bounds->due_from = std::max(bounds->due_from, bounds->not_before);
    if (!bounds->deadline.has_value() || bounds->not_before < *bounds->deadline) return;
    bounds->last_day = DayBefore(bounds->not_before);
    bounds->deadline = WindowAfterDay(*bounds->last_day);
    Step("What must be kept decides: last day kept is ", Day(bounds->not_before - absl::Nanoseconds(1)), ".");
  }

  void NoteIfEndedNow(const pb::RetainRule& rule) {
    const Anchors anchors = AnchorsFor(now_);
    const auto note = [&](const std::optional<PeriodEnd>& end, bool window, absl::string_view what) {
      if (!end.has_value()) return;
      const absl::Time deadline = window ? WindowAfter(*end) : end->end;
      auto& known = decision_.deadline_if_ended_now;
      known = known.has_value() ? std::min(*known, deadline) : deadline;
      Step(Cited(rule.clauses()), "if the ", ScopeText(rule.scope()), " ended now, ", what, " ", end->text, ".");
    };
    note(End(rule.last_day(), anchors), true, "the last day kept would be");
    note(End(rule.not_after(), anchors), false, "it would be gone by the end of");
  }

  static void Earlier(absl::Time deadline, absl::CivilDay day, absl::Time due_from, Bounds* bounds) {
    if (bounds->deadline.has_value() && *bounds->deadline <= deadline) return;
    bounds->deadline = deadline;
    bounds->last_day = day;
    bounds->due_from = due_from;
  }

  void ApplyRequest(const pb::CategoryRules& rules, Bounds* bounds) {
    const std::optional<absl::Time> requested = Happened(events_.deletion_requested_at);
    if (!requested.has_value()) return;
    for (const pb::RequestRule& rule : rules.on_request()) ApplyRequestRule(rule, *requested, bounds);
    if (!decision_.target.has_value() || !bounds->deadline.has_value()) return;
    decision_.target = std::min(*decision_.target, *bounds->deadline);
    Step("The operator aims at ", with_text_ ? absl::FormatTime(*decision_.target, policy_.zone) : "", ".");
  }

  void ApplyRequestRule(const pb::RequestRule& rule, absl::Time requested, Bounds* bounds) {
    const Anchors anchors = AnchorsFor(std::nullopt);
    const std::optional<PeriodEnd> latest = End(rule.not_after(), anchors);
    if (!latest.has_value()) return;
    const std::string cited = Cited(rule.clauses());
    Step(cited, "deletion was requested on ", Day(requested), "; last day for it is ", latest->text, ".");
    if (rule.restrict_at_once()) {
      decision_.restricted = true;
      Step(cited, "restricted from the request on.");
    }
    absl::Time not_before = requested;
    absl::Time closes = requested;
    if (const std::optional<PeriodEnd> floor = End(rule.not_before(), anchors); floor.has_value()) {
      Step(cited, "not deleted before ", floor->text, ".");
      not_before = floor->end;
      closes = WindowAfter(*floor);
    }
    absl::Time deadline = latest->end;
    absl::CivilDay day = DayBefore(latest->end);
    if (closes > deadline || not_before >= deadline) {
      day = DayBefore(not_before);
      deadline = closes > not_before ? closes : WindowAfterDay(day);
    }
    absl::Time due_from =
        std::max(not_before, requested + absl::Hours(policy_.data.service_levels().cooling_off_hours()));
    if (due_from >= deadline) due_from = std::max(not_before, WindowBefore(deadline));
    // Without an end, the request's own bounds count; else whichever lets the data go first.
    bounds->not_before = bounds->deadline.has_value() ? std::min(bounds->not_before, not_before) : not_before;
    if (bounds->deadline.has_value()) due_from = std::min(due_from, bounds->due_from);
    Earlier(deadline, day, due_from, bounds);
    bounds->due_from = due_from;
    const absl::Time aim =
        std::max(due_from, days_.EndOfDay(days_.DayOf(requested) + policy_.data.service_levels().request_days()));
    decision_.target = decision_.target.has_value() ? std::min(*decision_.target, aim) : aim;
  }

  void ApplyHolds(Bounds* bounds) {
    std::vector<const Hold*> holds;
    for (const Hold& hold : events_.holds) {
      if (hold.placed_at <= now_) holds.push_back(&hold);
    }
    if (holds.empty()) return;
    std::sort(holds.begin(), holds.end(), [](const Hold* a, const Hold* b) {
      return std::tie(a->placed_at, a->id) < std::tie(b->placed_at, b->id);
    });
    const std::string cited = with_clauses_ ? Cited(HoldClauses()) : "";
    for (const Hold* hold : holds) {
      const std::optional<absl::Time> released = Happened(hold->released_at);
      if (released.has_value()) {
        Release(*hold, *released, cited, bounds);
        continue;
      }
      decision_.held = true;
      Step(cited, "legal hold ", hold->id, " since ", Day(hold->placed_at),
           ": not deleted until it is released, then due the day after.");
    }
    if (!decision_.held) return;
    bounds->deadline.reset();
    bounds->last_day.reset();
  }

  void Release(const Hold& hold, absl::Time released, const std::string& cited, Bounds* bounds) {
    if (!bounds->deadline.has_value()) return;
    const absl::CivilDay after = days_.DayOf(released) + 1;
    if (days_.EndOfDay(after) <= *bounds->deadline) return;
    if (hold.placed_at >= *bounds->deadline) {
      Step(cited, "legal hold ", hold.id, " came when the data was overdue, and lengthens nothing.");
      return;
    }
    bounds->deadline = days_.EndOfDay(after);
    bounds->last_day = after - 1;
    Step(cited, "legal hold ", hold.id, " was released on ", Day(released), ": due by the end of ",
         with_text_ ? DayText(after) : "", ".");
  }

  std::vector<std::string> HoldClauses() const {
    std::vector<std::string> clauses;
    for (const pb::Override& rule : policy_.data.overrides()) {
      const bool covers = rule.categories().empty() || std::find(rule.categories().begin(), rule.categories().end(),
                                                                 record_.category) != rule.categories().end();
      if (rule.kind() == pb::Override::LEGAL_HOLD && covers) clauses.push_back(rule.clause());
    }
    return clauses;
  }

  void Conclude() {
    if (decision_.held || !with_text_) return;
    if (!decision_.deadline.has_value()) {
      Step("There is no date by which the data must be gone.");
      return;
    }
    const bool bounded = decision_.not_before != absl::InfinitePast();
    Step("Deleted ", bounded ? "between " : "before ",
         bounded ? absl::StrCat(absl::FormatTime(decision_.not_before, policy_.zone), " and ") : "",
         absl::FormatTime(*decision_.deadline, policy_.zone), ".");
  }

  static absl::string_view ScopeText(pb::TerminationScope scope) {
    if (scope == pb::HOSTING) return "hosting service";
    return scope == pb::FEATURE ? "feature" : "hosting service or feature";
  }

  const RetentionPolicy& policy_;
  const RecordFacts& record_;
  const TenantEvents& events_;
  const absl::Time now_;
  const ZoneDays& days_;
  const bool with_text_;
  const bool with_clauses_;
  RetentionDecision decision_;
};

}  // namespace

RetentionDecision Evaluate(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events,
                           absl::Time now, Detail detail) {
  return Evaluate(policy, record, events, now, detail, ZoneDays(policy.zone));
}

RetentionDecision Evaluate(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events,
                           absl::Time now, Detail detail, const ZoneDays& days) {
  return Evaluation(policy, record, events, now, detail, days).Run();
}

}  // namespace rollcall

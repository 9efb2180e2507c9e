#include "backend/retention/retention_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/period.h"

namespace rollcall {
namespace {

// Bounds on the deletion of a record.
struct Bounds {
  absl::Time not_before = absl::InfinitePast();
  std::optional<absl::CivilDay> last_day;
  std::optional<absl::Time> deadline;
};

class Evaluation {
 public:
  Evaluation(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events, absl::Time now)
      : policy_(policy), record_(record), events_(events), now_(now) {}

  RetentionDecision Run() {
    const pb::CategoryRules* rules = policy_.Find(record_.category);
    if (rules == nullptr) {
      decision_.not_before = absl::InfiniteFuture();
      decision_.restricted = true;
      Step("The agreement has no category ", pb::Category_Name(record_.category), ": kept, and not to be read.");
      return std::move(decision_);
    }
    Step("The record is ", pb::Category_Name(record_.category), ", last observed on ",
         DayText(DayOf(record_.collected_at, policy_.zone)), " (", policy_.zone.name(), ").");
    Bounds bounds = FromRetainRules(*rules);
    ApplyRequest(*rules, &bounds);
    ApplyHolds(&bounds);
    decision_.not_before = bounds.not_before;
    decision_.last_retained_day = bounds.last_day;
    decision_.deadline = bounds.deadline;
    Conclude();
    return std::move(decision_);
  }

 private:
  template <typename... Parts>
  void Step(const Parts&... parts) {
    decision_.steps.push_back(absl::StrCat(parts...));
  }

  void Cite(const std::string& clause) {
    auto& clauses = decision_.clauses;
    if (std::find(clauses.begin(), clauses.end(), clause) == clauses.end()) clauses.push_back(clause);
  }

  // `R3, R1: `; notes the clauses.
  template <typename Ids>
  std::string Cited(const Ids& ids) {
    std::string text;
    for (const std::string& id : ids) {
      Cite(id);
      absl::StrAppend(&text, text.empty() ? "" : ", ", id);
    }
    return absl::StrCat(text, ": ");
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

  // Where the purge window after a period closes. A period that ends within a day has none.
  absl::Time WindowAfter(const PeriodEnd& period) const {
    if (period.end != EndOfDay(period.day, policy_.zone)) return period.end;
    return StartOfDay(period.day + 1 + policy_.data.purge_window_days(), policy_.zone);
  }

  Bounds FromRetainRules(const pb::CategoryRules& rules) {
    Bounds bounds;
    for (const pb::RetainRule& rule : rules.retain()) {
      const std::optional<absl::Time> end = EndOf(rule.scope());
      if (rule.trigger() == pb::RetainRule::IN_SERVICE) {
        if (!end.has_value()) ApplyInService(rule, &bounds);
      } else if (end.has_value()) {
        ApplyTermination(rule, *end, &bounds);
      } else if (rule.has_last_day()) {
        NoteIfEndedNow(rule);
      }
    }
    // Rules may contradict each other for a record; what must be kept decides.
    if (bounds.deadline.has_value() && *bounds.deadline <= bounds.not_before) {
      const absl::CivilDay day = DayOf(bounds.not_before - absl::Nanoseconds(1), policy_.zone);
      bounds.last_day = day;
      bounds.deadline = StartOfDay(day + 1 + policy_.data.purge_window_days(), policy_.zone);
    }
    return bounds;
  }

  void ApplyInService(const pb::RetainRule& rule, Bounds* bounds) {
    const std::string cited = Cited(rule.clauses());
    Step(cited, "the ", ScopeText(rule.scope()), " is in use, so the data is kept.");
    const std::optional<PeriodEnd> floor = EvaluatePeriod(rule.not_before(), AnchorsFor(std::nullopt), policy_);
    if (!floor.has_value()) return;
    Step(cited, "not deleted before the end of ", floor->text, ".");
    bounds->not_before = std::max(bounds->not_before, floor->end);
  }

  void ApplyTermination(const pb::RetainRule& rule, absl::Time end, Bounds* bounds) {
    const std::string cited = Cited(rule.clauses());
    Step(cited, "the ", ScopeText(rule.scope()), " ended on ", DayText(DayOf(end, policy_.zone)), ".");
    const Anchors anchors = AnchorsFor(end);
    if (const auto floor = EvaluatePeriod(rule.not_before(), anchors, policy_); floor.has_value()) {
      Step(cited, "not deleted before the end of ", floor->text, ".");
      bounds->not_before = std::max(bounds->not_before, floor->end);
    }
    const std::optional<PeriodEnd> last = EvaluatePeriod(rule.last_day(), anchors, policy_);
    if (!last.has_value()) return;
    Step(cited, "last day kept is ", last->text, ".");
    if (rule.exact()) bounds->not_before = std::max(bounds->not_before, last->end);
    Earlier(WindowAfter(*last), last->day, bounds);
  }

  void NoteIfEndedNow(const pb::RetainRule& rule) {
    const std::optional<PeriodEnd> last = EvaluatePeriod(rule.last_day(), AnchorsFor(now_), policy_);
    if (!last.has_value()) return;
    const absl::Time deadline = WindowAfter(*last);
    auto& known = decision_.deadline_if_ended_now;
    known = known.has_value() ? std::min(*known, deadline) : deadline;
    Step(Cited(rule.clauses()), "if the ", ScopeText(rule.scope()), " ended now, the last day kept would be ",
         last->text, ".");
  }

  static void Earlier(absl::Time deadline, absl::CivilDay day, Bounds* bounds) {
    if (bounds->deadline.has_value() && *bounds->deadline <= deadline) return;
    bounds->deadline = deadline;
    bounds->last_day = day;
  }

  void ApplyRequest(const pb::CategoryRules& rules, Bounds* bounds) {
    const std::optional<absl::Time> requested = Happened(events_.deletion_requested_at);
    if (!requested.has_value()) return;
    const Anchors anchors = AnchorsFor(std::nullopt);
    for (const pb::RequestRule& rule : rules.on_request()) {
      const std::optional<PeriodEnd> latest = EvaluatePeriod(rule.not_after(), anchors, policy_);
      if (!latest.has_value()) continue;
      const std::string cited = Cited(rule.clauses());
      Step(cited, "deletion was requested on ", DayText(DayOf(*requested, policy_.zone)), "; last day for it is ",
           latest->text, ".");
      if (rule.restrict_at_once()) {
        decision_.restricted = true;
        Step(cited, "restricted from the request on.");
      }
      const std::optional<PeriodEnd> floor = EvaluatePeriod(rule.not_before(), anchors, policy_);
      absl::Time not_before = *requested;
      absl::Time deadline = latest->end;
      absl::CivilDay day = latest->day;
      if (floor.has_value()) {
        Step(cited, "not deleted before ", floor->text, ".");
        not_before = floor->end;
        if (WindowAfter(*floor) > deadline) {
          deadline = WindowAfter(*floor);
          day = floor->day;
        }
      }
      // Without an end, the request's own bounds count; else whichever lets the data go first.
      bounds->not_before = bounds->deadline.has_value() ? std::min(bounds->not_before, not_before) : not_before;
      Earlier(deadline, day, bounds);
    }
  }

  void ApplyHolds(Bounds* bounds) {
    std::vector<Hold> holds = events_.holds;
    std::sort(holds.begin(), holds.end(), [](const Hold& a, const Hold& b) { return a.id < b.id; });
    for (const Hold& hold : holds) {
      if (hold.placed_at > now_) continue;
      const std::optional<absl::Time> released = Happened(hold.released_at);
      const std::string cited = Cited(HoldClauses());
      if (!released.has_value()) {
        decision_.held = true;
        Step(cited, "legal hold ", hold.id, " since ", DayText(DayOf(hold.placed_at, policy_.zone)),
             ": not deleted until it is released, then due the day after.");
      } else if (bounds->deadline.has_value()) {
        const absl::CivilDay after = DayOf(*released, policy_.zone) + 1;
        if (EndOfDay(after, policy_.zone) <= *bounds->deadline) continue;
        bounds->deadline = EndOfDay(after, policy_.zone);
        bounds->last_day = after - 1;
        Step(cited, "legal hold ", hold.id, " was released on ", DayText(after - 1), ": due by the end of ",
             DayText(after), ".");
      }
    }
    if (!decision_.held) return;
    bounds->deadline.reset();
    bounds->last_day.reset();
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
    if (decision_.held) return;
    if (!decision_.deadline.has_value()) {
      Step("There is no date by which the data must be gone.");
      return;
    }
    Step("Deleted between ", absl::FormatTime(decision_.not_before, policy_.zone), " and ",
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
  RetentionDecision decision_;
};

}  // namespace

RetentionDecision Evaluate(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events,
                           absl::Time now) {
  return Evaluation(policy, record, events, now).Run();
}

}  // namespace rollcall

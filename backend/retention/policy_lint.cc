#include "backend/retention/policy_lint.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/policy_check.h"
#include "backend/retention/policy_words.h"
#include "backend/retention/worked_dates.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr absl::CivilDay kExampleEnd(2024, 1, 31);

// The events whose orders are tried.
enum class Happening { kHostingEnds, kFeatureEnds, kHostingReturns, kRequested, kHeld, kReleased };
constexpr int kHappenings = 6;

bool CountsHoursFrom(const pb::Expression& e, pb::Expression::Anchor anchor) {
  if (e.has_sum()) {
    if (e.sum().hours() != 0 && e.sum().of().anchor() == anchor) return true;
    return CountsHoursFrom(e.sum().of(), anchor);
  }
  for (const pb::Expression& of : e.has_max() ? e.max().of() : e.min().of()) {
    if (CountsHoursFrom(of, anchor)) return true;
  }
  return false;
}

class Linter {
 public:
  Linter(const RetentionPolicy& policy, absl::CivilDay today) : policy_(policy), today_(today) {}

  pb::PolicyLintReport Run() {
    DescribeHeader();
    CheckWhole();
    for (const pb::CategoryRules& rules : policy_.data.categories()) {
      category_ = rules.category();
      for (const std::string& sentence : RulesInWords(rules)) {
        report_.add_rules(absl::StrCat(CategoryInWords(category_), ". ", sentence));
      }
      for (const Example& example : StandardExamples()) {
        *report_.add_worked_dates() = WorkExample(policy_, category_, example);
      }
      CheckOrders();
      CheckHorizon(rules);
      CheckCategory(rules);
    }
    return std::move(report_);
  }

 private:
  template <typename... Parts>
  void Find(pb::FindingLevel level, const Parts&... parts) {
    pb::PolicyFinding* finding = report_.add_findings();
    finding->set_level(level);
    finding->set_category(category_);
    finding->set_text(absl::StrCat(parts...));
  }

  void DescribeHeader() {
    report_.set_policy_id(policy_.data.id());
    report_.set_policy_version(policy_.data.version());
    report_.set_policy_hash(policy_.hash);
    report_.set_title(policy_.data.title());
    report_.set_zone(policy_.data.zone());
    if (policy_.data.calendar().empty()) return;
    report_.set_calendar(absl::StrCat(policy_.calendar.id(), ", version ", policy_.calendar.version()));
  }

  void CheckWhole() {
    const pb::Policy& data = policy_.data;
    if (data.effective_from().empty()) Find(pb::FINDING_NOTE, "it does not say from when it applies");
    if (data.region() == pb::Policy::REGION_RULE_UNSPECIFIED) {
      Find(pb::FINDING_ERROR, "it does not say in which region the stores must be");
    }
    if (!data.subprocessors().from_base() && data.subprocessors().names().empty()) {
      Find(pb::FINDING_WARNING, "it names no sub-processors and no base agreement that does");
    }
    if (data.subprocessors().from_base() && data.base().empty()) {
      Find(pb::FINDING_ERROR, "its sub-processors are those of a base agreement, and it names none");
    }
    if (data.overrides().empty())
      Find(pb::FINDING_NOTE, "no clause allows a legal hold; one that is placed holds all the same");
    if (!data.not_covered().empty()) {
      Find(pb::FINDING_NOTE, data.not_covered_size(), " elements are not covered, so they may not be collected");
    }
    if (CountsWorkingDays(data)) CheckCalendar();
  }

  void CheckCalendar() {
    const absl::CivilYear next = absl::CivilYear(today_) + 1;
    for (const absl::CivilYear year : {absl::CivilYear(today_), next}) {
      if (policy_.calendar.Knows(year)) continue;
      Find(year == next ? pb::FINDING_NOTE : pb::FINDING_WARNING, "calendar ", policy_.data.calendar(),
           " does not know ", year.year(), ": every day of it counts as a working day");
    }
  }

  // The timeline after some of the happenings, `pace` days apart, in the order of `order`.
  TenantTimeline After(const std::vector<Happening>& order, int pace) const {
    TenantTimeline timeline;
    timeline.hosting["example"] = {};
    absl::CivilDay day = kExampleEnd;
    const auto noon = [&] { return absl::FromCivil(absl::CivilHour(day) + 12, policy_.zone); };
    for (const Happening happening : order) {
      switch (happening) {
        case Happening::kHostingEnds:
          timeline.hosting["example"].ended_at = noon();
          break;
        case Happening::kFeatureEnds:
          timeline.feature.ended_at = noon();
          break;
        case Happening::kHostingReturns:
          timeline.hosting["example"].ended_at.reset();
          break;
        case Happening::kRequested:
          timeline.requests.push_back({"request", noon(), Selection()});
          break;
        case Happening::kHeld:
          timeline.holds.push_back({"hold", noon(), std::nullopt, Selection()});
          break;
        case Happening::kReleased:
          if (!timeline.holds.empty()) timeline.holds[0].lifted_at = noon();
          break;
      }
      day += pace;
    }
    timeline.now = noon();
    return timeline;
  }

  void CheckOrders() {
    orders_fail_ = false;
    std::vector<Happening> order;
    std::array<bool, kHappenings> used = {};
    for (const int pace : {1, 40}) {
      for (const int age : {1, 170, 400}) TryOrders(pace, kExampleEnd - age, &order, &used);
    }
  }

  void TryOrders(int pace, absl::CivilDay collected, std::vector<Happening>* order,
                 std::array<bool, kHappenings>* used) {
    if (orders_fail_) return;  // one example is enough
    Bucket bucket;
    bucket.key = {"example", category_, collected};
    const RetentionDecision dates = EvaluateBucket(policy_, bucket, After(*order, pace), Detail::kDates).dates;
    if (dates.deadline.has_value() && (dates.not_before >= *dates.deadline || dates.due_from < dates.not_before)) {
      orders_fail_ = true;
      return Find(pb::FINDING_ERROR, "what was collected on ", DayText(collected),
                  " could not be deleted in time after ", order->size(), " events");
    }
    for (int i = 0; i < kHappenings; ++i) {
      if ((*used)[static_cast<size_t>(i)]) continue;
      (*used)[static_cast<size_t>(i)] = true;
      order->push_back(static_cast<Happening>(i));
      TryOrders(pace, collected, order, used);
      order->pop_back();
      (*used)[static_cast<size_t>(i)] = false;
    }
  }

  // Days from `from` to the end of what an example may be kept; unset without an end.
  std::optional<int64_t> KeptFor(const Example& example, absl::CivilDay from) const {
    const RetentionDecision dates = DecideExample(policy_, category_, example).dates;
    if (!dates.deadline.has_value()) return std::nullopt;
    return DayOf(*dates.deadline - absl::Nanoseconds(1), policy_.zone) - from;
  }

  void CheckHorizon(const pb::CategoryRules& rules) {
    const auto in_use = KeptFor({"", kExampleEnd, {}, {}, {}, {}}, kExampleEnd);
    if (in_use.has_value()) {
      Find(pb::FINDING_NOTE, "while in use, gone at the latest ", *in_use, " days after it was collected");
    } else {
      Find(pb::FINDING_NOTE, "while in use, kept without end");
    }
    int64_t longest = 0;
    bool bounded = true;
    // Any day of a leap year may be the last; months differ.
    for (absl::CivilDay end(2024, 1, 1); end <= absl::CivilDay(2024, 12, 31) && bounded; ++end) {
      for (const int age : {0, 1, 150, 400}) {
        const auto kept = KeptFor({"", end - age, end, {}, {}, {}}, end);
        bounded = bounded && kept.has_value();
        longest = std::max(longest, kept.value_or(0));
      }
    }
    if (bounded)
      Find(pb::FINDING_NOTE, "gone at the latest ", longest, " days after the end of use, unless it is held");
    if (!bounded && rules.kept_until_request()) Find(pb::FINDING_NOTE, "after the end of use, kept until a request");
    if (!bounded && !rules.kept_until_request()) Find(pb::FINDING_ERROR, "after the end of use, kept without end");
  }

  void CheckCategory(const pb::CategoryRules& rules) {
    if (rules.on_request().empty()) Find(pb::FINDING_WARNING, "a request for deletion has no effect");
    for (const pb::RequestRule& rule : rules.on_request()) CheckRequestRule(rule);
    bool minimum = false;
    bool hours = false;
    for (const pb::RetainRule& rule : rules.retain()) {
      minimum |= rule.has_not_before() && rule.trigger() != pb::RetainRule::TERMINATED;
      for (const auto anchor : {pb::Expression::COLLECTED, pb::Expression::CREATED}) {
        hours |= CountsHoursFrom(rule.not_after(), anchor) || CountsHoursFrom(rule.last_day(), anchor);
      }
    }
    if (hours)
      Find(pb::FINDING_WARNING, "hours from collection are counted from the end of its day: data is deleted by days");
    if (minimum) CheckRequestAgainstMinimum();
    for (const pb::ArchiveRule& archive : rules.archives()) {
      if (!archive.temporary()) Find(pb::FINDING_WARNING, "an archive is not temporary, though it is emptied as well");
    }
  }

  void CheckRequestRule(const pb::RequestRule& rule) {
    if (!rule.restrict_at_once()) Find(pb::FINDING_NOTE, "data is still read after its deletion was requested");
    const Example example = {"", kExampleEnd, std::nullopt, kExampleEnd, std::nullopt, std::nullopt};
    const auto kept = KeptFor(example, kExampleEnd);
    const int64_t aim = policy_.data.service_levels().request_days();
    if (aim == 0) Find(pb::FINDING_NOTE, "there is no service level for requests");
    if (kept.has_value() && aim > *kept) {
      Find(pb::FINDING_WARNING, "the service level of ", aim, " days is longer than the ", *kept,
           " days that are allowed");
    }
  }

  void CheckRequestAgainstMinimum() {
    const Example kept = {"", kExampleEnd, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
    Example requested = kept;
    requested.requested = kExampleEnd;
    const absl::Time without = DecideExample(policy_, category_, kept).dates.not_before;
    if (DecideExample(policy_, category_, requested).dates.not_before < without) {
      Find(pb::FINDING_NOTE, "a request undercuts the minimum");
    } else {
      Find(pb::FINDING_NOTE, "the minimum holds against a request");
    }
  }

  const RetentionPolicy& policy_;
  const absl::CivilDay today_;
  pb::Category category_ = pb::CATEGORY_UNSPECIFIED;
  bool orders_fail_ = false;
  pb::PolicyLintReport report_;
};

}  // namespace

pb::PolicyLintReport LintPolicy(const RetentionPolicy& policy, absl::CivilDay today) {
  return Linter(policy, today).Run();
}

bool HasErrors(const pb::PolicyLintReport& report) {
  return std::any_of(report.findings().begin(), report.findings().end(),
                     [](const pb::PolicyFinding& finding) { return finding.level() == pb::FINDING_ERROR; });
}

}  // namespace rollcall

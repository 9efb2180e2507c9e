#include "backend/retention/policy_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

constexpr int kMaxExpressionDepth = 16;
constexpr size_t kMaxZoneName = 64;
constexpr uint32_t kMaxWindowDays = 366;
constexpr uint32_t kMaxServiceLevelDays = 3660;

// Whether `name` is one of the tz database, such as `Asia/Shanghai`. What else the library takes, such as
// `localtime`, `libc:` or a path out of its folder, means something else on every machine.
bool IsZoneName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxZoneName || name == "localtime") return false;
  if (!absl::ascii_isalpha(name.front()) || absl::StrContains(name, "..")) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || absl::StrContains("/_+-", c); });
}

class Checker {
 public:
  explicit Checker(const pb::Policy& policy) : policy_(policy) {}

  std::vector<PolicyProblem> Run() {
    CheckHeader();
    for (const pb::Clause& clause : policy_.clauses()) CheckClause(clause);
    for (category_ = 0; category_ < policy_.categories_size(); ++category_) {
      CheckCategory(policy_.categories(category_));
    }
    category_ = -1;
    CheckElementsAreComplete();
    CheckServiceLevels(policy_.service_levels());
    for (const pb::Override& rule : policy_.overrides()) NeedClause(rule.clause(), "override");
    for (const std::string& clause : policy_.special().clauses()) NeedClause(clause, "special");
    return std::move(problems_);
  }

 private:
  template <typename... Parts>
  void Report(const Parts&... parts) {
    problems_.push_back({category_, absl::StrCat(parts...)});
  }

  void CheckHeader() {
    if (policy_.id().empty()) Report("policy has no id");
    if (policy_.version() == 0) Report("policy has no version");
    absl::TimeZone zone;
    if (!IsZoneName(policy_.zone()) || !absl::LoadTimeZone(policy_.zone(), &zone)) {
      Report("zone \"", policy_.zone(), "\" is not known");
    }
    absl::CivilDay day;
    if (!policy_.effective_from().empty() && !ParseDay(policy_.effective_from(), &day)) {
      Report("effective_from \"", policy_.effective_from(), "\" is no day");
    }
    if (policy_.purge_window_days() == 0) Report("purge_window_days is 0: nothing could be deleted in time");
    if (policy_.purge_window_days() > kMaxWindowDays) Report("purge_window_days is more than a year");
    if (policy_.categories().empty()) Report("policy has no categories");
    if (CountsWorkingDays(policy_)) {
      if (policy_.calendar().empty()) Report("a rule counts working days and the policy names no calendar");
      if (policy_.unknown_calendar_year() != pb::Policy::EVERY_DAY_WORKS) Report("unknown_calendar_year is not set");
    }
  }

  void CheckServiceLevels(const pb::ServiceLevels& levels) {
    if (levels.request_days() > kMaxServiceLevelDays) Report("request_days is more than ten years");
    if (uint64_t{levels.cooling_off_hours()} > uint64_t{levels.request_days()} * 24) {
      Report("cooling_off_hours is longer than request_days: the service level could not be met");
    }
  }

  void CheckClause(const pb::Clause& clause) {
    if (clause.id().empty()) Report("clause has no id");
    if (clause.text().empty()) Report("clause ", clause.id(), " has no text");
    if (!clauses_.insert(clause.id()).second) Report("clause ", clause.id(), " stands twice");
  }

  void NeedClause(const std::string& id, absl::string_view what) {
    if (!clauses_.contains(id)) Report(what, " names clause \"", id, "\", which does not exist");
  }

  template <typename Ids>
  void NeedClauses(const Ids& ids, absl::string_view what) {
    if (ids.empty()) Report(what, " rule names no clause");
    for (const std::string& id : ids) NeedClause(id, what);
  }

  void CheckCategory(const pb::CategoryRules& rules) {
    const std::string name = pb::Category_Name(rules.category());
    if (rules.category() == pb::CATEGORY_UNSPECIFIED) Report("category is not set");
    if (!categories_.insert(rules.category()).second) Report(name, " stands twice");
    if (rules.elements().empty() && rules.settings().empty()) Report(name, " has neither elements nor settings");
    if (rules.purposes().empty()) Report(name, " has no purposes");
    if (rules.stores().empty()) Report(name, " has no store");
    for (const int element : rules.elements()) {
      const auto [it, is_new] = element_category_.emplace(element, rules.category());
      if (!is_new) {
        Report("element ", pb::Element_Name(static_cast<pb::Element>(element)), " is in ", name, " and in ",
               pb::Category_Name(static_cast<pb::Category>(it->second)));
      }
    }
    for (const pb::StoreRule& store : rules.stores()) {
      if (store.kind() == pb::StoreRule::KIND_UNSPECIFIED) Report("store of ", name, " has no kind");
      NeedClause(store.clause(), "store");
    }
    for (const pb::ShareRule& share : rules.shares()) {
      if (share.recipient().empty()) Report("share of ", name, " has no recipient");
      if (share.purpose() == pb::PURPOSE_UNSPECIFIED) Report("share of ", name, " has no purpose");
      NeedClause(share.clause(), "share");
    }
    for (const pb::ArchiveRule& archive : rules.archives()) CheckArchive(rules, archive);
    CheckPeriods(rules, name);
  }

  void CheckArchive(const pb::CategoryRules& rules, const pb::ArchiveRule& archive) {
    const std::string name = pb::Category_Name(rules.category());
    if (archive.kind() == pb::ArchiveRule::KIND_UNSPECIFIED) Report("archive of ", name, " has no kind");
    if (rules.category() == pb::CONSOLE_CONFIG && archive.clause().empty()) {
      Report(name, " may not go to an archive unless a clause allows it");
      return;
    }
    NeedClause(archive.clause(), "archive");
  }

  void CheckPeriods(const pb::CategoryRules& rules, const std::string& name) {
    bool ends = false;
    for (const pb::RetainRule& rule : rules.retain()) {
      CheckRetainRule(rule, name);
      if (rule.trigger() != pb::RetainRule::IN_SERVICE && (rule.has_last_day() || rule.has_not_after())) ends = true;
    }
    if (rules.kept_until_request()) {
      if (ends) Report(name, " is kept_until_request and has an end as well");
      if (rules.on_request().empty()) Report(name, " is kept_until_request and has no on_request rule");
    } else if (!ends) {
      Report(name, " has no last_day or not_after after termination: it would be kept for ever");
    }
    for (const pb::RequestRule& rule : rules.on_request()) CheckRequestRule(rule, name);
  }

  void CheckRetainRule(const pb::RetainRule& rule, const std::string& name) {
    NeedClauses(rule.clauses(), "retain");
    const bool always = rule.trigger() == pb::RetainRule::ALWAYS;
    if (rule.trigger() == pb::RetainRule::TRIGGER_UNSPECIFIED) Report("retain rule of ", name, " has no trigger");
    if (rule.scope() == pb::TERMINATION_SCOPE_UNSPECIFIED && !always) Report("retain rule of ", name, " has no scope");
    const bool terminated = rule.trigger() == pb::RetainRule::TERMINATED;
    if (rule.has_not_before()) CheckExpression(rule.not_before(), terminated, false, 0);
    if (rule.has_last_day()) CheckExpression(rule.last_day(), terminated, false, 0);
    if (rule.has_not_after()) CheckExpression(rule.not_after(), terminated, false, 0);
    if (rule.not_after().has_anchor()) Report("not_after of ", name, " is the event itself: nothing could be in time");
    if (rule.exact() && !rule.has_last_day()) Report("exact retain rule of ", name, " has no last_day");
  }

  void CheckRequestRule(const pb::RequestRule& rule, const std::string& name) {
    NeedClauses(rule.clauses(), "on_request");
    if (rule.combine() != pb::RequestRule::EARLIEST) Report("on_request rule of ", name, " does not combine EARLIEST");
    if (rule.has_not_before()) CheckExpression(rule.not_before(), false, true, 0);
    if (!rule.has_not_after()) return Report("on_request rule of ", name, " has no not_after");
    CheckExpression(rule.not_after(), false, true, 0);
    if (rule.not_after().has_anchor()) Report("not_after of ", name, " is the event itself: nothing could be in time");
  }

  void CheckExpression(const pb::Expression& e, bool terminated, bool requested, int depth) {
    if (depth > kMaxExpressionDepth) return Report("period is nested too deeply");
    switch (e.form_case()) {
      case pb::Expression::kAnchor:
        if (e.anchor() == pb::Expression::ANCHOR_UNSPECIFIED) Report("anchor is not set");
        if (e.anchor() == pb::Expression::TERMINATED && !terminated) Report("TERMINATED where nothing has ended");
        if (e.anchor() == pb::Expression::REQUESTED && !requested) Report("REQUESTED where nothing is requested");
        return;
      case pb::Expression::kSum: {
        const int units =
            (e.sum().days() != 0) + (e.sum().months() != 0) + (e.sum().working_days() != 0) + (e.sum().hours() != 0);
        if (units != 1) Report("sum needs one of days, months, working_days and hours");
        // A century: far beyond any agreement, and far from overflow.
        if (e.sum().days() > 36525 || e.sum().months() > 1200 || e.sum().working_days() > 36525 ||
            e.sum().hours() > 876600) {
          Report("period is longer than a century");
        }
        return CheckExpression(e.sum().of(), terminated, requested, depth + 1);
      }
      case pb::Expression::kMax:
      case pb::Expression::kMin: {
        const pb::Expression::Choice& choice = e.has_max() ? e.max() : e.min();
        if (choice.of_size() < 2) Report("max and min need two or more periods");
        for (const pb::Expression& of : choice.of()) CheckExpression(of, terminated, requested, depth + 1);
        return;
      }
      case pb::Expression::FORM_NOT_SET:
        return Report("period is empty");
    }
  }

  void CheckElementsAreComplete() {
    for (const int element : policy_.not_covered()) {
      const std::string& name = pb::Element_Name(static_cast<pb::Element>(element));
      const auto [it, is_new] = element_category_.emplace(element, pb::CATEGORY_UNSPECIFIED);
      if (is_new) continue;
      const auto category = static_cast<pb::Category>(it->second);
      Report("element ", name, " is not_covered and ",
             category == pb::CATEGORY_UNSPECIFIED ? "stands there twice" : "in " + pb::Category_Name(category));
    }
    const auto* elements = pb::Element_descriptor();
    for (int i = 0; i < elements->value_count(); ++i) {
      const int number = elements->value(i)->number();
      if (number != pb::ELEMENT_UNSPECIFIED && !element_category_.contains(number)) {
        Report("element ", elements->value(i)->name(), " is in no category and not in not_covered");
      }
    }
    if (element_category_.contains(pb::ELEMENT_UNSPECIFIED)) Report("element is not set");
  }

  const pb::Policy& policy_;
  int category_ = -1;
  std::set<std::string> clauses_;
  std::set<int> categories_;
  std::map<int, int> element_category_;
  std::vector<PolicyProblem> problems_;
};

bool CountsWorkingDays(const pb::Expression& e) {
  if (e.has_sum()) return e.sum().working_days() != 0 || CountsWorkingDays(e.sum().of());
  for (const pb::Expression& of : e.has_max() ? e.max().of() : e.min().of()) {
    if (CountsWorkingDays(of)) return true;
  }
  return false;
}

}  // namespace

std::vector<PolicyProblem> CheckPolicy(const pb::Policy& policy) { return Checker(policy).Run(); }

bool CountsWorkingDays(const pb::Policy& policy) {
  for (const pb::CategoryRules& rules : policy.categories()) {
    for (const pb::RetainRule& rule : rules.retain()) {
      if (CountsWorkingDays(rule.not_before()) || CountsWorkingDays(rule.last_day()) ||
          CountsWorkingDays(rule.not_after())) {
        return true;
      }
    }
    for (const pb::RequestRule& rule : rules.on_request()) {
      if (CountsWorkingDays(rule.not_before()) || CountsWorkingDays(rule.not_after())) return true;
    }
  }
  return false;
}

}  // namespace rollcall

#include "backend/retention/policy_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace rollcall {
namespace {

std::string AnchorInWords(pb::Expression::Anchor anchor, pb::TerminationScope scope) {
  switch (anchor) {
    case pb::Expression::COLLECTED:
      return "it was collected";
    case pb::Expression::TERMINATED:
      return absl::StrCat("the end of the ", ScopeInWords(scope));
    case pb::Expression::REQUESTED:
      return "the request";
    case pb::Expression::PERIOD_END:
      return "the end of the paid period";
    case pb::Expression::CREATED:
      return "it was stored";
    default:
      return "an unknown event";
  }
}

std::string Count(uint32_t count, absl::string_view unit) {
  return absl::StrCat(count, " ", unit, count == 1 ? "" : "s");
}

std::string LengthInWords(const pb::Expression::Sum& sum) {
  if (sum.days() != 0) return Count(sum.days(), "day");
  if (sum.months() != 0) return Count(sum.months(), "month");
  if (sum.working_days() != 0) return Count(sum.working_days(), "working day");
  return Count(sum.hours(), "hour");
}

template <typename Ids>
std::string Cited(const Ids& clauses) {
  return clauses.empty() ? "." : absl::StrCat(" (", absl::StrJoin(clauses, ", "), ").");
}

}  // namespace

std::string ScopeInWords(pb::TerminationScope scope) {
  if (scope == pb::HOSTING) return "hosting service";
  return scope == pb::FEATURE ? "feature" : "hosting service or the feature";
}

std::string CategoryInWords(pb::Category category) {
  if (category == pb::CATEGORY_UNSPECIFIED) return "agreement";
  return absl::AsciiStrToLower(absl::StrReplaceAll(pb::Category_Name(category), {{"_", " "}}));
}

std::string PeriodInWords(const pb::Expression& period, pb::TerminationScope scope) {
  switch (period.form_case()) {
    case pb::Expression::kAnchor:
      return AnchorInWords(period.anchor(), scope);
    case pb::Expression::kSum: {
      const pb::Expression& of = period.sum().of();
      const bool plain = of.has_anchor();
      return absl::StrCat(LengthInWords(period.sum()), " after ", plain ? "" : "(", PeriodInWords(of, scope),
                          plain ? "" : ")");
    }
    case pb::Expression::kMax:
    case pb::Expression::kMin: {
      const pb::Expression::Choice& choice = period.has_max() ? period.max() : period.min();
      std::vector<std::string> parts;
      for (const pb::Expression& of : choice.of()) {
        const bool plain = !of.has_max() && !of.has_min();
        parts.push_back(absl::StrCat(plain ? "" : "(", PeriodInWords(of, scope), plain ? "" : ")"));
      }
      return absl::StrCat(period.has_max() ? "the later of " : "the earlier of ", absl::StrJoin(parts, " and "));
    }
    case pb::Expression::FORM_NOT_SET:
      return "no period";
  }
  return "no period";
}

std::string RuleInWords(const pb::RetainRule& rule) {
  std::string text = rule.trigger() == pb::RetainRule::IN_SERVICE
                         ? absl::StrCat("While the ", ScopeInWords(rule.scope()), " is in use")
                     : rule.trigger() == pb::RetainRule::TERMINATED
                         ? absl::StrCat("After the end of the ", ScopeInWords(rule.scope()))
                         : std::string("At any time");
  std::vector<std::string> parts;
  if (rule.has_not_before()) {
    parts.push_back(absl::StrCat("not deleted before ", PeriodInWords(rule.not_before(), rule.scope()), " is over"));
  }
  if (rule.has_last_day()) {
    parts.push_back(absl::StrCat(rule.exact() ? "kept through " : "kept at most through ",
                                 PeriodInWords(rule.last_day(), rule.scope()), ", then deleted"));
  }
  if (rule.has_not_after()) {
    parts.push_back(absl::StrCat("gone by the end of ", PeriodInWords(rule.not_after(), rule.scope())));
  }
  if (parts.empty()) parts.emplace_back("kept");
  return absl::StrCat(text, ": ", absl::StrJoin(parts, "; "), Cited(rule.clauses()));
}

std::string RuleInWords(const pb::RequestRule& rule) {
  std::string text = "On request: ";
  if (rule.restrict_at_once()) absl::StrAppend(&text, "read for legal purposes only from then on; ");
  const pb::TerminationScope none = pb::TERMINATION_SCOPE_UNSPECIFIED;
  if (rule.has_not_before() && !(rule.not_before().anchor() == pb::Expression::REQUESTED)) {
    absl::StrAppend(&text, "not deleted before ", PeriodInWords(rule.not_before(), none), " is over; ");
  }
  return absl::StrCat(text, "gone by the end of ", PeriodInWords(rule.not_after(), none), Cited(rule.clauses()));
}

std::vector<std::string> RulesInWords(const pb::CategoryRules& rules) {
  std::vector<std::string> sentences;
  for (const pb::RetainRule& rule : rules.retain()) sentences.push_back(RuleInWords(rule));
  if (rules.kept_until_request()) sentences.emplace_back("Kept until its deletion is requested.");
  for (const pb::RequestRule& rule : rules.on_request()) sentences.push_back(RuleInWords(rule));
  return sentences;
}

}  // namespace rollcall

#include "backend/retention/policy_diff.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/policy_words.h"
#include "backend/retention/worked_dates.h"

namespace rollcall {
namespace {

using Words = std::set<std::string>;

template <typename Values, typename ToText>
Words WordsOf(const Values& values, ToText to_text) {
  Words words;
  for (const auto& value : values) words.insert(to_text(value));
  return words;
}

std::string ShareText(const pb::ShareRule& share) {
  std::vector<std::string> elements;
  for (const int element : share.elements()) elements.push_back(pb::Element_Name(static_cast<pb::Element>(element)));
  return absl::StrCat(share.recipient(), " for ", pb::Purpose_Name(share.purpose()),
                      share.requires_grant() ? ", after authorisation" : "",
                      elements.empty() ? "" : absl::StrCat(", ", absl::StrJoin(elements, " ")));
}

std::string ArchiveText(const pb::ArchiveRule& archive) {
  return absl::StrCat(absl::AsciiStrToLower(pb::ArchiveRule::Kind_Name(archive.kind())),
                      archive.temporary() ? ", temporary" : "", ", begun within ", archive.start_within_hours(),
                      " hours");
}

std::string HoldText(const pb::Override& rule) {
  Words categories;
  for (const int category : rule.categories()) categories.insert(CategoryInWords(static_cast<pb::Category>(category)));
  return absl::StrCat(rule.clause(), categories.empty() ? "" : ", for ", absl::StrJoin(categories, ", "));
}

class Differ {
 public:
  Differ(const RetentionPolicy& before, const RetentionPolicy& after) : before_(before), after_(after) {}

  pb::PolicyDiffReport Run() {
    report_.set_old_policy(NameOf(before_));
    report_.set_new_policy(NameOf(after_));
    CompareWhole(before_.data, after_.data);
    for (int i = 1; i < pb::Category_descriptor()->value_count(); ++i) {
      category_ = static_cast<pb::Category>(pb::Category_descriptor()->value(i)->number());
      CompareCategory(before_.Find(category_), after_.Find(category_));
    }
    return std::move(report_);
  }

 private:
  static std::string NameOf(const RetentionPolicy& policy) {
    return absl::StrCat(policy.data.id(), " version ", policy.data.version());
  }

  template <typename... Parts>
  void Say(absl::string_view subject, pb::DifferenceDirection direction, const Parts&... parts) {
    pb::PolicyDifference* difference = report_.add_differences();
    difference->set_category(category_);
    difference->set_subject(std::string(subject));
    difference->set_direction(direction);
    difference->set_text(absl::StrCat(parts...));
  }

  // What is in one set and not in the other.
  void CompareSets(absl::string_view subject, const Words& before, const Words& after,
                   pb::DifferenceDirection if_added = pb::DIFFERENCE_MORE,
                   pb::DifferenceDirection if_removed = pb::DIFFERENCE_LESS) {
    for (const std::string& word : after) {
      if (before.count(word) == 0) Say(subject, if_added, "added: ", word);
    }
    for (const std::string& word : before) {
      if (after.count(word) == 0) Say(subject, if_removed, "removed: ", word);
    }
  }

  void CompareText(absl::string_view subject, const std::string& before, const std::string& after) {
    if (before == after) return;
    Say(subject, pb::DIFFERENCE_OTHER, before.empty() ? "none" : before, " becomes ", after.empty() ? "none" : after);
  }

  void CompareWhole(const pb::Policy& before, const pb::Policy& after) {
    CompareText("agreement", before.id(), after.id());
    CompareText("applies from", before.effective_from(), after.effective_from());
    CompareText("zone", before.zone(), after.zone());
    CompareText("calendar", CalendarText(before_), CalendarText(after_));
    CompareText("region", pb::Policy::RegionRule_Name(before.region()), pb::Policy::RegionRule_Name(after.region()));
    CompareText("precedence", pb::Policy::Precedence_Name(before.precedence()),
                pb::Policy::Precedence_Name(after.precedence()));
    CompareText("base", before.base(), after.base());
    CompareNumber("purge window", before.purge_window_days(), after.purge_window_days(), "days");
    CompareNumber("service level for requests", before.service_levels().request_days(),
                  after.service_levels().request_days(), "days");
    CompareText("cooling-off", absl::StrCat(before.service_levels().cooling_off_hours(), " hours"),
                absl::StrCat(after.service_levels().cooling_off_hours(), " hours"));
    CompareSubprocessors(before.subprocessors(), after.subprocessors());
    CompareSpecial(before.special(), after.special());
    CompareSets("legal holds", WordsOf(before.overrides(), HoldText), WordsOf(after.overrides(), HoldText),
                pb::DIFFERENCE_OTHER, pb::DIFFERENCE_OTHER);
    CompareClauses(before, after);
  }

  static std::string CalendarText(const RetentionPolicy& policy) {
    if (policy.data.calendar().empty()) return "";
    return absl::StrCat(policy.data.calendar(), " version ", policy.calendar.version());
  }

  void CompareNumber(absl::string_view subject, uint32_t before, uint32_t after, absl::string_view unit) {
    if (before == after) return;
    Say(subject, after > before ? pb::DIFFERENCE_MORE : pb::DIFFERENCE_LESS, before, " becomes ", after, " ", unit);
  }

  void CompareSubprocessors(const pb::Subprocessors& before, const pb::Subprocessors& after) {
    const auto self = [](const std::string& name) { return name; };
    Words old_names = WordsOf(before.names(), self);
    Words new_names = WordsOf(after.names(), self);
    if (before.from_base()) old_names.insert("those of the base agreement");
    if (after.from_base()) new_names.insert("those of the base agreement");
    CompareSets("sub-processor", old_names, new_names);
  }

  void CompareSpecial(const pb::SpecialConditions& before, const pb::SpecialConditions& after) {
    if (before.minimum_age_attestation() != after.minimum_age_attestation()) {
      Say("minimum age", pb::DIFFERENCE_OTHER,
          after.minimum_age_attestation() ? "has to be attested" : "is not attested any more");
    }
    CompareText("sensitive data", pb::SpecialConditions::SensitiveData_Name(before.sensitive_data()),
                pb::SpecialConditions::SensitiveData_Name(after.sensitive_data()));
  }

  void CompareClauses(const pb::Policy& before, const pb::Policy& after) {
    std::map<std::string, std::string> old_texts;
    for (const pb::Clause& clause : before.clauses()) old_texts[clause.id()] = clause.text();
    for (const pb::Clause& clause : after.clauses()) {
      const auto it = old_texts.find(clause.id());
      if (it == old_texts.end()) {
        Say("clause", pb::DIFFERENCE_OTHER, "added: ", clause.id());
      } else if (it->second != clause.text()) {
        Say("clause", pb::DIFFERENCE_OTHER, "reads differently: ", clause.id());
      }
      if (it != old_texts.end()) old_texts.erase(it);
    }
    for (const auto& [id, text] : old_texts) Say("clause", pb::DIFFERENCE_OTHER, "removed: ", id);
  }

  void CompareCategory(const pb::CategoryRules* before, const pb::CategoryRules* after) {
    if (before == nullptr && after == nullptr) return;
    if (before == nullptr) return Say("category", pb::DIFFERENCE_MORE, "added");
    if (after == nullptr) return Say("category", pb::DIFFERENCE_LESS, "removed: its data may not be read any more");
    const auto element = [](int e) { return pb::Element_Name(static_cast<pb::Element>(e)); };
    const auto purpose = [](int p) { return pb::Purpose_Name(static_cast<pb::Purpose>(p)); };
    const auto store = [](const pb::StoreRule& s) { return absl::AsciiStrToLower(pb::StoreRule::Kind_Name(s.kind())); };
    const auto self = [](const std::string& s) { return s; };
    CompareSets("element", WordsOf(before->elements(), element), WordsOf(after->elements(), element));
    CompareSets("setting", WordsOf(before->settings(), self), WordsOf(after->settings(), self));
    CompareSets("purpose", WordsOf(before->purposes(), purpose), WordsOf(after->purposes(), purpose));
    CompareSets("store", WordsOf(before->stores(), store), WordsOf(after->stores(), store));
    CompareSets("archive", WordsOf(before->archives(), ArchiveText), WordsOf(after->archives(), ArchiveText));
    CompareSets("share", WordsOf(before->shares(), ShareText), WordsOf(after->shares(), ShareText));
    const std::vector<std::string> old_rules = RulesInWords(*before);
    const std::vector<std::string> new_rules = RulesInWords(*after);
    CompareSets("rule", Words(old_rules.begin(), old_rules.end()), Words(new_rules.begin(), new_rules.end()),
                pb::DIFFERENCE_OTHER, pb::DIFFERENCE_OTHER);
    for (const Example& example : StandardExamples()) CompareExample(example);
  }

  void CompareExample(const Example& example) {
    const RetentionDecision before = DecideExample(before_, category_, example).dates;
    const RetentionDecision after = DecideExample(after_, category_, example).dates;
    const std::string what = absl::StrCat(example.words, ": ");
    if (before.deadline.has_value() && after.deadline.has_value()) {
      const int64_t days = *after.last_retained_day - *before.last_retained_day;
      if (days == 0) return;
      return Say("retention", days > 0 ? pb::DIFFERENCE_MORE : pb::DIFFERENCE_LESS, what, "kept ", std::abs(days),
                 std::abs(days) == 1 ? " day " : " days ", days > 0 ? "longer" : "shorter", " (", DayOf(before),
                 " becomes ", DayOf(after), ")");
    }
    if (before.deadline.has_value())
      return Say("retention", pb::DIFFERENCE_MORE, what, "kept without end, not until ", DayOf(before));
    if (after.deadline.has_value())
      return Say("retention", pb::DIFFERENCE_LESS, what, "kept until ", DayOf(after), ", not without end");
  }

  static std::string DayOf(const RetentionDecision& dates) { return absl::FormatCivilTime(*dates.last_retained_day); }

  const RetentionPolicy& before_;
  const RetentionPolicy& after_;
  pb::Category category_ = pb::CATEGORY_UNSPECIFIED;
  pb::PolicyDiffReport report_;
};

}  // namespace

pb::PolicyDiffReport DiffPolicies(const RetentionPolicy& before, const RetentionPolicy& after) {
  return Differ(before, after).Run();
}

}  // namespace rollcall

#include "backend/retention/policy_diff.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/retention/policy_words.h"
#include "cli/policy_command.h"

namespace rollcall {
namespace {

std::string DirectionText(pb::DifferenceDirection direction) {
  if (direction == pb::DIFFERENCE_MORE) return "more";
  return direction == pb::DIFFERENCE_LESS ? "less" : "other";
}

}  // namespace

absl::Status RunPolicyDiff(const CommandContext& context, const PolicyDiffArguments& arguments) {
  const auto before = LoadRetentionPolicy(arguments.before, arguments.calendars);
  if (!before.ok()) return before.status();
  const auto after = LoadRetentionPolicy(arguments.after, arguments.calendars);
  if (!after.ok()) return after.status();
  const pb::PolicyDiffReport report = DiffPolicies(*before, *after);
  Screen* screen = context.screen;
  if (screen->format() == OutputFormat::kJson) return screen->Json(report);
  std::vector<std::vector<std::string>> rows;
  for (const pb::PolicyDifference& d : report.differences()) {
    rows.push_back({DirectionText(d.direction()), CategoryInWords(d.category()), d.subject(), d.text()});
  }
  if (screen->format() == OutputFormat::kTable) {
    screen->Title(absl::StrCat("From ", report.old_policy(), " to ", report.new_policy()));
    if (rows.empty()) {
      screen->Line("  The rules are the same.");
      return absl::OkStatus();
    }
  }
  screen->Rows({"CHANGE", "OF", "WHAT", "HOW"}, rows);
  const bool more = std::any_of(report.differences().begin(), report.differences().end(),
                                [](const pb::PolicyDifference& d) { return d.direction() == pb::DIFFERENCE_MORE; });
  if (more && screen->format() == OutputFormat::kTable) {
    screen->Line("");
    screen->Line("What is more needs a notice to the customers before it applies.");
  }
  return absl::OkStatus();
}

}  // namespace rollcall

#include "backend/retention/policy_lint.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/policy_words.h"
#include "cli/policy_command.h"

namespace rollcall {
namespace {

void PrintHeader(Screen* screen, const pb::PolicyLintReport& report) {
  screen->Title(report.title().empty() ? report.policy_id() : report.title());
  screen->Line(absl::StrCat("  ", report.policy_id(), " version ", report.policy_version(), ", days of ", report.zone(),
                            report.calendar().empty() ? "" : absl::StrCat(", calendar ", report.calendar())));
  screen->Line("");
  screen->Title("Rules");
  for (const std::string& rule : report.rules()) screen->Line(absl::StrCat("  ", rule));
  screen->Line("");
}

void PrintWorkedDates(Screen* screen, const pb::PolicyLintReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const pb::WorkedDate& w : report.worked_dates()) {
    rows.push_back({CategoryInWords(w.category()), w.example(), w.collected(), w.ended(), w.requested(), w.not_before(),
                    w.due(), w.last_day(), w.gone_by(), absl::StrJoin(w.clauses(), ",")});
  }
  screen->Rows({"CATEGORY", "EXAMPLE", "COLLECTED", "ENDED", "REQUESTED", "NOT BEFORE", "DELETED FROM", "LAST DAY KEPT",
                "GONE BY END OF", "CLAUSES"},
               rows);
}

void PrintFindings(Screen* screen, const pb::PolicyLintReport& report) {
  screen->Line("");
  screen->Title("Findings");
  for (const pb::PolicyFinding& finding : report.findings()) {
    const bool error = finding.level() == pb::FINDING_ERROR;
    const bool warning = finding.level() == pb::FINDING_WARNING;
    const std::string level = error     ? screen->Paint("error", Color::kRed)
                              : warning ? screen->Paint("warning", Color::kYellow)
                                        : std::string("note");
    screen->Raw(absl::StrCat("  ", level, ": ", Printable(CategoryInWords(finding.category())), ": ",
                             Printable(finding.text()), "\n"));
  }
}

}  // namespace

absl::Status RunPolicyLint(const CommandContext& context, const PolicyLintArguments& arguments) {
  const auto policy = LoadRetentionPolicy(arguments.file, arguments.calendars);
  if (!policy.ok()) return policy.status();
  const pb::PolicyLintReport report = LintPolicy(*policy, DayOf(context.now, policy->zone));
  Screen* screen = context.screen;
  if (screen->format() == OutputFormat::kJson) {
    if (absl::Status status = screen->Json(report); !status.ok()) return status;
  } else if (screen->format() == OutputFormat::kCsv) {
    PrintWorkedDates(screen, report);
  } else {
    PrintHeader(screen, report);
    PrintWorkedDates(screen, report);
    PrintFindings(screen, report);
  }
  return HasErrors(report) ? IncompleteError(absl::StrCat(arguments.file, ": this agreement cannot be kept"))
                           : absl::OkStatus();
}

}  // namespace rollcall

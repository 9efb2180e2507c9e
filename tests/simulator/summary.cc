#include "tests/simulator/summary.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace rollcall::simulator {
namespace {

constexpr Fault kFaults[] = {Fault::kEarly, Fault::kLate,      Fault::kLost,     Fault::kUnderHold,  Fault::kLeft,
                             Fault::kKey,   Fault::kMisplaced, Fault::kCameBack, Fault::kCertificate};

using Figures = std::vector<std::pair<std::string, uint64_t>>;

Figures FiguresOf(const Summary& summary) {
  Figures figures = {{"tenants", summary.tenants},
                     {"days", summary.days},
                     {"ticks", summary.ticks},
                     {"looks", summary.judged.looks},
                     {"records", summary.judged.records},
                     {"records deleted", summary.judged.deleted},
                     {"records lost with a copy", summary.judged.lost_with_a_copy},
                     {"buckets archived", summary.engine.archived},
                     {"buckets restored", summary.engine.restored},
                     {"buckets purged", summary.engine.purged},
                     {"parts erased", summary.engine.parts_erased},
                     {"late, archived", summary.engine.late_archived},
                     {"late, purged", summary.engine.late_purged},
                     {"certificates proven", summary.judged.certificates},
                     {"lists acknowledged", summary.looked_at},
                     {"crashes", summary.broken.crashes},
                     {"power losses", summary.broken.power_losses},
                     {"calls refused", summary.broken.refusals}};
  for (const Fault fault : kFaults) {
    const auto it = summary.faults.find(fault);
    figures.emplace_back(absl::StrCat("wrong: ", NameOf(fault)), it == summary.faults.end() ? 0 : it->second);
  }
  return figures;
}

}  // namespace

void Summary::Add(const Life& life) {
  ++tenants;
  days += life.days;
  ticks += life.ticks;
  looked_at += life.looked_at;
  judged.records += life.judged.records;
  judged.looks += life.judged.looks;
  judged.deleted += life.judged.deleted;
  judged.certificates += life.judged.certificates;
  judged.lost_with_a_copy += life.judged.lost_with_a_copy;
  broken.crashes += life.broken.crashes;
  broken.refusals += life.broken.refusals;
  broken.power_losses += life.broken.power_losses;
  engine.archived += life.engine.archived;
  engine.restored += life.engine.restored;
  engine.purged += life.engine.purged;
  engine.parts_erased += life.engine.parts_erased;
  engine.late_archived += life.engine.late_archived;
  engine.late_purged += life.engine.late_purged;
  for (const Violation& violation : life.violations) ++faults[violation.fault];
}

std::string Summary::Table() const {
  std::string table;
  for (const auto& [name, figure] : FiguresOf(*this)) absl::StrAppendFormat(&table, "%-26s %10d\n", name, figure);
  return table;
}

std::string Summary::Json() const {
  std::string json;
  for (const auto& [name, figure] : FiguresOf(*this)) {
    const std::string key = absl::StrReplaceAll(name, {{": ", "_"}, {", ", "_"}, {" ", "_"}});
    absl::StrAppend(&json, json.empty() ? "{" : ", ", "\"", key, "\": ", figure);
  }
  return absl::StrCat(json, "}\n");
}

std::string TellOf(const Life& life, const LifeOptions& options) {
  std::string text;
  for (const std::string& line : life.diary) absl::StrAppend(&text, line, "\n");
  for (const Violation& violation : life.violations) {
    absl::StrAppend(&text, TextOf(DayAt(violation.at)), " +", violation.at % kDaySeconds / 60,
                    " min: ", NameOf(violation.fault), ": ", violation.what, "\n");
  }
  absl::StrAppend(&text, "again: retention_simulator --seed ", options.history.seed, " --tenant ",
                  options.history.tenant, " --years ", options.history.years, " --crash-percent ",
                  options.crash_percent, options.history.with_copies ? "" : " --no-copies");
  for (const NamedBug& bug : AllBugs()) {
    if (bug.bug == options.bug) absl::StrAppend(&text, " --bug ", bug.name);
  }
  return absl::StrCat(text, "\n");
}

}  // namespace rollcall::simulator

#include "collectors/environment/unit_source.h"

#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/environment/environment_file.h"
#include "collectors/environment/file_source.h"
#include "platform/systemd/unit_set.h"
#include "platform/systemd/unit_words.h"

namespace rollcall {
namespace {

// Types of units that start programs, and the section that says how.
struct UnitType {
  absl::string_view type;
  absl::string_view section;
};
constexpr auto kTypes = std::to_array<UnitType>({
    {"mount", "Mount"},
    {"service", "Service"},
    {"socket", "Socket"},
    {"swap", "Swap"},
});
constexpr size_t kUnitsBetweenStopChecks = 32;

absl::string_view SectionOf(absl::string_view name) {
  for (const UnitType& type : kTypes) {
    if (absl::EndsWith(name, absl::StrCat(".", type.type))) return type.section;
  }
  return "";
}

class Source {
 public:
  Source(const FileTree& files, RunReport& report, VariableGroups* groups)
      : files_(files), report_(report), groups_(groups) {}

  void ReadUnit(const Unit& unit) {
    const absl::string_view section = SectionOf(unit.name);
    const std::vector<absl::string_view> values = unit.Values(section, "Environment");
    if (!values.empty()) {
      const Variables variables = ParseUnitEnvironment(values);
      ReportLeftOut(unit.path, variables.left_out, report_);
      Add(unit, unit.path, variables);
    }
    for (absl::string_view path : unit.Values(section, "EnvironmentFile")) {
      (void)absl::ConsumePrefix(&path, "-");
      if (!absl::StartsWith(path, "/") || path.find_first_of("*?[%") != absl::string_view::npos) continue;
      Add(unit, path, FileVariables(std::string(path)));
    }
  }

 private:
  void Add(const Unit& unit, absl::string_view source, const Variables& variables) {
    groups_->AddSettings(VariableGroups::Record::UNIT, unit.name, source, variables.variables);
  }

  // Several units may share one file.
  const Variables& FileVariables(const std::string& path) {
    const auto [entry, is_new] = known_files_.try_emplace(path);
    if (is_new) {
      absl::StatusOr<Variables> variables = ReadVariables(files_, path, ParseEnvironmentFile, report_);
      if (variables.ok()) entry->second = *std::move(variables);
    }
    return entry->second;
  }

  const FileTree& files_;
  RunReport& report_;
  VariableGroups* const groups_;
  std::map<std::string, Variables> known_files_;
};

}  // namespace

Variables ParseUnitEnvironment(absl::Span<const absl::string_view> values) {
  Variables result;
  for (const absl::string_view value : values) {
    const UnitWords words = SplitUnitWords(value);
    if (!words.problem.ok()) ++result.left_out;
    for (const std::string& word : words.words) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) {
        ++result.left_out;
      } else {
        result.Add(absl::string_view(word).substr(0, equals), absl::string_view(word).substr(equals + 1));
      }
    }
  }
  return result;
}

absl::StatusOr<bool> ReadUnitEnvironments(const FileTree& files, const StopToken& stop, RunReport& report,
                                          VariableGroups* groups) {
  std::vector<absl::string_view> types;
  for (const UnitType& type : kTypes) types.push_back(type.type);
  const absl::StatusOr<UnitSet> units = UnitSet::Load(files, types, stop);
  if (!units.ok()) return units.status();
  for (const UnitProblem& problem : units->problems()) {
    if (problem.detail_only) {
      report.AddDegradation(problem.path, problem.status, "");
    } else {
      report.AddProblem(problem.path, problem.status);
    }
  }
  Source source(files, report, groups);
  size_t done = 0;
  for (const auto& [name, unit] : units->units()) {
    if (done++ % kUnitsBetweenStopChecks == 0 && stop.stop_requested()) {
      return absl::CancelledError("read units: stopped");
    }
    // An alias has no content of its own.
    if (unit.alias_of.empty()) source.ReadUnit(unit);
  }
  return units->has_folders();
}

}  // namespace rollcall

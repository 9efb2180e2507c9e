#include "collectors/environment/unit_source.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/environment/environ_block.h"
#include "collectors/environment/environment_file.h"
#include "collectors/environment/file_source.h"
#include "collectors/environment/path_pattern.h"
#include "collectors/text.h"
#include "platform/systemd/unit_name.h"
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
constexpr char kManagerEnvironment[] = "/proc/1/environ";

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

  // In systemd's order: what comes later counts.
  void ReadUnit(const Unit& unit) {
    const absl::string_view section = SectionOf(unit.name);
    AddPassed(unit, UnitPassedNames(unit.Values(section, "PassEnvironment")));
    const std::vector<absl::string_view> values = unit.Values(section, "Environment");
    if (!values.empty()) {
      const Variables variables = ParseUnitEnvironment(values);
      ReportLeftOut(unit.path, variables.left_out, report_);
      Add(unit, unit.path, variables);
    }
    for (absl::string_view path : unit.Values(section, "EnvironmentFile")) {
      // What is not there is no problem either way.
      (void)absl::ConsumePrefix(&path, "-");
      const std::optional<std::string> resolved = ResolveUnitPath(path, unit.name);
      if (!resolved.has_value() || !absl::StartsWith(*resolved, "/")) continue;
      if (IsPathPattern(*resolved)) {
        AddMatching(unit, *resolved);
      } else {
        Add(unit, *resolved, FileVariables(*resolved));
      }
    }
  }

 private:
  void AddMatching(const Unit& unit, const std::string& pattern) {
    const auto [entry, is_new] = known_patterns_.try_emplace(pattern);
    if (is_new) {
      entry->second = MatchPaths(files_, pattern);
      const absl::Status& problem = entry->second.problem;
      if (!problem.ok()) report_.AddProblem(ToRecordText(pattern), problem);
    }
    for (const std::string& path : entry->second.paths) Add(unit, path, FileVariables(path));
  }

  // Those of the names that the manager itself has; the others are not set.
  void AddPassed(const Unit& unit, const std::vector<std::string>& names) {
    if (names.empty()) return;
    Variables passed;
    for (const Variable& variable : ManagerVariables().variables) {
      if (std::find(names.begin(), names.end(), variable.name) != names.end()) passed.variables.push_back(variable);
    }
    Add(unit, kManagerEnvironment, passed);
  }

  // The environment systemd was started with. None if it does not run; if it cannot be read, who
  // reads the processes says so.
  const Variables& ManagerVariables() {
    if (manager_.has_value()) return *manager_;
    manager_.emplace();
    const auto booted = files_.Lstat("/run/systemd/system");
    if (!booted.ok() || booted->type != FileInfo::Type::kDirectory) return *manager_;
    bool truncated = false;
    const auto block = files_.ReadPrefix(kManagerEnvironment, kMaxEnvironmentFileBytes, &truncated);
    if (block.ok()) manager_ = ParseEnvironBlock(*block);
    return *manager_;
  }

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
  std::map<std::string, PathMatches> known_patterns_;
  std::optional<Variables> manager_;
};

}  // namespace

std::vector<std::string> UnitPassedNames(absl::Span<const absl::string_view> values) {
  std::vector<std::string> names;
  for (const absl::string_view value : values) {
    // A word with a value is no name, and systemd passes it over.
    for (std::string& word : SplitUnitWords(value).words) {
      if (IsVariableName(word)) names.push_back(std::move(word));
    }
  }
  return names;
}

std::optional<std::string> ResolveUnitPath(absl::string_view path, absl::string_view unit) {
  std::string resolved;
  while (!path.empty()) {
    const size_t percent = path.find('%');
    absl::StrAppend(&resolved, path.substr(0, percent));
    if (percent == absl::string_view::npos) break;
    const absl::string_view specifier = path.substr(percent, 2);
    if (specifier == "%%") {
      resolved += '%';
    } else if (specifier == "%n") {
      absl::StrAppend(&resolved, unit);
    } else if (specifier == "%N") {
      absl::StrAppend(&resolved, unit.substr(0, unit.rfind('.')));
    } else if (specifier == "%p") {
      absl::StrAppend(&resolved, UnitPrefixOf(unit));
    } else if (specifier == "%i" && !IsUnitTemplate(unit)) {
      absl::StrAppend(&resolved, UnitInstanceOf(unit));
    } else {
      return std::nullopt;
    }
    path.remove_prefix(percent + specifier.size());
  }
  return resolved;
}

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

#include "platform/systemd/unit_set.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/systemd/unit_lookup.h"
#include "platform/systemd/unit_name.h"
#include "platform/systemd/unit_reader.h"

namespace rollcall {
namespace {

class Loader {
 public:
  Loader(const FileTree& files, absl::Span<const absl::string_view> types, const StopToken& stop,
         std::vector<UnitProblem>* problems)
      : types_(types),
        stop_(stop),
        folders_(files, stop, problems),
        reader_(files, UnitSet::kMaxTotalBytes, problems),
        lookup_(files, folders_, reader_),
        problems_(problems) {}

  bool has_folders() const { return !folders_.folders().empty(); }

  absl::Status Load(std::map<std::string, Unit, std::less<>>* units) {
    if (stop_.stop_requested()) return absl::CancelledError("read units: stopped");
    for (const std::string& name : Names()) {
      if (stop_.stop_requested()) return absl::CancelledError("read units: stopped");
      AddUnit(name, units);
    }
    for (auto& [name, unit] : *units) {
      const auto own = unit.alias_of.empty() ? units->end() : units->find(unit.alias_of);
      if (own != units->end()) own->second.aliases.push_back(name);
    }
    AddDependencies(units);
    for (auto& [name, unit] : *units) {
      if (stop_.stop_requested()) return absl::CancelledError("read units: stopped");
      if (unit.alias_of.empty()) ReadContent(&unit);
    }
    return absl::OkStatus();
  }

 private:
  bool IsWanted(absl::string_view name) const {
    return std::find(types_.begin(), types_.end(), UnitTypeOf(name)) != types_.end();
  }

  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const UnitFolder& folder : folders_.folders()) {
      for (const auto& [name, entry] : folder.units) {
        if (!IsWanted(name)) continue;
        if (entry.kind == UnitEntry::Kind::kDirectory) {
          const std::string path = absl::StrCat(folder.path, "/", name);
          problems_->push_back({path, absl::FailedPreconditionError(absl::StrCat("read ", path, ": is a directory"))});
        } else if (entry.kind != UnitEntry::Kind::kOther) {
          names.insert(name);
        }
      }
      for (const auto& [directory, links] : folder.dependencies) {
        for (const auto& [name, target] : links) {
          if (IsWanted(name) && IsUnitInstance(name)) names.insert(name);
        }
      }
    }
    return names;
  }

  void AddUnit(const std::string& name, std::map<std::string, Unit, std::less<>>* units) {
    if (units->find(name) != units->end()) return;
    const UnitLookup::Found found = lookup_.Find(name);
    // A dependency on an instance whose template is not installed.
    if (absl::IsNotFound(found.status)) return;
    Unit unit;
    unit.name = name;
    unit.state = lookup_.StateOf(name, found);
    if (!found.status.ok()) {
      problems_->push_back({PathsOf(name).front(), found.status, /*detail_only=*/true});
    } else {
      unit.path = found.path;
      unit.install = found.install;
      if (found.name != name) unit.alias_of = found.name;
    }
    // The first of the name is the one that counts, or leads to it.
    bool first = true;
    for (std::string& path : PathsOf(name)) {
      if (!std::exchange(first, false) && path != unit.path) unit.hidden_paths.push_back(std::move(path));
    }
    const std::string own = unit.alias_of;
    units->emplace(name, std::move(unit));
    // An instance by the other name of its template.
    if (!own.empty()) AddUnit(own, units);
  }

  // Where there is something of that name, or of its template, most important first.
  std::vector<std::string> PathsOf(const std::string& name) const {
    std::vector<std::string> paths;
    for (const std::string& some : {name, IsUnitInstance(name) ? UnitTemplateOf(name) : std::string()}) {
      for (const UnitFolder& folder : folders_.folders()) {
        if (folder.units.find(some) != folder.units.end()) paths.push_back(absl::StrCat(folder.path, "/", some));
      }
    }
    return paths;
  }

  void AddDependencies(std::map<std::string, Unit, std::less<>>* units) const {
    // The first link of a name decides; one that leads to /dev/null takes the dependency away.
    std::set<std::pair<absl::string_view, absl::string_view>> seen;
    for (const UnitFolder& folder : folders_.folders()) {
      for (const auto& [directory, links] : folder.dependencies) {
        for (const auto& [name, target] : links) {
          if (!seen.emplace(directory, name).second || target == "/dev/null") continue;
          auto unit = units->find(name);
          if (unit == units->end()) continue;
          if (!unit->second.alias_of.empty()) unit = units->find(unit->second.alias_of);
          if (unit == units->end()) continue;
          AddDependency(directory, &unit->second);
        }
      }
    }
    for (auto& [name, unit] : *units) {
      for (std::vector<std::string>* list : {&unit.wanted_by, &unit.required_by}) {
        std::sort(list->begin(), list->end());
        list->erase(std::unique(list->begin(), list->end()), list->end());
      }
    }
  }

  static void AddDependency(absl::string_view directory, Unit* unit) {
    const bool wants = absl::ConsumeSuffix(&directory, ".wants");
    if (!wants) absl::ConsumeSuffix(&directory, ".requires");
    (wants ? unit->wanted_by : unit->required_by).emplace_back(directory);
  }

  void ReadContent(Unit* unit) {
    const bool masked = unit->state == UnitFileState::kMasked || unit->state == UnitFileState::kMaskedRuntime;
    if (masked || unit->path.empty()) return;
    const UnitReader::File& main = reader_.Read(unit->path);
    unit->sha256 = main.sha256;
    AddAssignments(main.assignments, unit);
    std::vector<UnitLookup::DropInFolders> groups = {DropInFolderNames(unit->name)};
    for (const std::string& alias : unit->aliases) groups.push_back(DropInFolderNames(alias));
    // For all units of the type.
    groups.push_back({absl::StrCat(UnitTypeOf(unit->name), ".d")});
    for (std::string& path : lookup_.DropIns(groups)) {
      const UnitReader::File& file = reader_.Read(path);
      if (file.empty || absl::IsNotFound(file.status)) continue;
      AddAssignments(file.assignments, unit);
      unit->drop_ins.push_back(std::move(path));
    }
  }

  // Thousands of links to a large template must not take memory for each.
  void AddAssignments(const std::vector<UnitAssignment>& assignments, Unit* unit) {
    size_t bytes = 0;
    for (const UnitAssignment& assignment : assignments) {
      bytes += sizeof assignment + assignment.key.size() + assignment.value.size();
    }
    if (bytes > setting_bytes_left_) {
      problems_->push_back({unit->path,
                            absl::ResourceExhaustedError(absl::StrCat("read ", unit->name, ": more than ",
                                                                      UnitSet::kMaxSettingBytes, " bytes of settings")),
                            /*detail_only=*/true});
      return;
    }
    setting_bytes_left_ -= bytes;
    unit->assignments.insert(unit->assignments.end(), assignments.begin(), assignments.end());
  }

  const absl::Span<const absl::string_view> types_;
  const StopToken& stop_;
  const UnitFolders folders_;
  UnitReader reader_;
  const UnitLookup lookup_;
  std::vector<UnitProblem>* const problems_;
  size_t setting_bytes_left_ = UnitSet::kMaxSettingBytes;
};

}  // namespace

absl::string_view UnitFileStateName(UnitFileState state) {
  switch (state) {
    case UnitFileState::kUnknown:
      break;
    case UnitFileState::kEnabled:
      return "enabled";
    case UnitFileState::kEnabledRuntime:
      return "enabled-runtime";
    case UnitFileState::kLinked:
      return "linked";
    case UnitFileState::kLinkedRuntime:
      return "linked-runtime";
    case UnitFileState::kAlias:
      return "alias";
    case UnitFileState::kMasked:
      return "masked";
    case UnitFileState::kMaskedRuntime:
      return "masked-runtime";
    case UnitFileState::kStatic:
      return "static";
    case UnitFileState::kDisabled:
      return "disabled";
    case UnitFileState::kIndirect:
      return "indirect";
    case UnitFileState::kGenerated:
      return "generated";
    case UnitFileState::kTransient:
      return "transient";
    case UnitFileState::kBad:
      return "bad";
  }
  return "unknown";
}

absl::string_view Unit::Value(absl::string_view section, absl::string_view key) const {
  for (auto assignment = assignments.rbegin(); assignment != assignments.rend(); ++assignment) {
    if (assignment->section == section && assignment->key == key) return assignment->value;
  }
  return "";
}

std::vector<absl::string_view> Unit::Values(absl::string_view section, absl::string_view key) const {
  std::vector<absl::string_view> values;
  for (const UnitAssignment& assignment : assignments) {
    if (assignment.section != section || assignment.key != key) continue;
    if (assignment.value.empty()) {
      values.clear();
    } else {
      values.push_back(assignment.value);
    }
  }
  return values;
}

absl::StatusOr<UnitSet> UnitSet::Load(const FileTree& files, absl::Span<const absl::string_view> types,
                                      const StopToken& stop) {
  UnitSet set;
  Loader loader(files, types, stop, &set.problems_);
  set.has_folders_ = loader.has_folders();
  if (absl::Status status = loader.Load(&set.units_); !status.ok()) return status;
  return set;
}

const Unit* UnitSet::Find(absl::string_view name) const {
  const auto found = units_.find(name);
  return found == units_.end() ? nullptr : &found->second;
}

}  // namespace rollcall

#include "platform/systemd/unit_lookup.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/systemd/unit_name.h"
#include "platform/systemd/unit_words.h"

namespace rollcall {
namespace {

// Links followed for one name, as in systemd.
constexpr int kMaxHops = 64;
// What an administrator enables and links is here.
constexpr absl::string_view kConfigFolder = "/etc/systemd/system";

absl::string_view FileNameOf(absl::string_view path) { return path.substr(path.rfind('/') + 1); }
absl::string_view DirectoryOf(absl::string_view path) { return path.substr(0, path.rfind('/')); }

bool IsRuntime(absl::string_view path) { return absl::StartsWith(path, "/run/"); }
bool IsGenerated(absl::string_view path) { return absl::StartsWith(DirectoryOf(path), "/run/systemd/generator"); }
bool IsTransient(absl::string_view path) { return DirectoryOf(path) == "/run/systemd/transient"; }

absl::Status BadLink(absl::string_view path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("follow ", path, ": ", what));
}

// Adds the value's words, or starts anew if it is empty.
void AddWords(absl::string_view value, std::vector<std::string>* list) {
  if (value.empty()) return list->clear();
  for (std::string& word : SplitUnitWords(value).words) list->push_back(std::move(word));
}

void TakeInstall(absl::string_view unit, const std::vector<UnitAssignment>& assignments, UnitInstall* install) {
  for (const UnitAssignment& assignment : assignments) {
    if (assignment.section != "Install") continue;
    if (assignment.key == "Alias" && UnitTypeMayAlias(UnitTypeOf(unit))) AddWords(assignment.value, &install->aliases);
    if (assignment.key == "WantedBy") AddWords(assignment.value, &install->wanted_by);
    if (assignment.key == "RequiredBy") AddWords(assignment.value, &install->required_by);
    // An empty Also= takes nothing back.
    if (assignment.key == "Also" && !assignment.value.empty()) AddWords(assignment.value, &install->also);
    if (assignment.key == "DefaultInstance" && IsUnitTemplate(unit)) install->default_instance = assignment.value;
  }
}

// Names that a link may have to count as the unit's own.
bool IsKnownName(absl::string_view name, const UnitLookup::Found& found) {
  if (name == found.name) return true;
  const std::vector<std::string>& aliases = found.install.aliases;
  if (std::find(aliases.begin(), aliases.end(), name) != aliases.end()) return true;
  return !found.install.default_instance.empty() && IsUnitTemplate(found.name) &&
         name == UnitInstanceName(found.name, found.install.default_instance);
}

}  // namespace

UnitLookup::DropInFolders DropInFolderNames(absl::string_view name) {
  UnitLookup::DropInFolders names;
  const auto add = [&names](std::string unit) {
    unit.append(".d");
    if (std::find(names.begin(), names.end(), unit) == names.end()) names.push_back(std::move(unit));
  };
  add(std::string(name));
  const absl::string_view type = UnitTypeOf(name);
  const bool instance = IsUnitInstance(name);
  if (instance) add(UnitTemplateOf(name));
  std::string prefix(UnitPrefixOf(name));
  std::vector<std::string> prefixes;
  while (true) {
    // `foo-bar-` was looked at already, as `foo-bar`'s.
    if (absl::EndsWith(prefix, "-")) prefix.pop_back();
    const size_t dash = prefix.rfind('-');
    if (dash == std::string::npos || dash == 0) break;
    prefix.resize(dash + 1);
    prefixes.push_back(prefix);
  }
  for (const std::string& some : prefixes) add(absl::StrCat(some, ".", type));
  if (!instance) return names;
  for (const std::string& some : prefixes) {
    add(absl::StrCat(some, "@", UnitInstanceOf(name), ".", type));
    add(absl::StrCat(some, "@.", type));
  }
  return names;
}

UnitLookup::UnitLookup(const FileTree& files, const UnitFolders& folders, UnitReader& reader)
    : files_(files), folders_(folders), reader_(reader) {
  IndexLinks();
}

void UnitLookup::IndexLinks() {
  const auto add = [this](const Link& link) {
    std::set<std::string> keys = {link.name};
    // A link in a dependency folder counts by its name, any other also by where it leads.
    const std::string other = link.dependency ? UnitTemplateOf(link.name) : link.target_name;
    if (!other.empty()) keys.insert(other);
    for (const std::string& key : keys) links_[key].push_back(link);
  };
  for (size_t i = 0; i < folders_.folders().size(); ++i) {
    const UnitFolder& folder = folders_.folders()[i];
    for (const auto& [directory, links] : folder.dependencies) {
      for (const auto& [name, target] : links) add({i, true, name, std::string(FileNameOf(target))});
    }
    for (const auto& [name, entry] : folder.units) {
      if (entry.kind == UnitEntry::Kind::kLink) add({i, false, name, std::string(FileNameOf(entry.target))});
    }
  }
}

UnitLookup::Found UnitLookup::Find(absl::string_view name) const {
  Found found;
  found.name = std::string(name);
  for (int hops = 0; hops <= kMaxHops; ++hops) {
    Step step = Search(found.name);
    if (!step.status.ok()) {
      found.status = hops > 0 && absl::IsNotFound(step.status) ? BadLink(name, "leads to no unit") : step.status;
      return found;
    }
    if (step.next_name.empty()) {
      found.path = std::move(step.path);
      found.masked = step.masked;
      if (!found.masked) ReadInstall(found);
      return found;
    }
    found.name = std::move(step.next_name);
  }
  found.status = BadLink(name, "leads in a circle");
  return found;
}

UnitLookup::Step UnitLookup::Search(absl::string_view name) const {
  if (!UnitTemplateOf(name).empty() && !UnitTypeMayTemplate(UnitTypeOf(name))) {
    return {BadLink(name, "no unit of its type has instances"), "", false, ""};
  }
  for (const std::string& candidate : {std::string(name), IsUnitInstance(name) ? UnitTemplateOf(name) : ""}) {
    if (candidate.empty()) continue;
    for (const UnitFolder& folder : folders_.folders()) {
      const auto entry = folder.units.find(candidate);
      if (entry == folder.units.end()) continue;
      std::string path = absl::StrCat(folder.path, "/", candidate);
      switch (entry->second.kind) {
        case UnitEntry::Kind::kFile: {
          const UnitReader::File& file = reader_.Read(path);
          // Gone since the folder was listed; the next one counts.
          if (absl::IsNotFound(file.status)) continue;
          return {absl::OkStatus(), std::move(path), file.empty, ""};
        }
        case UnitEntry::Kind::kLink:
          return FollowLink(name, path, entry->second.target);
        default:
          return {BadLink(path, "neither a file nor a link"), "", false, ""};
      }
    }
  }
  return {absl::NotFoundError(absl::StrCat("find unit ", name, ": not there")), "", false, ""};
}

UnitLookup::Step UnitLookup::FollowLink(absl::string_view name, const std::string& link_path,
                                        std::string target) const {
  std::string link = link_path;
  for (int hops = 0; hops <= kMaxHops; ++hops) {
    if (reader_.IsEmpty(target)) return {absl::OkStatus(), link, true, ""};
    if (folders_.Contains(target)) {
      // Another name, unless it is the same file by a longer way.
      const absl::string_view target_name = FileNameOf(target);
      if (!IsValidUnitAlias(FileNameOf(link), target_name))
        return {BadLink(link, "not an alias of its unit"), "", false, ""};
      std::string next(target_name);
      if (IsUnitInstance(name) && IsUnitTemplate(target_name))
        next = UnitInstanceName(target_name, UnitInstanceOf(name));
      if (next != name) return {absl::OkStatus(), "", false, std::move(next)};
    }
    const absl::StatusOr<std::string> further = files_.ReadLink(target);
    if (!further.ok()) {
      const UnitReader::File& file = reader_.Read(target);
      if (absl::IsNotFound(file.status)) return {BadLink(link, "leads to no file"), "", false, ""};
      return {absl::OkStatus(), std::move(target), file.empty, ""};
    }
    link = std::move(target);
    target = ResolveLinkText(DirectoryOf(link), *further);
  }
  return {BadLink(link_path, "leads in a circle"), "", false, ""};
}

void UnitLookup::ReadInstall(Found& found) const {
  const UnitReader::File& file = reader_.Read(found.path);
  found.unreadable = !file.status.ok();
  TakeInstall(found.name, file.assignments, &found.install);
  std::vector<DropInFolders> groups = {{absl::StrCat(found.name, ".d")}};
  if (IsUnitInstance(found.name)) groups.push_back({absl::StrCat(UnitTemplateOf(found.name), ".d")});
  for (const std::string& path : DropIns(groups)) {
    TakeInstall(found.name, reader_.Read(path).assignments, &found.install);
  }
}

std::vector<std::string> UnitLookup::DropIns(const std::vector<DropInFolders>& groups) const {
  std::map<std::string, std::string> by_file_name;
  const auto add = [&](const UnitFolder& folder, const std::string& directory) {
    const auto drop_ins = folder.drop_ins.find(directory);
    if (drop_ins == folder.drop_ins.end()) return;
    for (const std::string& file : drop_ins->second) {
      by_file_name.emplace(file, absl::StrCat(folder.path, "/", directory, "/", file));
    }
  };
  for (const DropInFolders& group : groups) {
    for (const UnitFolder& folder : folders_.folders()) {
      for (const std::string& directory : group) add(folder, directory);
    }
  }
  std::vector<std::string> paths;
  for (auto& [file, path] : by_file_name) paths.push_back(std::move(path));
  return paths;
}

UnitFileState UnitLookup::StateOf(absl::string_view name, const Found& found) const {
  if (!found.status.ok()) return UnitFileState::kBad;
  if (found.masked) return IsRuntime(found.path) ? UnitFileState::kMaskedRuntime : UnitFileState::kMasked;
  if (name != FileNameOf(found.path) && !IsUnitInstance(found.name)) return UnitFileState::kAlias;
  if (IsGenerated(found.path)) return UnitFileState::kGenerated;
  if (IsTransient(found.path)) return UnitFileState::kTransient;
  const UnitFileState by_known_name = StateByLinks(found, /*known_names_only=*/true);
  if (by_known_name != UnitFileState::kUnknown) return by_known_name;
  if (StateByLinks(found, /*known_names_only=*/false) != UnitFileState::kUnknown) return UnitFileState::kIndirect;
  if (found.unreadable) return UnitFileState::kUnknown;
  const UnitInstall& install = found.install;
  if (!install.aliases.empty() || !install.wanted_by.empty() || !install.required_by.empty()) {
    return UnitFileState::kDisabled;
  }
  return install.also.empty() ? UnitFileState::kStatic : UnitFileState::kIndirect;
}

bool UnitLookup::IsEnabledBy(const Found& found, const Link& link, bool known_names_only, bool ignore_same_name,
                             bool* same_name) const {
  const bool by_name = (link.dependency || !ignore_same_name) && link.name == found.name;
  const bool by_target = link.dependency ? !by_name && UnitTemplateOf(link.name) == found.name  //
                                         : link.target_name == found.name;
  if (by_name && by_target) {
    // The unit's own file, linked.
    *same_name = true;
    return false;
  }
  if (!by_name && !by_target) return false;
  return !known_names_only || IsKnownName(link.name, found);
}

UnitFileState UnitLookup::StateByLinks(const Found& found, bool known_names_only) const {
  const auto links = links_.find(found.name);
  if (links == links_.end()) return UnitFileState::kUnknown;
  bool enabled_runtime = false;
  bool enabled_elsewhere = false;
  bool linked = false;
  bool linked_runtime = false;
  // A link of the unit's name in a folder less important than its file does not count.
  bool ignore_same_name = false;
  for (size_t i = 0; i < folders_.folders().size(); ++i) {
    const std::string& folder = folders_.folders()[i].path;
    bool same_name = false;
    const bool enabled = std::any_of(links->second.begin(), links->second.end(), [&](const Link& link) {
      return link.folder == i && IsEnabledBy(found, link, known_names_only, ignore_same_name, &same_name);
    });
    if (enabled) {
      if (folder == kConfigFolder) return UnitFileState::kEnabled;
      (IsRuntime(folder) ? enabled_runtime : enabled_elsewhere) = true;
    } else if (same_name) {
      linked = linked || folder == kConfigFolder;
      linked_runtime = linked_runtime || IsRuntime(folder);
    }
    ignore_same_name = ignore_same_name || absl::StartsWith(found.path, absl::StrCat(folder, "/"));
  }
  if (enabled_runtime) return UnitFileState::kEnabledRuntime;
  // An instance that its vendor starts, as `systemctl enable` could not undo.
  if (enabled_elsewhere && IsUnitInstance(found.name)) return UnitFileState::kStatic;
  if (linked) return UnitFileState::kLinked;
  if (linked_runtime) return UnitFileState::kLinkedRuntime;
  return UnitFileState::kUnknown;
}

}  // namespace rollcall

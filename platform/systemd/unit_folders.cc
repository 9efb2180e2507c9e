#include "platform/systemd/unit_folders.h"

#include <algorithm>
#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/systemd/unit_name.h"

namespace rollcall {
namespace {

// `man systemd.unit`, "System Unit Search Path".
constexpr std::array<absl::string_view, 13> kFolders = {
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",      "/lib/systemd/system",
    "/run/systemd/generator.late",
};

bool IsDependencyFolder(absl::string_view name) {
  return absl::EndsWith(name, ".wants") || absl::EndsWith(name, ".requires");
}

absl::string_view DirectoryOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == absl::string_view::npos ? "/" : path.substr(0, slash);
}

}  // namespace

absl::Span<const absl::string_view> SystemUnitFolders() { return kFolders; }

std::string ResolveLinkText(absl::string_view directory, absl::string_view target) {
  const std::string whole = absl::StartsWith(target, "/") ? std::string(target) : absl::StrCat(directory, "/", target);
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(whole, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string path;
  for (const absl::string_view part : parts) absl::StrAppend(&path, "/", part);
  return path.empty() ? "/" : path;
}

// One pass over the folders.
struct UnitFolders::Reading {
  const FileTree& files;
  const StopToken& stop;
  std::vector<UnitProblem>* problems;
  size_t entries = 0;
  bool full = false;

  void AddProblem(absl::string_view path, const absl::Status& status) {
    // What went away meanwhile was not there.
    if (!absl::IsNotFound(status)) problems->push_back({std::string(path), status});
  }

  // Whether there is room for one more entry.
  bool Count(absl::string_view path) {
    if (++entries <= kMaxEntries) return !stop.stop_requested();
    if (!full) {
      AddProblem(path, absl::ResourceExhaustedError(
                           absl::StrCat("list ", path, ": more than ", kMaxEntries, " entries of units")));
    }
    full = true;
    return false;
  }

  std::vector<DirectoryEntry> List(const std::string& path) {
    absl::StatusOr<std::vector<DirectoryEntry>> listed = files.List(path);
    if (listed.ok()) return *std::move(listed);
    AddProblem(path, listed.status());
    return {};
  }

  // The entry with its type, where the filesystem does not say it with the name.
  UnitEntry Look(const std::string& path, absl::string_view folder, FileInfo::Type type) {
    if (type == FileInfo::Type::kOther) {
      const absl::StatusOr<FileInfo> info = files.Lstat(path);
      if (info.ok()) type = info->type;
    }
    switch (type) {
      case FileInfo::Type::kRegular:
        return {UnitEntry::Kind::kFile, ""};
      case FileInfo::Type::kDirectory:
        return {UnitEntry::Kind::kDirectory, ""};
      case FileInfo::Type::kSymlink:
        break;
      default:
        return {UnitEntry::Kind::kOther, ""};
    }
    const absl::StatusOr<std::string> target = files.ReadLink(path);
    if (target.ok()) return {UnitEntry::Kind::kLink, ResolveLinkText(folder, *target)};
    AddProblem(path, target.status());
    return {UnitEntry::Kind::kOther, ""};
  }

  std::vector<std::string> DropIns(const std::string& path) {
    std::vector<std::string> names;
    for (DirectoryEntry& entry : List(path)) {
      if (!absl::EndsWith(entry.name, ".conf") || absl::StartsWith(entry.name, ".")) continue;
      if (entry.type == FileInfo::Type::kDirectory) continue;
      if (!Count(path)) break;
      names.push_back(std::move(entry.name));
    }
    return names;
  }

  std::vector<std::pair<std::string, std::string>> Links(const std::string& path) {
    std::vector<std::pair<std::string, std::string>> links;
    for (DirectoryEntry& entry : List(path)) {
      if (!IsUnitName(entry.name)) continue;
      if (!Count(path)) break;
      UnitEntry link = Look(absl::StrCat(path, "/", entry.name), path, entry.type);
      if (link.kind == UnitEntry::Kind::kLink) links.emplace_back(std::move(entry.name), std::move(link.target));
    }
    return links;
  }
};

UnitFolders::UnitFolders(const FileTree& files, const StopToken& stop, std::vector<UnitProblem>* problems)
    : files_(&files) {
  Reading reading{files, stop, problems};
  for (const absl::string_view path : kFolders) {
    const absl::StatusOr<FileInfo> info = files.Stat(path);
    if (!info.ok()) {
      reading.AddProblem(path, info.status());
      continue;
    }
    const std::pair<uint64_t, uint64_t> place(info->device, info->inode);
    if (std::find(places_.begin(), places_.end(), place) != places_.end()) continue;
    places_.push_back(place);
    ReadFolder(reading, path);
  }
}

void UnitFolders::ReadFolder(Reading& reading, absl::string_view path) {
  UnitFolder folder;
  folder.path = std::string(path);
  for (const DirectoryEntry& entry : reading.List(folder.path)) {
    const bool is_unit = IsUnitName(entry.name);
    const bool is_drop_ins = absl::EndsWith(entry.name, ".d");
    if (!is_unit && !is_drop_ins && !IsDependencyFolder(entry.name)) continue;
    if (!reading.Count(path)) break;
    const std::string full = absl::StrCat(path, "/", entry.name);
    UnitEntry look = reading.Look(full, path, entry.type);
    if (is_unit) {
      folder.units.emplace(entry.name, std::move(look));
    } else if (is_drop_ins && (look.kind == UnitEntry::Kind::kDirectory || look.kind == UnitEntry::Kind::kLink)) {
      folder.drop_ins.emplace(entry.name, reading.DropIns(full));
    } else if (look.kind == UnitEntry::Kind::kDirectory) {
      folder.dependencies.emplace(entry.name, reading.Links(full));
    }
  }
  folders_.push_back(std::move(folder));
}

bool UnitFolders::Contains(absl::string_view path) const {
  const absl::string_view directory = DirectoryOf(path);
  const auto below = [directory](absl::string_view folder) {
    return directory == folder || (absl::StartsWith(directory, folder) && directory[folder.size()] == '/');
  };
  if (std::any_of(kFolders.begin(), kFolders.end(), below)) return true;
  const absl::StatusOr<FileInfo> info = files_->Stat(directory);
  if (!info.ok()) return false;
  return std::find(places_.begin(), places_.end(), std::pair<uint64_t, uint64_t>(info->device, info->inode)) !=
         places_.end();
}

}  // namespace rollcall

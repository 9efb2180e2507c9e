#include "collectors/ports/socket_units.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

// Most important first. A file hides those of its name in later folders.
constexpr absl::string_view kFolders[] = {
    "/etc/systemd/system",     "/run/systemd/system", "/run/systemd/generator",      "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
};
constexpr size_t kMaxUnitBytes = size_t{256} << 10;
constexpr size_t kMaxUnits = 4096;

// Path by file name, from the most important folder that has it.
using Files = std::map<std::string, std::string>;

// Adds the entries of `folder` with that ending.
void AddFiles(const FileTree& tree, const std::string& folder, absl::string_view ending, Files* files) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = tree.List(folder);
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    if (files->size() >= kMaxUnits) return;
    if (absl::EndsWith(entry.name, ending)) files->emplace(entry.name, absl::StrCat(folder, "/", entry.name));
  }
}

}  // namespace

SocketUnits::SocketUnits(const FileTree& files) {
  Files units;
  for (const absl::string_view folder : kFolders) AddFiles(files, std::string(folder), ".socket", &units);
  for (const auto& [name, path] : units) {
    const absl::StatusOr<std::string> unit = files.ReadFile(path, kMaxUnitBytes);
    if (!unit.ok()) continue;  // a mask, a link to /dev/null, among others
    std::vector<SocketUnitListener> listeners;
    ParseSocketUnit(*unit, &listeners);
    Files drop_ins;
    for (const absl::string_view folder : kFolders) {
      AddFiles(files, absl::StrCat(folder, "/", name, ".d"), ".conf", &drop_ins);
    }
    for (const auto& [drop_in, drop_in_path] : drop_ins) {
      const absl::StatusOr<std::string> content = files.ReadFile(drop_in_path, kMaxUnitBytes);
      if (content.ok()) ParseSocketUnit(*content, &listeners);
    }
    if (!listeners.empty()) units_.emplace(name, std::move(listeners));
  }
}

std::string SocketUnits::UnitOf(const pb::ListeningPort& record) const {
  for (const auto& [name, listeners] : units_) {
    const auto matches = [&](const SocketUnitListener& listener) { return listener.Matches(record); };
    if (std::any_of(listeners.begin(), listeners.end(), matches)) return name;
  }
  return "";
}

}  // namespace rollcall

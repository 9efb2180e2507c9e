#include "collectors/processes/package_owners.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr char kInfoPath[] = "/var/lib/dpkg/info";
constexpr size_t kListsBetweenStopChecks = 64;

// Calls `visit` for each line.
template <typename Visit>
void ForEachLine(absl::string_view text, Visit visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

struct ViewHash {
  size_t operator()(absl::string_view text) const {
    // FNV-1a; the keys are paths of the host's own programs.
    uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
  }
};

}  // namespace

std::string MergedUsrAlias(absl::string_view path) {
  constexpr absl::string_view kUsr = "/usr";
  constexpr std::array<absl::string_view, 6> kMerged = {"/bin/", "/sbin/", "/lib/", "/lib64/", "/lib32/", "/libx32/"};
  const bool below_usr = absl::StartsWith(path, "/usr/");
  const absl::string_view rest = below_usr ? absl::StripPrefix(path, kUsr) : path;
  const bool merged = std::any_of(kMerged.begin(), kMerged.end(),
                                  [rest](absl::string_view folder) { return absl::StartsWith(rest, folder); });
  if (!merged) return "";
  return below_usr ? std::string(rest) : absl::StrCat(kUsr, path);
}

void PackageOwners::Want(absl::string_view path) {
  const auto found = entries_.find(path);
  if (found != entries_.end()) {
    found->second.unwanted_runs = 0;
  } else {
    entries_.emplace(std::string(path), Entry());
  }
}

absl::Status PackageOwners::LookUp(const FileTree& files, const StopToken& stop) {
  const absl::StatusOr<FileInfo> directory = files.Stat(kInfoPath);
  if (!directory.ok() && !absl::IsNotFound(directory.status())) return directory.status();
  const std::optional<FileInfo> now = directory.ok() ? std::optional<FileInfo>(*directory) : std::nullopt;
  if (now != directory_) {
    for (auto& [path, entry] : entries_) entry.looked_up = false;
  }
  const bool any_new =
      std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) { return !entry.second.looked_up; });
  if (!any_new) return absl::OkStatus();
  std::map<std::string, std::string> owners;
  if (now) {
    if (absl::Status status = Scan(files, stop, &owners); !status.ok()) return status;
  }
  for (auto& [path, entry] : entries_) {
    entry.package = owners[path];
    entry.looked_up = true;
  }
  directory_ = now;
  return absl::OkStatus();
}

absl::Status PackageOwners::Scan(const FileTree& files, const StopToken& stop,
                                 std::map<std::string, std::string>* owners) const {
  std::unordered_map<absl::string_view, std::string*, ViewHash> wanted;
  std::set<std::string> aliases;
  for (const auto& [path, entry] : entries_) {
    std::string* owner = &(*owners)[path];
    wanted.emplace(path, owner);
    if (std::string alias = MergedUsrAlias(path); !alias.empty()) {
      wanted.emplace(*aliases.insert(std::move(alias)).first, owner);
    }
  }
  const auto lists = files.List(kInfoPath);
  if (!lists.ok()) return lists.status();
  size_t done = 0;
  for (const DirectoryEntry& list : *lists) {
    absl::string_view name = list.name;
    if (!absl::ConsumeSuffix(&name, ".list")) continue;
    if (++done % kListsBetweenStopChecks == 0 && stop.stop_requested()) {
      return absl::CancelledError("read dpkg file lists: stopped");
    }
    const auto text = files.ReadFile(absl::StrCat(kInfoPath, "/", list.name), kMaxFileBytes);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) return text.status();
    const absl::string_view package = name.substr(0, name.find(':'));
    ForEachLine(*text, [&](absl::string_view line) {
      const auto found = wanted.find(line);
      if (found != wanted.end() && found->second->empty()) *found->second = std::string(package);
    });
  }
  return absl::OkStatus();
}

const std::string& PackageOwners::Owner(absl::string_view path) const {
  static const std::string* const kNone = new std::string;
  const auto found = entries_.find(path);
  return found == entries_.end() ? *kNone : found->second.package;
}

void PackageOwners::DropUnwanted() {
  const uint32_t kept_runs = entries_.size() > kMaxKept ? 1 : kKeptRuns;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = ++entry->second.unwanted_runs > kept_runs ? entries_.erase(entry) : std::next(entry);
  }
}

}  // namespace rollcall

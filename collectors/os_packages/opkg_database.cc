#include "collectors/os_packages/opkg_database.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/os_packages/dpkg_parser.h"
#include "collectors/os_packages/package_adder.h"
#include "collectors/os_packages/package_parse.h"
#include "collectors/os_packages/package_url.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr absl::string_view kPaths[] = {"/usr/lib/opkg/status", "/var/lib/opkg/status", "/opt/lib/opkg/status"};
constexpr size_t kPackagesBetweenStopChecks = 64;

// Adds what only the control file says.
void Complete(const pb::OsPackage& control, pb::OsPackage* record) {
  const auto take = [](const std::string& from, std::string* to) {
    if (to->empty()) *to = from;
  };
  take(control.source_name(), record->mutable_source_name());
  take(control.source_version(), record->mutable_source_version());
  take(control.licence(), record->mutable_licence());
  take(control.section(), record->mutable_section());
  take(control.maintainer(), record->mutable_maintainer());
  take(control.summary(), record->mutable_summary());
  if (!record->has_installed_bytes() && control.has_installed_bytes()) {
    record->set_installed_bytes(control.installed_bytes());
  }
}

// `directory` is that of `status`.
void ReadControl(const FileTree& files, absl::string_view directory, pb::OsPackage* record, DatabaseContents* contents,
                 bool* all_read) {
  const std::string path = absl::StrCat(directory, "/info/", record->name(), ".control");
  const auto text = files.ReadFile(path, OpkgDatabase::kMaxControlBytes);
  if (absl::IsNotFound(text.status())) return;
  if (!text.ok()) {
    *all_read = false;
    if (contents->degradations.size() < PackageAdder::kMaxProblems) {
      contents->degradations.push_back({path, text.status()});
    }
    return;
  }
  const DpkgParse parse = ParseDpkgStatus(*text, StanzaDialect::kOpkgControl, 1);
  // Of another version while a package is upgraded.
  if (parse.packages.empty() || parse.packages[0].record.version() != record->version()) return;
  Complete(parse.packages[0].record, record);
}

// What it means that the file `path` is missing or lists nothing: an error if control files of
// installed packages lie beside it. A crash can leave an empty file behind; it must not look like
// an empty host.
absl::Status NothingInstalled(const FileTree& files, absl::string_view path) {
  const std::string directory = absl::StrCat(absl::StripSuffix(path, "/status"), "/info");
  const auto entries = files.List(directory);
  if (absl::IsNotFound(entries.status())) return absl::OkStatus();
  if (!entries.ok()) return entries.status();
  const bool any = std::any_of(entries->begin(), entries->end(),
                               [](const DirectoryEntry& entry) { return absl::EndsWith(entry.name, ".control"); });
  if (!any) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("read ", path, ": missing or empty, though ", directory, " has installed packages"));
}

// Takes the packages of one status file. Cancelled is the only error.
absl::Status AddPackages(const FileTree& files, const std::string& path, absl::string_view text,
                         const Distribution& distribution, const StopToken& stop, PackageAdder& adder,
                         DatabaseContents* contents, bool* all_read) {
  DpkgParse parse = ParseDpkgStatus(text, StanzaDialect::kOpkgStatus, PackageDatabase::kMaxPackages);
  for (const absl::Status& problem : parse.problems) adder.AddProblem(path, problem);
  contents->further_problems += parse.problem_count - parse.problems.size();
  contents->observed += parse.observed - parse.packages.size();
  size_t done = 0;
  for (DpkgPackage& package : parse.packages) {
    if (done++ % kPackagesBetweenStopChecks == 0 && stop.stop_requested()) {
      return absl::CancelledError(absl::StrCat("read ", path, ": stopped"));
    }
    if (!package.on_disk) continue;
    pb::OsPackage& record = package.record;
    ReadControl(files, absl::StripSuffix(path, "/status"), &record, contents, all_read);
    record.set_purl(PackageUrl("opkg", distribution, record.name(), record.version(), record.architecture()));
    adder.Add(std::move(record), path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view OpkgDatabase::path() const { return kPaths[0]; }

std::vector<DatabaseSource> OpkgDatabase::FindSources(const FileTree& files) const {
  std::vector<DatabaseSource> sources;
  for (const absl::string_view path : kPaths) AddSource(files, path, 0, &sources);
  return sources;
}

absl::Status OpkgDatabase::Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                                 const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                                 bool* all_read) const {
  PackageAdder adder(contents);
  absl::Status result = absl::NotFoundError("read opkg database: not there");
  std::set<std::pair<uint64_t, uint64_t>> files_read;
  for (const DatabaseSource& source : sources) {
    if (source.info.ok() && !files_read.emplace(source.info->device, source.info->inode).second) continue;
    bool truncated = false;
    absl::StatusOr<std::string> text =
        source.info.ok() ? files.ReadPrefix(source.path, kMaxStatusBytes, &truncated) : source.info.status();
    if (absl::IsNotFound(text.status()) || (text.ok() && absl::StripAsciiWhitespace(*text).empty())) {
      if (absl::Status nothing = NothingInstalled(files, source.path); !nothing.ok()) text = nothing;
    }
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) {
      *all_read = false;
      if (absl::IsNotFound(result)) result = text.status();
      contents->problems.push_back({source.path, text.status()});
      continue;
    }
    result = absl::OkStatus();
    if (truncated) {
      DropPartialStanza(&*text);
      adder.AddProblem(source.path, absl::ResourceExhaustedError("larger than the limit"));
    }
    const absl::Status added = AddPackages(files, source.path, *text, distribution, stop, adder, contents, all_read);
    if (!added.ok()) return added;
  }
  return result;
}

}  // namespace rollcall

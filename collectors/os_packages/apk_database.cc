#include "collectors/os_packages/apk_database.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "collectors/os_packages/apk_parser.h"
#include "collectors/os_packages/package_adder.h"
#include "collectors/os_packages/package_url.h"

namespace rollcall {
namespace {

constexpr absl::string_view kPaths[] = {"/lib/apk/db/installed", "/usr/lib/apk/db/installed",
                                        "/var/lib/apk/db/installed"};
constexpr absl::string_view kRepositoriesPath = "/etc/apk/repositories";
// The packages that were asked for; they and what they need are installed.
constexpr absl::string_view kWorldPath = "/etc/apk/world";
constexpr size_t kMaxWorldBytes = size_t{4} << 10;
constexpr size_t kMaxRepositoriesBytes = size_t{64} << 10;

enum Role { kInstalled, kRepositories, kWorld };

Distribution DistributionOf(const FileTree& files, const Distribution& distribution) {
  if (distribution != Distribution()) return distribution;
  const auto text = files.ReadFile(kRepositoriesPath, kMaxRepositoriesBytes);
  return text.ok() ? ParseApkRepositories(*text) : distribution;
}

// What it means that no database lists a package: an error unless none is wanted. A crash can
// leave an empty file behind; it must not look like an empty host.
absl::Status NothingInstalled(const FileTree& files, absl::string_view database) {
  bool truncated = false;
  const auto world = files.ReadPrefix(kWorldPath, kMaxWorldBytes, &truncated);
  if (absl::IsNotFound(world.status())) return absl::OkStatus();
  if (!world.ok()) return world.status();
  if (absl::StripAsciiWhitespace(*world).empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("read ", database, ": missing or empty, though ", kWorldPath, " names packages"));
}

}  // namespace

absl::string_view ApkDatabase::path() const { return kPaths[0]; }

std::vector<DatabaseSource> ApkDatabase::FindSources(const FileTree& files) const {
  std::vector<DatabaseSource> sources;
  for (const absl::string_view path : kPaths) AddSource(files, path, kInstalled, &sources);
  AddSource(files, kRepositoriesPath, kRepositories, &sources);
  AddSource(files, kWorldPath, kWorld, &sources);
  return sources;
}

absl::Status ApkDatabase::Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                                const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                                bool* all_read) const {
  const Distribution named = DistributionOf(files, distribution);
  PackageAdder adder(contents);
  absl::Status result = absl::NotFoundError("read apk database: not there");
  std::set<std::pair<uint64_t, uint64_t>> files_read;
  for (const DatabaseSource& source : sources) {
    if (source.role != kInstalled) continue;
    if (stop.stop_requested()) return absl::CancelledError(absl::StrCat("read ", source.path, ": stopped"));
    // One directory may be a link to another.
    if (source.info.ok() && !files_read.emplace(source.info->device, source.info->inode).second) continue;
    bool truncated = false;
    absl::StatusOr<std::string> text =
        source.info.ok() ? files.ReadPrefix(source.path, kMaxInstalledBytes, &truncated) : source.info.status();
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
    adder.AddParse(ParseApkInstalled(*text, kMaxPackages), source.path,
                   [&named](const rollcall::v1::OsPackage& record) {
                     return PackageUrl("apk", named, record.name(), record.version(), record.architecture());
                   });
  }
  if ((result.ok() || absl::IsNotFound(result)) && contents->packages.empty() && contents->problems.empty()) {
    if (absl::Status status = NothingInstalled(files, path()); !status.ok()) return status;
  }
  return result;
}

}  // namespace rollcall

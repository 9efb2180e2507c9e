#include "collectors/os_packages/pacman_database.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/package_adder.h"
#include "collectors/os_packages/package_url.h"
#include "collectors/os_packages/pacman_parser.h"

namespace rollcall {
namespace {

constexpr absl::string_view kLocalPath = "/var/lib/pacman/local";
constexpr size_t kPackagesBetweenStopChecks = 64;

}  // namespace

absl::string_view PacmanDatabase::path() const { return kLocalPath; }

std::vector<DatabaseSource> PacmanDatabase::FindSources(const FileTree& files) const {
  std::vector<DatabaseSource> sources;
  AddSource(files, kLocalPath, 0, &sources);
  return sources;
}

absl::Status PacmanDatabase::Parse(const FileTree& files, const std::vector<DatabaseSource>&,
                                   const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                                   bool* all_read) const {
  const auto entries = files.List(kLocalPath);
  if (!entries.ok()) return entries.status();
  PackageAdder adder(contents);
  size_t done = 0;
  for (const DirectoryEntry& entry : *entries) {
    // Beside the packages there is only ALPM_DB_VERSION.
    if (entry.type != FileInfo::Type::kDirectory && entry.type != FileInfo::Type::kOther) continue;
    if (done++ % kPackagesBetweenStopChecks == 0 && stop.stop_requested()) {
      return absl::CancelledError("read pacman database: stopped");
    }
    const std::string path = absl::StrCat(kLocalPath, "/", entry.name, "/desc");
    const auto text = files.ReadFile(path, kMaxDescBytes);
    if (!text.ok()) {
      // Where the filesystem does not say what an entry is, it may be a file.
      if (entry.type == FileInfo::Type::kOther && absl::IsFailedPrecondition(text.status())) continue;
      *all_read = false;
      adder.AddProblem(path, text.status());
      continue;
    }
    absl::StatusOr<PacmanPackage> package = ParsePacmanDesc(*text);
    if (!package.ok()) {
      adder.AddProblem(path, package.status());
      continue;
    }
    if (!package->damage.ok()) adder.AddProblem(path, package->damage);
    rollcall::v1::OsPackage& record = package->record;
    record.set_purl(PackageUrl("alpm", distribution, record.name(), record.version(), record.architecture()));
    adder.Add(std::move(record), path);
  }
  return absl::OkStatus();
}

}  // namespace rollcall

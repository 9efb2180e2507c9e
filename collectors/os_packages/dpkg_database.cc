#include "collectors/os_packages/dpkg_database.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/os_packages/package_adder.h"
#include "collectors/os_packages/package_parse.h"
#include "collectors/os_packages/package_url.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

enum Role { kStatus, kUpdate, kStatusD };

constexpr char kStatusPath[] = "/var/lib/dpkg/status";
constexpr char kUpdatesPath[] = "/var/lib/dpkg/updates";
constexpr char kStatusDPath[] = "/var/lib/dpkg/status.d";
constexpr char kInfoPath[] = "/var/lib/dpkg/info";
constexpr size_t kPackagesBetweenStopChecks = 256;

// dpkg names its journal files by number and creates others beside them.
bool IsUpdate(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// Checksums lie beside the stanzas.
bool IsStanzaFile(absl::string_view name) { return !absl::EndsWith(name, ".md5sums") && !absl::StartsWith(name, "."); }

std::string PackageKey(const pb::OsPackage& record) { return absl::StrCat(record.name(), ":", record.architecture()); }

bool HasFileLists(const FileTree& files) {
  const auto entries = files.List(kInfoPath);
  return entries.ok() && std::any_of(entries->begin(), entries->end(),
                                     [](const DirectoryEntry& entry) { return absl::EndsWith(entry.name, ".list"); });
}

// When dpkg wrote the package's list of files.
void SetInstallTime(const FileTree& files, const DpkgPackage& package, pb::OsPackage* record) {
  const std::string plain = absl::StrCat(kInfoPath, "/", record->name());
  const std::string qualified = absl::StrCat(plain, ":", record->architecture());
  auto info = files.Lstat(absl::StrCat(package.multi_arch_same ? qualified : plain, ".list"));
  if (!info.ok()) info = files.Lstat(absl::StrCat(package.multi_arch_same ? plain : qualified, ".list"));
  if (!info.ok() || info->mtime_unix_nano <= 0) return;
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  record->mutable_install_time()->set_seconds(info->mtime_unix_nano / kNanosPerSecond);
  record->mutable_install_time()->set_nanos(static_cast<int32_t>(info->mtime_unix_nano % kNanosPerSecond));
}

// Merges the files of one read, within the limits of PackageAdder.
class Merger {
 public:
  Merger(DatabaseContents* contents, PackageAdder& adder) : contents_(contents), adder_(adder) {}

  // Stanzas of `status` and its journal: a later one supersedes an earlier, as in dpkg.
  void Supersede(DpkgParse&& parse, absl::string_view path) {
    TakeProblems(parse, path);
    for (DpkgPackage& package : parse.packages) {
      const std::string key = PackageKey(package.record);
      const auto known = by_key_.find(key);
      if (known != by_key_.end()) {
        Replace(known->second, std::move(package), path);
      } else if (Keep(std::move(package), path)) {
        by_key_.emplace(key, packages_.size() - 1);
      }
    }
  }

  // Stanzas of `status.d`. Those of a version that is known already are left to PackageAdder.
  void Add(DpkgParse&& parse, absl::string_view path) {
    TakeProblems(parse, path);
    for (DpkgPackage& package : parse.packages) Keep(std::move(package), path);
  }

  // Whether further packages are counted only.
  bool full() const {
    return packages_.size() >= PackageDatabase::kMaxPackages || bytes_ >= PackageAdder::kMaxRecordBytes;
  }

  // All packages merged, those not on disk included.
  std::vector<DpkgPackage>& packages() { return packages_; }
  // Stanzas that were too many to keep.
  uint64_t beyond_limit() const { return beyond_limit_; }

 private:
  // False if there is no room for it.
  bool Keep(DpkgPackage&& package, absl::string_view path) {
    if (full()) {
      ++beyond_limit_;
      return false;
    }
    package.record.set_database_path(std::string(path));
    bytes_ += package.record.ByteSizeLong();
    packages_.push_back(std::move(package));
    return true;
  }

  // What supersedes is taken even if there are as many packages as may be, but not for more bytes
  // than may be kept.
  void Replace(size_t place, DpkgPackage&& package, absl::string_view path) {
    package.record.set_database_path(std::string(path));
    const size_t old_bytes = packages_[place].record.ByteSizeLong();
    const size_t new_bytes = package.record.ByteSizeLong();
    if (new_bytes > old_bytes && bytes_ >= PackageAdder::kMaxRecordBytes) {
      ++beyond_limit_;
      return;
    }
    bytes_ = bytes_ - old_bytes + new_bytes;
    packages_[place] = std::move(package);
  }

  void TakeProblems(const DpkgParse& parse, absl::string_view path) {
    for (const absl::Status& problem : parse.problems) adder_.AddProblem(path, problem);
    contents_->further_problems += parse.problem_count - parse.problems.size();
    beyond_limit_ += parse.observed - parse.packages.size();
  }

  DatabaseContents* const contents_;
  PackageAdder& adder_;
  std::vector<DpkgPackage> packages_;
  // Bytes of their records.
  size_t bytes_ = 0;
  std::unordered_map<std::string, size_t> by_key_;
  uint64_t beyond_limit_ = 0;
};

absl::Status Stopped() { return absl::CancelledError("read dpkg database: stopped"); }

}  // namespace

absl::string_view DpkgDatabase::path() const { return kStatusPath; }

std::vector<DatabaseSource> DpkgDatabase::FindSources(const FileTree& files) const {
  std::vector<DatabaseSource> sources;
  AddSource(files, kStatusPath, kStatus, &sources);
  const auto add_directory = [&](absl::string_view directory, Role role, bool (*wanted)(absl::string_view)) {
    const auto entries = files.List(directory);
    if (!entries.ok()) {
      if (!absl::IsNotFound(entries.status())) sources.push_back({std::string(directory), role, entries.status()});
      return;
    }
    for (const DirectoryEntry& entry : *entries) {
      if (entry.type == FileInfo::Type::kDirectory || !wanted(entry.name)) continue;
      AddSource(files, absl::StrCat(directory, "/", entry.name), role, &sources);
    }
  };
  add_directory(kUpdatesPath, kUpdate, IsUpdate);
  add_directory(kStatusDPath, kStatusD, IsStanzaFile);
  return sources;
}

absl::Status DpkgDatabase::Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                                 const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                                 bool* all_read) const {
  PackageAdder adder(contents);
  Merger merger(contents, adder);
  absl::Status first_error;
  size_t files_read = 0;
  for (const DatabaseSource& source : sources) {
    if (stop.stop_requested()) return Stopped();
    bool truncated = false;
    absl::StatusOr<std::string> text =
        source.info.ok()
            ? files.ReadPrefix(source.path, source.role == kStatus ? kMaxStatusBytes : kMaxStanzaFileBytes, &truncated)
            : source.info.status();
    // dpkg removes journal files while it works, and distroless images have no `status`.
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) {
      *all_read = false;
      if (first_error.ok()) first_error = text.status();
      adder.AddFailure(source.path, text.status());
      continue;
    }
    ++files_read;
    if (truncated) {
      DropPartialStanza(&*text);
      adder.AddFailure(source.path,
                       absl::ResourceExhaustedError(absl::StrCat("read ", source.path, ": larger than the limit")));
    }
    if (source.role == kStatusD) {
      const size_t room = merger.full() ? 0 : kMaxPackages;
      merger.Add(ParseDpkgStatus(*text, StanzaDialect::kDpkgStatusD, room), source.path);
    } else {
      merger.Supersede(ParseDpkgStatus(*text, StanzaDialect::kDpkgStatus, kMaxPackages), source.path);
    }
  }
  if (files_read == 0) return first_error.ok() ? NothingThere(files) : first_error;
  contents->observed += merger.beyond_limit();
  return Finish(files, distribution, stop, std::move(merger.packages()), adder, contents);
}

absl::Status DpkgDatabase::NothingThere(const FileTree& files) const {
  if (files.Stat(kStatusDPath).ok()) return absl::OkStatus();
  if (!HasFileLists(files)) return absl::NotFoundError("read dpkg database: not there");
  return absl::DataLossError(absl::StrCat("read ", kStatusPath, ": missing, though dpkg has installed packages"));
}

absl::Status DpkgDatabase::Finish(const FileTree& files, const Distribution& distribution, const StopToken& stop,
                                  std::vector<DpkgPackage>&& packages, PackageAdder& adder,
                                  DatabaseContents* contents) const {
  // A crash can leave an empty file behind; it must not look like an empty host.
  if (packages.empty() && contents->problems.empty() && HasFileLists(files)) {
    return absl::DataLossError(absl::StrCat("read ", kStatusPath, ": empty, though dpkg has installed packages"));
  }
  size_t done = 0;
  for (DpkgPackage& package : packages) {
    if (++done % kPackagesBetweenStopChecks == 0 && stop.stop_requested()) return Stopped();
    if (!package.on_disk) continue;
    pb::OsPackage& record = package.record;
    SetInstallTime(files, package, &record);
    record.set_purl(PackageUrl("deb", distribution, record.name(), record.version(), record.architecture()));
    const std::string path = record.database_path();
    adder.Add(std::move(record), path);
  }
  return absl::OkStatus();
}

}  // namespace rollcall

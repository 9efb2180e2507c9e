#include "collectors/os_packages/dpkg_database.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

// Merges the files of one read.
class Merger {
 public:
  explicit Merger(DatabaseContents* contents) : contents_(contents) {}

  // Stanzas of `status` and its journal: a later one supersedes an earlier, as in dpkg.
  void Supersede(DpkgParse&& parse, absl::string_view path) {
    TakeProblems(parse, path);
    for (DpkgPackage& package : parse.packages) {
      const auto [place, is_new] = by_key_.emplace(PackageKey(package.record), packages_.size());
      package.record.set_database_path(std::string(path));
      if (is_new) {
        packages_.push_back(std::move(package));
      } else {
        packages_[place->second] = std::move(package);
      }
    }
  }

  // Stanzas of `status.d`: added unless that very version is known already.
  void Add(DpkgParse&& parse, absl::string_view path) {
    TakeProblems(parse, path);
    for (DpkgPackage& package : parse.packages) {
      if (identities_.empty()) {
        for (const DpkgPackage& known : packages_) AddIdentity(known);
      }
      if (!AddIdentity(package)) continue;
      package.record.set_database_path(std::string(path));
      packages_.push_back(std::move(package));
    }
  }

  // All packages merged, those not on disk included.
  std::vector<DpkgPackage>& packages() { return packages_; }
  // Stanzas that were too many to keep.
  uint64_t beyond_limit() const { return beyond_limit_; }

 private:
  bool AddIdentity(const DpkgPackage& package) {
    if (!package.on_disk) return true;
    return identities_.insert(absl::StrCat(PackageKey(package.record), "=", package.record.version())).second;
  }

  void TakeProblems(const DpkgParse& parse, absl::string_view path) {
    for (const absl::Status& problem : parse.problems) {
      contents_->problems.push_back(
          {std::string(path), absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message()))});
    }
    contents_->further_problems += parse.problem_count - parse.problems.size();
    beyond_limit_ += parse.observed - parse.packages.size();
  }

  DatabaseContents* contents_;
  std::vector<DpkgPackage> packages_;
  std::unordered_map<std::string, size_t> by_key_;
  std::set<std::string> identities_;
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
  Merger merger(contents);
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
      contents->problems.push_back({source.path, text.status()});
      continue;
    }
    ++files_read;
    if (truncated) {
      DropPartialStanza(&*text);
      contents->problems.push_back(
          {source.path, absl::ResourceExhaustedError(absl::StrCat("read ", source.path, ": larger than the limit"))});
    }
    if (source.role == kStatusD) {
      merger.Add(ParseDpkgStatus(*text, StanzaDialect::kDpkgStatusD, kMaxPackages), source.path);
    } else {
      merger.Supersede(ParseDpkgStatus(*text, StanzaDialect::kDpkgStatus, kMaxPackages), source.path);
    }
  }
  if (files_read == 0) return first_error.ok() ? NothingThere(files) : first_error;
  return Finish(files, distribution, stop, merger.beyond_limit(), std::move(merger.packages()), contents);
}

absl::Status DpkgDatabase::NothingThere(const FileTree& files) const {
  if (files.Stat(kStatusDPath).ok()) return absl::OkStatus();
  if (!HasFileLists(files)) return absl::NotFoundError("read dpkg database: not there");
  return absl::DataLossError(absl::StrCat("read ", kStatusPath, ": missing, though dpkg has installed packages"));
}

absl::Status DpkgDatabase::Finish(const FileTree& files, const Distribution& distribution, const StopToken& stop,
                                  uint64_t beyond_limit, std::vector<DpkgPackage>&& packages,
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
    record.set_presence(pb::OsPackage::OS_DATABASE);
    record.set_purl(PackageUrl("deb", distribution, record.name(), record.version(), record.architecture()));
    contents->packages.push_back(std::move(record));
  }
  contents->observed = contents->packages.size() + beyond_limit;
  return absl::OkStatus();
}

}  // namespace rollcall

#include "collectors/os_packages/rpm_database.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/package_adder.h"
#include "collectors/os_packages/package_url.h"
#include "collectors/os_packages/rpm_bdb.h"
#include "collectors/os_packages/rpm_header.h"
#include "collectors/os_packages/rpm_manifest.h"
#include "collectors/os_packages/rpm_ndb.h"
#include "collectors/os_packages/rpm_sqlite.h"
#include "platform/random_access_file.h"
#include "platform/sqlite/sqlite_pages.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr absl::string_view kDirectories[] = {"/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"};
constexpr absl::string_view kManifestPath = "/var/lib/rpmmanifest/container-manifest-2";
// Beside it, with less of each package. Not read: packages in it must be in the other.
constexpr absl::string_view kManifestTwinPath = "/var/lib/rpmmanifest/container-manifest-1";
constexpr char kLogSuffix[] = "-wal";
constexpr char kJournalSuffix[] = "-journal";
// Indexes and logs that lie beside a database and nowhere else.
constexpr absl::string_view kTraces[] = {"rpmdb.sqlite-wal", "Index.db", "Basenames", "Name"};

enum Role { kSqlite, kNdb, kBdb, kLog, kJournal, kManifest, kManifestTwin };

struct Format {
  Role role;
  absl::string_view file;
};
// Newest first.
constexpr Format kFormats[] = {{kSqlite, "rpmdb.sqlite"}, {kNdb, "Packages.db"}, {kBdb, "Packages"}};

std::string RpmUrl(const Distribution& distribution, const pb::OsPackage& record) {
  // The epoch is a qualifier of its own.
  const std::string version = record.release().empty() ? record.upstream_version()
                                                       : absl::StrCat(record.upstream_version(), "-", record.release());
  const std::optional<uint32_t> epoch = record.has_epoch() ? std::optional<uint32_t>(record.epoch()) : std::nullopt;
  return PackageUrl("rpm", distribution, record.name(), version, record.architecture(), epoch);
}

// Makes records of the headers of one file.
class HeaderSink : public RpmBlobSink {
 public:
  // `*all_read` becomes false on an I/O error, which damage of the file is not.
  HeaderSink(absl::string_view path, const Distribution& distribution, const StopToken& stop, PackageAdder& adder,
             bool* all_read)
      : path_(path), distribution_(distribution), stop_(stop), adder_(adder), all_read_(all_read) {}

  absl::Status TakeBlob(absl::string_view blob) override {
    if (stop_.stop_requested()) return absl::CancelledError("stopped");
    absl::StatusOr<RpmPackage> package = ParseRpmHeader(blob);
    if (!package.ok()) {
      adder_.AddProblem(path_, package.status());
      return absl::OkStatus();
    }
    if (package->is_signing_key) return absl::OkStatus();
    if (!package->damage.ok()) adder_.AddProblem(path_, package->damage);
    ++listed_;
    package->record.set_purl(RpmUrl(distribution_, package->record));
    adder_.Add(std::move(package->record), path_);
    return absl::OkStatus();
  }
  void TakeDamage(const absl::Status& damage) override {
    if (absl::IsDataLoss(damage)) *all_read_ = false;
    adder_.AddProblem(path_, damage);
  }
  bool stop_requested() const override { return stop_.stop_requested(); }
  // Packages in the file, those included that were known already.
  uint64_t listed() const { return listed_; }

 private:
  const absl::string_view path_;
  const Distribution& distribution_;
  const StopToken& stop_;
  PackageAdder& adder_;
  bool* const all_read_;
  uint64_t listed_ = 0;
};

// One read of all sources.
class Reading {
 public:
  Reading(const FileTree& files, const std::vector<DatabaseSource>& sources, const Distribution& distribution,
          const StopToken& stop, DatabaseContents* contents, bool* all_read)
      : files_(files),
        sources_(sources),
        distribution_(distribution),
        stop_(stop),
        contents_(contents),
        all_read_(all_read),
        adder_(contents) {}

  absl::Status Run() {
    for (const absl::string_view directory : kDirectories) {
      if (absl::Status status = ReadDirectory(directory); !status.ok()) return status;
    }
    if (absl::Status status = ReadManifest(); !status.ok()) return status;
    if (any_read_) return absl::OkStatus();
    return first_error_.ok() ? NothingThere() : first_error_;
  }

 private:
  const DatabaseSource* Find(absl::string_view path) const {
    const auto found = std::find_if(sources_.begin(), sources_.end(),
                                    [path](const DatabaseSource& source) { return source.path == path; });
    return found == sources_.end() || absl::IsNotFound(found->info.status()) ? nullptr : &*found;
  }

  // Notes that `path` could not be read at all.
  void Fail(absl::string_view path, const absl::Status& status, bool try_again) {
    if (try_again) *all_read_ = false;
    if (first_error_.ok()) first_error_ = status;
    contents_->problems.push_back({std::string(path), status});
  }

  // Only Cancelled is an error: all others are noted.
  absl::Status ReadDirectory(absl::string_view directory) {
    for (const Format& format : kFormats) {
      const std::string path = absl::StrCat(directory, "/", format.file);
      const DatabaseSource* const source = Find(path);
      if (source == nullptr) continue;
      // A directory may be a link to one that was read.
      if (source->info.ok() && !files_read_.emplace(source->info->device, source->info->inode).second)
        return absl::OkStatus();
      uint64_t listed = 0;
      if (absl::Status status = ReadOne(*source, &listed); !status.ok()) return status;
      if (listed > 0) return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // `*listed` is how many packages the file has.
  absl::Status ReadOne(const DatabaseSource& source, uint64_t* listed) {
    if (!source.info.ok()) {
      Fail(source.path, source.info.status(), true);
      return absl::OkStatus();
    }
    const auto file = Open(source.path);
    // Removed since; the identities say so.
    if (absl::IsNotFound(file.status())) return absl::OkStatus();
    if (!file.ok()) {
      Fail(source.path, file.status(), true);
      return absl::OkStatus();
    }
    HeaderSink sink(source.path, distribution_, stop_, adder_, all_read_);
    absl::Status status;
    if (source.role == kSqlite) {
      const std::unique_ptr<RandomAccessFile> log = OpenLog(source.path);
      status = ReadRpmSqlite(**file, log.get(), sink);
      CheckJournal(source.path);
    } else {
      status = source.role == kNdb ? ReadRpmNdb(**file, sink) : ReadRpmBdb(**file, sink);
    }
    *listed = sink.listed();
    if (absl::IsCancelled(status)) return absl::CancelledError(absl::StrCat("read ", source.path, ": stopped"));
    if (status.ok()) {
      any_read_ = true;
    } else {
      // Of a kind that is not read; Unimplemented would say that the host has no packages.
      const absl::StatusCode code =
          absl::IsUnimplemented(status) ? absl::StatusCode::kFailedPrecondition : status.code();
      Fail(source.path, absl::Status(code, absl::StrCat("parse ", source.path, ": ", status.message())),
           absl::IsDataLoss(status));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) const {
    auto file = OpenRandomAccess(files_, path, RpmDatabase::kMaxBytesInMemory);
    if (file.ok() && (*file)->size_bytes() > kMaxRpmDatabaseBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("read ", path, ": larger than ", kMaxRpmDatabaseBytes, " bytes"));
    }
    return file;
  }

  // Null if there is no log, or none that can be read: that is a problem then.
  std::unique_ptr<RandomAccessFile> OpenLog(absl::string_view database) {
    const DatabaseSource* const source = Find(absl::StrCat(database, kLogSuffix));
    if (source == nullptr) return nullptr;
    auto log = source->info.ok() ? Open(source->path) : source->info.status();
    if (log.ok()) return *std::move(log);
    if (!absl::IsNotFound(log.status())) {
      *all_read_ = false;
      contents_->problems.push_back({source->path, log.status()});
    }
    return nullptr;
  }

  void CheckJournal(absl::string_view database) {
    const std::string path = absl::StrCat(database, kJournalSuffix);
    const absl::Status status = CheckSqliteJournal(files_, path);
    if (status.ok()) return;
    if (absl::IsAborted(status)) {
      adder_.AddProblem(path, status);
    } else {
      *all_read_ = false;
      contents_->problems.push_back({path, status});
    }
  }

  absl::Status ReadManifest() {
    const DatabaseSource* const source = Find(kManifestPath);
    if (source == nullptr) return absl::OkStatus();
    bool truncated = false;
    absl::StatusOr<std::string> text =
        source->info.ok() ? files_.ReadPrefix(kManifestPath, RpmDatabase::kMaxManifestBytes, &truncated)
                          : source->info.status();
    if (absl::IsNotFound(text.status())) return absl::OkStatus();
    if (!text.ok()) {
      Fail(kManifestPath, text.status(), true);
      return absl::OkStatus();
    }
    if (text->empty() && HasManifestTwin()) {
      Fail(kManifestPath,
           absl::DataLossError(absl::StrCat("read ", kManifestPath, ": empty, though ", kManifestTwinPath, " is not")),
           true);
      return absl::OkStatus();
    }
    any_read_ = true;
    if (truncated) {
      text->resize(text->rfind('\n') + 1);
      adder_.AddProblem(kManifestPath, absl::ResourceExhaustedError("larger than the limit"));
    }
    PackageParse parse = ParseRpmManifest(*text, PackageDatabase::kMaxPackages);
    adder_.AddParse(std::move(parse), kManifestPath,
                    [this](const pb::OsPackage& record) { return RpmUrl(distribution_, record); });
    return absl::OkStatus();
  }

  bool HasManifestTwin() const {
    const DatabaseSource* const twin = Find(kManifestTwinPath);
    return twin != nullptr && twin->info.ok() && twin->info->size_bytes > 0;
  }

  absl::Status NothingThere() const {
    if (HasManifestTwin()) {
      return absl::DataLossError(
          absl::StrCat("read ", kManifestPath, ": not there, though ", kManifestTwinPath, " is"));
    }
    for (const absl::string_view directory : kDirectories) {
      for (const absl::string_view trace : kTraces) {
        const std::string path = absl::StrCat(directory, "/", trace);
        if (!files_.Stat(path).ok()) continue;
        return absl::DataLossError(absl::StrCat("read ", directory, ": no database, though ", trace, " is there"));
      }
    }
    return absl::NotFoundError("read rpm database: not there");
  }

  const FileTree& files_;
  const std::vector<DatabaseSource>& sources_;
  const Distribution& distribution_;
  const StopToken& stop_;
  DatabaseContents* const contents_;
  bool* const all_read_;
  PackageAdder adder_;
  bool any_read_ = false;
  absl::Status first_error_;
  // Device and inode.
  std::set<std::pair<uint64_t, uint64_t>> files_read_;
};

}  // namespace

absl::string_view RpmDatabase::path() const { return kDirectories[0]; }

std::vector<DatabaseSource> RpmDatabase::FindSources(const FileTree& files) const {
  std::vector<DatabaseSource> sources;
  for (const absl::string_view directory : kDirectories) {
    for (const Format& format : kFormats) {
      const std::string path = absl::StrCat(directory, "/", format.file);
      AddSource(files, path, format.role, &sources);
      if (format.role != kSqlite) continue;
      AddSource(files, path + kLogSuffix, kLog, &sources);
      AddSource(files, path + kJournalSuffix, kJournal, &sources);
    }
  }
  AddSource(files, kManifestPath, kManifest, &sources);
  AddSource(files, kManifestTwinPath, kManifestTwin, &sources);
  return sources;
}

absl::Status RpmDatabase::Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                                const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                                bool* all_read) const {
  return Reading(files, sources, distribution, stop, contents, all_read).Run();
}

}  // namespace rollcall

// The database of dpkg, the package manager of Debian and its derivatives; dpkg(1).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_DATABASE_H_

#include <string>
#include <utility>
#include <vector>

#include "collectors/os_packages/dpkg_parser.h"
#include "collectors/os_packages/package_database.h"

namespace rollcall {

// Reads, in this order:
//   /var/lib/dpkg/status      all packages;
//   /var/lib/dpkg/updates/N   what a running or interrupted dpkg has changed since;
//   /var/lib/dpkg/status.d/*  one package per file, in distroless images;
//   /var/lib/dpkg/info/*.list modification time only: when the package was unpacked.
class DpkgDatabase : public PackageDatabase {
 public:
  // `status` is read whole; the largest seen in the wild has 12 MB.
  static constexpr size_t kMaxStatusBytes = size_t{64} << 20;
  // Any other file holds a few stanzas.
  static constexpr size_t kMaxStanzaFileBytes = size_t{1} << 20;

  absl::StatusOr<const DatabaseContents*> Read(const FileTree& files, const Distribution& distribution,
                                               const StopToken& stop) override;

 private:
  enum class SourceType { kStatus, kUpdate, kStatusD };

  // A file of the database as a stat found it; together they decide whether to read again.
  struct Source {
    std::string path;
    SourceType type;
    absl::StatusOr<FileInfo> info;
    friend bool operator==(const Source&, const Source&) = default;
  };

  std::vector<Source> FindSources(const FileTree& files) const;
  // Fills contents_. `*all_read` becomes false if a source that is there could not be read.
  absl::Status ReadSources(const FileTree& files, const std::vector<Source>& sources, const Distribution& distribution,
                           const StopToken& stop, bool* all_read);
  // What it means that no file was there.
  absl::Status NothingThere(const FileTree& files) const;
  // Completes what is on disk and puts it into contents_.
  absl::Status Finish(const FileTree& files, const Distribution& distribution, const StopToken& stop,
                      uint64_t beyond_limit, std::vector<DpkgPackage>&& packages);

  std::vector<Source> sources_;
  Distribution distribution_;
  bool valid_ = false;
  DatabaseContents contents_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_DATABASE_H_

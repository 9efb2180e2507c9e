// The database of dpkg, the package manager of Debian and its derivatives; dpkg(1).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_DATABASE_H_

#include <string>
#include <utility>
#include <vector>

#include "collectors/os_packages/cached_database.h"
#include "collectors/os_packages/dpkg_parser.h"
#include "collectors/os_packages/package_adder.h"

namespace rollcall {

// Reads, in this order:
//   /var/lib/dpkg/status      all packages;
//   /var/lib/dpkg/updates/N   what a running or interrupted dpkg has changed since;
//   /var/lib/dpkg/status.d/*  one package per file, in distroless images;
//   /var/lib/dpkg/info/*.list modification time only: when the package was unpacked.
class DpkgDatabase : public CachedDatabase {
 public:
  // `status` is read whole; the largest seen in the wild has 12 MB.
  static constexpr size_t kMaxStatusBytes = size_t{64} << 20;
  // Any other file holds a few stanzas.
  static constexpr size_t kMaxStanzaFileBytes = size_t{1} << 20;

  absl::string_view path() const override;

 protected:
  std::vector<DatabaseSource> FindSources(const FileTree& files) const override;
  absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                     const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                     bool* all_read) const override;

 private:
  // What it means that no file was there.
  absl::Status NothingThere(const FileTree& files) const;
  // Completes what is on disk and gives it to `adder`, which is that of `contents`.
  absl::Status Finish(const FileTree& files, const Distribution& distribution, const StopToken& stop,
                      std::vector<DpkgPackage>&& packages, PackageAdder& adder, DatabaseContents* contents) const;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_DPKG_DATABASE_H_

// The database of opkg, the package manager of OpenWrt, OpenEmbedded and Entware; opkg(1).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_OPKG_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_OPKG_DATABASE_H_

#include <vector>

#include "collectors/os_packages/cached_database.h"

namespace rollcall {

// Reads `status` in /usr/lib/opkg, /var/lib/opkg and /opt/lib/opkg, and for each package
// info/NAME.control beside it, which says more: source, licence, maintainer, summary.
// DataLoss for a `status` that is missing or empty although control files are there.
class OpkgDatabase : public CachedDatabase {
 public:
  static constexpr size_t kMaxStatusBytes = size_t{32} << 20;
  static constexpr size_t kMaxControlBytes = size_t{64} << 10;

  absl::string_view path() const override;

 protected:
  std::vector<DatabaseSource> FindSources(const FileTree& files) const override;
  absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                     const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                     bool* all_read) const override;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_OPKG_DATABASE_H_

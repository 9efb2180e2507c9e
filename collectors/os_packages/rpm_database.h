// The databases of rpm, the package manager of RHEL, Fedora, SUSE and their kin; rpm(8).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_DATABASE_H_

#include <vector>

#include "collectors/os_packages/cached_database.h"

namespace rollcall {

// Reads, in each of /var/lib/rpm, /usr/lib/sysimage/rpm and /usr/share/rpm, which are often links
// to each other, the first of these that lists packages:
//   rpmdb.sqlite  with rpmdb.sqlite-wal, what rpm has not yet moved into it;
//   Packages.db   rpm's own format;
//   Packages      Berkeley DB;
// a directory keeps the database of an older rpm when it is converted, so the others are not
// added. And /var/lib/rpmmanifest/container-manifest-2, of images without a database.
class RpmDatabase : public CachedDatabase {
 public:
  // A manifest has 150 bytes for each package.
  static constexpr size_t kMaxManifestBytes = size_t{16} << 20;
  // Databases of trees that are not on a disk.
  static constexpr size_t kMaxBytesInMemory = size_t{64} << 20;

  absl::string_view path() const override;

 protected:
  std::vector<DatabaseSource> FindSources(const FileTree& files) const override;
  absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                     const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                     bool* all_read) const override;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_DATABASE_H_

// The database of apk, the package manager of Alpine and Wolfi; apk(8).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_APK_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_APK_DATABASE_H_

#include <vector>

#include "collectors/os_packages/cached_database.h"

namespace rollcall {

// Reads `installed` in /lib/apk/db, in /usr/lib/apk/db (of systems with a merged /usr, where it
// is often the same file) and in /var/lib/apk/db. Where os-release is missing, the distribution
// is the one that /etc/apk/repositories names. DataLoss if none lists a package although
// /etc/apk/world does.
class ApkDatabase : public CachedDatabase {
 public:
  // 1,000 packages with the lists of their files take 5 MB.
  static constexpr size_t kMaxInstalledBytes = size_t{32} << 20;

  absl::string_view path() const override;

 protected:
  std::vector<DatabaseSource> FindSources(const FileTree& files) const override;
  absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                     const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                     bool* all_read) const override;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_APK_DATABASE_H_

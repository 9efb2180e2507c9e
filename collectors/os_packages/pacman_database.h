// The database of pacman, the package manager of Arch Linux; pacman(8).
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACMAN_DATABASE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACMAN_DATABASE_H_

#include <vector>

#include "collectors/os_packages/cached_database.h"

namespace rollcall {

// Reads /var/lib/pacman/local/NAME-VERSION/desc of every package. Installing, upgrading or
// removing one changes the directory `local`, so its identity is that of the database.
class PacmanDatabase : public CachedDatabase {
 public:
  static constexpr size_t kMaxDescBytes = size_t{256} << 10;

  absl::string_view path() const override;

 protected:
  std::vector<DatabaseSource> FindSources(const FileTree& files) const override;
  absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>& sources,
                     const Distribution& distribution, const StopToken& stop, DatabaseContents* contents,
                     bool* all_read) const override;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACMAN_DATABASE_H_

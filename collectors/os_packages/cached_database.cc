#include "collectors/os_packages/cached_database.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall {

absl::StatusOr<const DatabaseContents*> CachedDatabase::Read(const FileTree& files, const Distribution& distribution,
                                                             const StopToken& stop) {
  std::vector<DatabaseSource> sources = FindSources(files);
  const bool unchanged = valid_ && sources == sources_ && distribution == distribution_;
  if (unchanged && ++unchanged_runs_ < kRunsBetweenReads) return &contents_;
  valid_ = false;
  unchanged_runs_ = 0;
  constexpr int kAttempts = 2;
  for (int attempt = 1;; ++attempt) {
    contents_ = DatabaseContents();
    bool all_read = true;
    const absl::Status status = Parse(files, sources, distribution, stop, &contents_, &all_read);
    if (absl::IsCancelled(status)) return status;
    std::vector<DatabaseSource> after = FindSources(files);
    const bool changed = after != sources;
    sources = std::move(after);
    if (changed && attempt < kAttempts) continue;
    if (!status.ok()) return status;
    if (changed) {
      contents_.problems.push_back(
          {std::string(path()), absl::AbortedError(absl::StrCat("read ", path(), ": changed each time it was read"))});
    }
    valid_ = all_read && !changed;
    break;
  }
  sources_ = std::move(sources);
  distribution_ = distribution;
  return &contents_;
}

void AddSource(const FileTree& files, absl::string_view path, int role, std::vector<DatabaseSource>* sources) {
  sources->push_back({std::string(path), role, files.Stat(path)});
}

}  // namespace rollcall

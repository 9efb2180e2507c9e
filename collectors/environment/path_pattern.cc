#include "collectors/environment/path_pattern.h"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

class Search {
 public:
  explicit Search(const FileTree& files) : files_(files) {}

  PathMatches Run(absl::string_view pattern) {
    std::vector<std::string> found = {""};
    for (const absl::string_view part : absl::StrSplit(pattern, '/', absl::SkipEmpty())) {
      std::vector<std::string> next;
      for (const std::string& folder : found) Follow(folder, part, &next);
      found = std::move(next);
    }
    for (std::string& path : found) {
      const auto info = files_.Stat(path);
      if (info.ok() && info->type == FileInfo::Type::kDirectory) continue;
      if (absl::IsNotFound(info.status())) continue;
      matches_.paths.push_back(std::move(path));
    }
    std::sort(matches_.paths.begin(), matches_.paths.end());
    return std::move(matches_);
  }

 private:
  // Adds what `part` names in `folder`.
  void Follow(const std::string& folder, absl::string_view part, std::vector<std::string>* next) {
    if (!IsPathPattern(part)) return next->push_back(absl::StrCat(folder, "/", part));
    if (std::count(part.begin(), part.end(), '*') > static_cast<std::ptrdiff_t>(kMaxPatternStars)) {
      return Fail(absl::ResourceExhaustedError("match pattern: too many stars"));
    }
    if (++listed_ > kMaxPatternMatches) {
      return Fail(absl::ResourceExhaustedError("match pattern: more folders than the limit"));
    }
    const auto entries = files_.List(folder.empty() ? "/" : folder);
    // Most of what a wildcard stands for are files, which have nothing in them.
    if (absl::IsNotFound(entries.status()) || absl::IsFailedPrecondition(entries.status())) return;
    if (!entries.ok()) return Fail(entries.status());
    const std::string wanted(part);
    for (const DirectoryEntry& entry : *entries) {
      if (::fnmatch(wanted.c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
      if (next->size() >= kMaxPatternMatches) {
        return Fail(absl::ResourceExhaustedError("match pattern: more files than the limit"));
      }
      next->push_back(absl::StrCat(folder, "/", entry.name));
    }
  }

  // The first one is kept.
  void Fail(const absl::Status& status) { matches_.problem.Update(status); }

  const FileTree& files_;
  size_t listed_ = 0;
  PathMatches matches_;
};

}  // namespace

bool IsPathPattern(absl::string_view path) { return path.find_first_of("*?[\\") != absl::string_view::npos; }

PathMatches MatchPaths(const FileTree& files, absl::string_view pattern) { return Search(files).Run(pattern); }

}  // namespace rollcall

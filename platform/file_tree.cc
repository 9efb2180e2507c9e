#include "platform/file_tree.h"

#include <climits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// The view of trees that gain nothing from an open directory.
class PathPrefixView : public DirectoryView {
 public:
  PathPrefixView(const FileTree* tree, absl::string_view path) : tree_(tree), path_(absl::StripSuffix(path, "/")) {}

  absl::Status Read(absl::string_view name, size_t limit, std::string* out, bool* truncated) const override {
    out->clear();
    *truncated = false;
    absl::StatusOr<std::string> path = PathOfType(name, "read", FileInfo::Type::kRegular);
    if (!path.ok()) return path.status();
    absl::StatusOr<std::string> content = tree_->ReadPrefix(*path, limit, truncated);
    if (!content.ok()) return content.status();
    *out = *std::move(content);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadLink(absl::string_view name) const override {
    if (absl::Status valid = CheckViewName("read link", name); !valid.ok()) return valid;
    return tree_->ReadLink(PathOf(name));
  }

  absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view name) const override {
    absl::StatusOr<std::string> path = PathOfType(name, "list", FileInfo::Type::kDirectory);
    if (!path.ok()) return path.status();
    return tree_->List(*path);
  }

  absl::StatusOr<FileInfo> Stat(absl::string_view name) const override {
    if (absl::Status valid = CheckViewName("stat", name); !valid.ok()) return valid;
    return tree_->Lstat(PathOf(name));
  }

  absl::StatusOr<FileInfo> StatTarget(absl::string_view name) const override {
    if (absl::Status valid = CheckViewName("stat", name); !valid.ok()) return valid;
    return tree_->Stat(PathOf(name));
  }

  absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view name) const override {
    absl::StatusOr<std::string> path = PathOfType(name, "open", FileInfo::Type::kDirectory);
    if (!path.ok()) return path.status();
    return tree_->OpenDirectory(*path);
  }

 private:
  std::string PathOf(absl::string_view name) const {
    return name.empty() ? (path_.empty() ? "/" : path_) : absl::StrCat(path_, "/", name);
  }

  // The path of `name`, after checking that it is such a file and no link to one.
  absl::StatusOr<std::string> PathOfType(absl::string_view name, absl::string_view verb, FileInfo::Type type) const {
    if (absl::Status valid = CheckViewName(verb, name); !valid.ok()) return valid;
    std::string path = PathOf(name);
    if (name.empty()) return path;  // opened through a link, perhaps
    absl::StatusOr<FileInfo> info = tree_->Lstat(path);
    if (!info.ok()) return info.status();
    if (info->type != type) {
      return absl::FailedPreconditionError(absl::StrCat(verb, " ", path, ": not the right type of file"));
    }
    return path;
  }

  const FileTree* const tree_;
  const std::string path_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryView>> FileTree::OpenDirectory(absl::string_view path) const {
  absl::StatusOr<FileInfo> info = Stat(path);
  if (!info.ok()) return info.status();
  if (info->type != FileInfo::Type::kDirectory) {
    return absl::FailedPreconditionError(absl::StrCat("open ", path, ": not a directory"));
  }
  return std::make_unique<PathPrefixView>(this, path);
}

absl::StatusOr<ScopedFd> FileTree::OpenPath(absl::string_view path) const {
  return absl::UnimplementedError(absl::StrCat("open ", path, ": tree is not on a disk"));
}

absl::StatusOr<FilesystemSpace> FileTree::StatFilesystem(absl::string_view path) const {
  return absl::UnimplementedError(absl::StrCat("stat filesystem of ", path, ": tree is not on a disk"));
}

absl::Status CheckTreePath(absl::string_view verb, absl::string_view path) {
  if (absl::StrContains(path, '\0')) return absl::InvalidArgumentError(absl::StrCat(verb, ": path has a NUL"));
  if (!absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(absl::StrCat(verb, " ", path, ": path is not absolute"));
  }
  if (path.size() >= PATH_MAX) return absl::InvalidArgumentError(absl::StrCat(verb, ": path is too long"));
  return absl::OkStatus();
}

absl::Status CheckViewName(absl::string_view verb, absl::string_view name) {
  if (absl::StrContains(name, '\0')) return absl::InvalidArgumentError(absl::StrCat(verb, ": name has a NUL"));
  if (name.size() >= PATH_MAX) return absl::InvalidArgumentError(absl::StrCat(verb, ": name is too long"));
  if (name.empty()) return absl::OkStatus();
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(absl::StrCat(verb, " ", name, ": name is not a plain relative path"));
    }
  }
  return absl::OkStatus();
}

}  // namespace rollcall

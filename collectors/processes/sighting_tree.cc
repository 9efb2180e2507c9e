#include "collectors/processes/sighting_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// The folder of the sighting, or a folder in it.
class SightingView : public DirectoryView {
 public:
  SightingView(const ProcessSighting* sighting, std::string prefix) : sighting_(sighting), prefix_(std::move(prefix)) {}

  absl::Status Read(absl::string_view name, size_t limit, std::string* out, bool* truncated) const override {
    out->clear();
    *truncated = false;
    ROLLCALL_ASSIGN_OR_RETURN(const absl::string_view content, Find(sighting_->files, "read", name));
    *truncated = content.size() > limit;
    out->assign(content.data(), std::min(content.size(), limit));
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> ReadLink(absl::string_view name) const override {
    ROLLCALL_ASSIGN_OR_RETURN(const absl::string_view target, Find(sighting_->links, "read link", name));
    return std::string(target);
  }
  absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view name) const override {
    return Missing("list", name);
  }
  absl::StatusOr<FileInfo> Stat(absl::string_view name) const override { return Missing("stat", name); }
  absl::StatusOr<FileInfo> StatTarget(absl::string_view name) const override {
    return absl::StrCat(prefix_, name) == "exe" ? sighting_->executable : Missing("stat", name);
  }
  absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view name) const override {
    return std::make_unique<SightingView>(sighting_, absl::StrCat(prefix_, name, "/"));
  }

 private:
  absl::Status Missing(absl::string_view verb, absl::string_view name) const {
    return absl::NotFoundError(
        absl::StrCat(verb, " /proc/", sighting_->pid, "/", prefix_, name, ": the process has ended"));
  }
  absl::StatusOr<absl::string_view> Find(const ProcessSighting::Contents& contents, absl::string_view verb,
                                         absl::string_view name) const {
    const std::string wanted = absl::StrCat(prefix_, name);
    for (const auto& [candidate, content] : contents) {
      if (candidate != wanted) continue;
      if (!content.ok()) return content.status();
      return absl::string_view(*content);
    }
    return Missing(verb, name);
  }

  const ProcessSighting* const sighting_;
  const std::string prefix_;
};

}  // namespace

void SightingTree::Show(const ProcessSighting* sighting) {
  sighting_ = sighting;
  folder_ = sighting == nullptr ? "" : absl::StrCat("/proc/", sighting->pid);
}

absl::Status SightingTree::CheckOutside(absl::string_view verb, absl::string_view path) const {
  if (sighting_ == nullptr || (path != folder_ && !absl::StartsWith(path, folder_ + "/"))) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(verb, " ", path, ": the process has ended"));
}

absl::StatusOr<std::string> SightingTree::ReadFile(absl::string_view path, size_t limit) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("read", path));
  return files_->ReadFile(path, limit);
}

absl::StatusOr<std::string> SightingTree::ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("read", path));
  return files_->ReadPrefix(path, limit, truncated);
}

absl::StatusOr<std::vector<DirectoryEntry>> SightingTree::List(absl::string_view path) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("list", path));
  return files_->List(path);
}

absl::StatusOr<FileInfo> SightingTree::Stat(absl::string_view path) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("stat", path));
  return files_->Stat(path);
}

absl::StatusOr<FileInfo> SightingTree::Lstat(absl::string_view path) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("stat", path));
  return files_->Lstat(path);
}

absl::StatusOr<std::string> SightingTree::ReadLink(absl::string_view path) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("read link", path));
  return files_->ReadLink(path);
}

absl::StatusOr<ScopedFd> SightingTree::Open(absl::string_view path) const {
  if (sighting_ == nullptr || path != folder_ + "/exe") {
    ROLLCALL_RETURN_IF_ERROR(CheckOutside("open", path));
    return files_->Open(path);
  }
  ROLLCALL_RETURN_IF_ERROR(sighting_->executable.status());
  ROLLCALL_ASSIGN_OR_RETURN(const std::string target, SightingView(sighting_, "").ReadLink("exe"));
  ROLLCALL_ASSIGN_OR_RETURN(const FileInfo now, files_->Stat(target));
  if (!(now == *sighting_->executable)) {
    return absl::NotFoundError(absl::StrCat("open ", path, ": the process has ended"));
  }
  return files_->Open(target);
}

absl::StatusOr<std::unique_ptr<FileTree>> SightingTree::Subtree(absl::string_view path) const {
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("open", path));
  return files_->Subtree(path);
}

absl::StatusOr<std::unique_ptr<DirectoryView>> SightingTree::OpenDirectory(absl::string_view path) const {
  if (sighting_ != nullptr && path == folder_) return std::make_unique<SightingView>(sighting_, "");
  ROLLCALL_RETURN_IF_ERROR(CheckOutside("open", path));
  return files_->OpenDirectory(path);
}

}  // namespace rollcall

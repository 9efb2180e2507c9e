#include "collectors/processes/name_scopes.h"

#include <memory>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

std::optional<FileInfo> Identity(const FileTree& root, absl::string_view path) {
  const absl::StatusOr<FileInfo> info = root.Stat(path);
  return info.ok() ? std::optional<FileInfo>(*info) : std::nullopt;
}

}  // namespace

void NameScopes::Refresh(const FileTree& root, Table* table) {
  const bool is_new = table->checked_run == 0;
  table->checked_run = run_;
  const std::optional<FileInfo> passwd = Identity(root, "/etc/passwd");
  const std::optional<FileInfo> group = Identity(root, "/etc/group");
  if (!is_new && passwd == table->passwd && group == table->group) return;
  table->passwd = passwd;
  table->group = group;
  table->names = {AccountNames::Load(root), ++last_version_};
}

const NameTable& NameScopes::Host(const FileTree& files) {
  Table& table = tables_[{0, ""}];
  if (table.checked_run != run_) Refresh(files, &table);
  return table.names;
}

absl::StatusOr<const NameTable*> NameScopes::OfProcess(const FileTree& files, uint32_t pid, uint64_t mount_namespace,
                                                       const std::string& root) {
  const std::pair<uint64_t, std::string> key = {mount_namespace, root};
  const auto known = tables_.find(key);
  if (known != tables_.end() && known->second.checked_run == run_) return &known->second.names;
  // Not kept open: that would keep a container's filesystem from being unmounted.
  const absl::StatusOr<std::unique_ptr<FileTree>> tree = files.Subtree(absl::StrCat("/proc/", pid, "/root"));
  if (!tree.ok()) return tree.status();
  Table& table = tables_[key];
  Refresh(**tree, &table);
  return &table.names;
}

void NameScopes::DropUnused(uint64_t runs) {
  for (auto table = tables_.begin(); table != tables_.end();) {
    table = table->second.checked_run + runs < run_ ? tables_.erase(table) : std::next(table);
  }
}

}  // namespace rollcall

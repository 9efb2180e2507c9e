#include "platform/memory_tree.h"

#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr int kMaxLinks = 40;

std::string Normalized(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  return parts.empty() ? "" : absl::StrCat("/", absl::StrJoin(parts, "/"));
}

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool IsBelow(absl::string_view path, absl::string_view directory) {
  return path.size() > directory.size() && absl::StartsWith(path, directory) && path[directory.size()] == '/';
}

}  // namespace

struct MemoryTree::Node {
  FileInfo info;
  // Bytes of a file, target of a link.
  std::string content;
};

struct MemoryTree::State {
  mutable std::mutex mutex;
  // By normalized path; the root directory is "".
  std::map<std::string, Node> nodes;
  std::map<std::string, absl::Status> errors;
  std::map<std::string, FilesystemSpace> spaces;
  AccessHook hook;
  uint64_t next_inode = 1;
  int64_t next_time = 1'700'000'000'000'000'000;
};

MemoryTree::MemoryTree() : MemoryTree(std::make_shared<State>(), "") { SetDirectory("/"); }

MemoryTree::MemoryTree(std::shared_ptr<State> state, std::string root)
    : state_(std::move(state)), root_(std::move(root)) {}

void MemoryTree::Put(absl::string_view path, Node node) {
  const std::string key = root_ + Normalized(path);
  const std::lock_guard lock(state_->mutex);
  for (std::string parent = key; !parent.empty();) {
    parent = ParentOf(parent);
    Node directory;
    directory.info.type = FileInfo::Type::kDirectory;
    directory.info.mode = 0755;
    directory.info.device = 1;
    directory.info.inode = state_->next_inode;
    if (!state_->nodes.emplace(parent, std::move(directory)).second) break;
    ++state_->next_inode;
  }
  const auto old = state_->nodes.find(key);
  node.info.device = 1;
  node.info.inode = old == state_->nodes.end() ? state_->next_inode++ : old->second.info.inode;
  node.info.mtime_unix_nano = node.info.ctime_unix_nano = state_->next_time++;
  node.info.size_bytes = node.content.size();
  state_->nodes[key] = std::move(node);
}

void MemoryTree::SetFile(absl::string_view path, absl::string_view content) {
  Node node;
  node.info.type = FileInfo::Type::kRegular;
  node.info.mode = 0644;
  node.content = std::string(content);
  Put(path, std::move(node));
}

void MemoryTree::SetDirectory(absl::string_view path) {
  Node node;
  node.info.type = FileInfo::Type::kDirectory;
  node.info.mode = 0755;
  Put(path, std::move(node));
}

void MemoryTree::SetSymlink(absl::string_view path, absl::string_view target) {
  Node node;
  node.info.type = FileInfo::Type::kSymlink;
  node.info.mode = 0777;
  node.content = std::string(target);
  Put(path, std::move(node));
}

void MemoryTree::SetSpecial(absl::string_view path, FileInfo::Type type) {
  Node node;
  node.info.type = type;
  node.info.mode = 0644;
  Put(path, std::move(node));
}

void MemoryTree::SetInfo(absl::string_view path, const FileInfo& info) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->nodes.find(root_ + Normalized(path));
  if (found == state_->nodes.end()) return;
  FileInfo& kept = found->second.info;
  const FileInfo::Type type = kept.type;
  const uint64_t size = kept.size_bytes;
  kept = info;
  kept.type = type;
  kept.size_bytes = size;
}

void MemoryTree::Unset(absl::string_view path) {
  const std::string key = root_ + Normalized(path);
  const std::lock_guard lock(state_->mutex);
  for (auto it = state_->nodes.lower_bound(key); it != state_->nodes.end() && absl::StartsWith(it->first, key);) {
    it = it->first == key || IsBelow(it->first, key) ? state_->nodes.erase(it) : std::next(it);
  }
}

void MemoryTree::SetError(absl::string_view path, const absl::Status& error) {
  const std::lock_guard lock(state_->mutex);
  if (error.ok()) {
    state_->errors.erase(root_ + Normalized(path));
  } else {
    state_->errors[root_ + Normalized(path)] = error;
  }
}

void MemoryTree::SetAccessHook(AccessHook hook) {
  const std::lock_guard lock(state_->mutex);
  state_->hook = std::move(hook);
}

void MemoryTree::SetFilesystemSpace(absl::string_view path, const FilesystemSpace& space) {
  const std::lock_guard lock(state_->mutex);
  state_->spaces[root_ + Normalized(path)] = space;
}

absl::StatusOr<std::string> MemoryTree::Resolve(absl::string_view verb, absl::string_view path, bool follow) const {
  const auto fail = [&](absl::StatusCode code, absl::string_view cause) {
    return absl::Status(code, absl::StrCat(verb, " ", path, ": ", cause));
  };
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> split = absl::StrSplit(path, '/', absl::SkipEmpty());
  std::deque<std::string> pending(split.begin(), split.end());
  std::string at = root_;
  for (int links = 0; !pending.empty();) {
    const std::string name = std::move(pending.front());
    pending.pop_front();
    const auto parent = state_->nodes.find(at);
    if (parent != state_->nodes.end() && parent->second.info.type != FileInfo::Type::kDirectory) {
      return fail(absl::StatusCode::kFailedPrecondition, "not a directory");
    }
    if (name == ".") continue;
    if (name == "..") {
      if (at.size() > root_.size()) at = ParentOf(at);
      continue;
    }
    const std::string next = absl::StrCat(at, "/", name);
    for (const auto& [failing, error] : state_->errors) {
      if (next == failing) return fail(error.code(), error.message());
    }
    const auto found = state_->nodes.find(next);
    if (found == state_->nodes.end()) return fail(absl::StatusCode::kNotFound, "no such file or directory");
    if (found->second.info.type != FileInfo::Type::kSymlink || (pending.empty() && !follow)) {
      at = next;
      continue;
    }
    if (++links > kMaxLinks) return fail(absl::StatusCode::kFailedPrecondition, "too many levels of symbolic links");
    const std::string& target = found->second.content;
    if (absl::StartsWith(target, "/")) at = root_;
    split = absl::StrSplit(target, '/', absl::SkipEmpty());
    pending.insert(pending.begin(), split.begin(), split.end());
  }
  return at;
}

absl::StatusOr<MemoryTree::Node> MemoryTree::Find(absl::string_view verb, absl::string_view path, bool follow,
                                                  std::string* real_path) const {
  if (absl::Status valid = CheckTreePath(verb, path); !valid.ok()) return valid;
  AccessHook hook;
  {
    const std::lock_guard lock(state_->mutex);
    hook = state_->hook;
  }
  if (hook) {
    absl::StatusOr<std::string> real = Resolve(verb, path, follow);
    if (!real.ok()) return real.status();
    if (absl::Status hooked = hook(real->empty() ? "/" : *real); !hooked.ok()) {
      return absl::Status(hooked.code(), absl::StrCat(verb, " ", path, ": ", hooked.message()));
    }
  }
  absl::StatusOr<std::string> real = Resolve(verb, path, follow);
  if (!real.ok()) return real.status();
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->nodes.find(*real);
  if (found == state_->nodes.end()) {
    return absl::NotFoundError(absl::StrCat(verb, " ", path, ": no such file or directory"));
  }
  if (real_path != nullptr) *real_path = *real;
  return found->second;
}

absl::StatusOr<std::string> MemoryTree::ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const {
  *truncated = false;
  absl::StatusOr<Node> node = Find("read", path, true);
  if (!node.ok()) return node.status();
  if (node->info.type != FileInfo::Type::kRegular) {
    return absl::FailedPreconditionError(absl::StrCat("read ", path, ": not a regular file"));
  }
  if (node->content.size() > limit) {
    *truncated = true;
    node->content.resize(limit);
  }
  return std::move(node->content);
}

absl::StatusOr<std::string> MemoryTree::ReadFile(absl::string_view path, size_t limit) const {
  bool truncated = false;
  absl::StatusOr<std::string> content = ReadPrefix(path, limit, &truncated);
  if (content.ok() && truncated) {
    return absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than ", limit, " bytes"));
  }
  return content;
}

absl::StatusOr<std::vector<DirectoryEntry>> MemoryTree::List(absl::string_view path) const {
  std::string real;
  absl::StatusOr<Node> node = Find("list", path, true, &real);
  if (!node.ok()) return node.status();
  if (node->info.type != FileInfo::Type::kDirectory) {
    return absl::FailedPreconditionError(absl::StrCat("list ", path, ": not a directory"));
  }
  std::vector<DirectoryEntry> entries;
  const std::lock_guard lock(state_->mutex);
  const std::string prefix = real + "/";
  for (auto it = state_->nodes.lower_bound(prefix); it != state_->nodes.end(); ++it) {
    if (!absl::StartsWith(it->first, prefix)) break;
    const absl::string_view name = absl::string_view(it->first).substr(prefix.size());
    if (!absl::StrContains(name, '/')) entries.push_back({std::string(name), it->second.info.type});
  }
  return entries;
}

absl::StatusOr<FileInfo> MemoryTree::Stat(absl::string_view path) const {
  absl::StatusOr<Node> node = Find("stat", path, true);
  if (!node.ok()) return node.status();
  return node->info;
}

absl::StatusOr<FileInfo> MemoryTree::Lstat(absl::string_view path) const {
  absl::StatusOr<Node> node = Find("stat", path, false);
  if (!node.ok()) return node.status();
  return node->info;
}

absl::StatusOr<std::string> MemoryTree::ReadLink(absl::string_view path) const {
  absl::StatusOr<Node> node = Find("read link", path, false);
  if (!node.ok()) return node.status();
  if (node->info.type != FileInfo::Type::kSymlink) {
    return absl::FailedPreconditionError(absl::StrCat("read link ", path, ": not a symbolic link"));
  }
  return std::move(node->content);
}

absl::StatusOr<ScopedFd> MemoryTree::Open(absl::string_view path) const {
  return absl::UnimplementedError(absl::StrCat("open ", path, ": tree is not on a disk"));
}

absl::StatusOr<std::unique_ptr<FileTree>> MemoryTree::Subtree(absl::string_view path) const {
  std::string real;
  absl::StatusOr<Node> node = Find("open", path, true, &real);
  if (!node.ok()) return node.status();
  if (node->info.type != FileInfo::Type::kDirectory) {
    return absl::FailedPreconditionError(absl::StrCat("open ", path, ": not a directory"));
  }
  return std::unique_ptr<FileTree>(new MemoryTree(state_, real));
}

absl::StatusOr<FilesystemSpace> MemoryTree::StatFilesystem(absl::string_view path) const {
  std::string real;
  absl::StatusOr<Node> node = Find("stat filesystem of", path, true, &real);
  if (!node.ok()) return node.status();
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->spaces.find(real);
  if (found == state_->spaces.end()) return FileTree::StatFilesystem(path);
  return found->second;
}

}  // namespace rollcall

#include "backend/archive/testing/memory_archive_disk.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace

class MemoryNewArchiveFile : public NewArchiveFile {
 public:
  MemoryNewArchiveFile(MemoryArchiveDisk* disk, std::shared_ptr<MemoryArchiveDisk::Node> node)
      : disk_(disk), node_(std::move(node)) {}

  absl::Status Write(absl::string_view bytes) override {
    const absl::Status status = disk_->Next();
    if (!status.ok()) {
      bytes = bytes.substr(0, disk_->operations_ == disk_->fail_at_
                                  ? static_cast<size_t>(static_cast<double>(bytes.size()) * disk_->share_)
                                  : 0);
    }
    absl::StrAppend(&node_->bytes, bytes);
    if (disk_->Flips()) node_->bytes[node_->bytes.size() - 1 - bytes.size() / 2] ^= 0x10;
    return status;
  }
  absl::Status Sync() override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    node_->durable = node_->bytes;
    return absl::OkStatus();
  }

 private:
  MemoryArchiveDisk* disk_;
  std::shared_ptr<MemoryArchiveDisk::Node> node_;
};

class MemoryArchiveSource : public ByteSource {
 public:
  MemoryArchiveSource(MemoryArchiveDisk* disk, std::shared_ptr<MemoryArchiveDisk::Node> node)
      : disk_(disk), node_(std::move(node)) {}

  absl::StatusOr<std::string> Read(size_t size) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    std::string bytes = node_->bytes.substr(std::min(at_, node_->bytes.size()), size);
    at_ += bytes.size();
    return bytes;
  }

 private:
  MemoryArchiveDisk* disk_;
  std::shared_ptr<MemoryArchiveDisk::Node> node_;
  size_t at_ = 0;
};

class MemoryArchiveFiles : public ArchiveFiles {
 public:
  explicit MemoryArchiveFiles(MemoryArchiveDisk* disk) : disk_(disk) {}

  absl::Status Lock() override { return absl::OkStatus(); }

  absl::Status MakeFolders(const std::string& path) override {
    std::string made;
    for (const absl::string_view part : absl::StrSplit(path, '/')) {
      ROLLCALL_RETURN_IF_ERROR(disk_->Next());
      const std::string above = made;
      absl::StrAppend(&made, made.empty() ? "" : "/", part);
      auto& node = disk_->nodes_[made];
      if (node == nullptr) {
        node = std::make_shared<MemoryArchiveDisk::Node>();
        node->folder = true;
      }
      ROLLCALL_RETURN_IF_ERROR(SyncFolder(above));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<NewArchiveFile>> Create(const std::string& path) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    if (!disk_->HasFolder(FolderOf(path))) return absl::NotFoundError(absl::StrCat("create ", path));
    auto& node = disk_->nodes_[path];
    if (node != nullptr) return absl::AlreadyExistsError(absl::StrCat("create ", path));
    node = std::make_shared<MemoryArchiveDisk::Node>();
    return std::make_unique<MemoryNewArchiveFile>(disk_, node);
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    const auto found = disk_->nodes_.find(path);
    if (found == disk_->nodes_.end()) return absl::NotFoundError(absl::StrCat("open ", path));
    return std::make_unique<MemoryArchiveSource>(disk_, found->second);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    const auto found = disk_->nodes_.find(from);
    if (found == disk_->nodes_.end()) return absl::NotFoundError(absl::StrCat("rename ", from));
    disk_->nodes_[to] = found->second;
    disk_->nodes_.erase(from);
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    return disk_->nodes_.erase(path) > 0 ? absl::OkStatus() : absl::NotFoundError(absl::StrCat("remove ", path));
  }

  absl::Status RemoveFolder(const std::string& path) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    if (!disk_->HasFolder(path)) return absl::NotFoundError(absl::StrCat("remove ", path));
    const auto below = disk_->nodes_.lower_bound(path + "/");
    if (below != disk_->nodes_.end() && absl::StartsWith(below->first, path + "/")) {
      return absl::FailedPreconditionError(absl::StrCat("remove ", path, ": not empty"));
    }
    disk_->nodes_.erase(path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ArchiveEntry>> List(const std::string& folder) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    if (!disk_->HasFolder(folder)) return absl::NotFoundError(absl::StrCat("list ", folder));
    std::vector<ArchiveEntry> entries;
    for (const auto& [path, node] : disk_->nodes_) {
      if (FolderOf(path) == folder) entries.push_back({path.substr(folder.size() + 1), node->bytes.size()});
    }
    return entries;
  }

  absl::Status SyncFolder(const std::string& folder) override {
    ROLLCALL_RETURN_IF_ERROR(disk_->Next());
    if (!disk_->HasFolder(folder)) return absl::NotFoundError(absl::StrCat("sync ", folder));
    for (auto it = disk_->durable_.begin(); it != disk_->durable_.end();) {
      it = FolderOf(it->first) == folder ? disk_->durable_.erase(it) : std::next(it);
    }
    for (const auto& [path, node] : disk_->nodes_) {
      if (FolderOf(path) == folder) disk_->durable_[path] = node;
    }
    return absl::OkStatus();
  }

 private:
  MemoryArchiveDisk* disk_;
};

std::unique_ptr<ArchiveFiles> MemoryArchiveDisk::Mount() { return std::make_unique<MemoryArchiveFiles>(this); }

bool MemoryArchiveDisk::HasFolder(const std::string& path) const {
  const auto found = nodes_.find(path);
  return path.empty() || (found != nodes_.end() && found->second->folder);
}

void MemoryArchiveDisk::FailAt(uint64_t operation, Fault fault, double share) {
  operations_ = 0;
  fail_at_ = operation;
  fault_ = fault;
  share_ = share;
}

absl::Status MemoryArchiveDisk::Next() {
  ++operations_;
  if (fault_ == Fault::kCrash && operations_ >= fail_at_) return absl::UnavailableError("the process is gone");
  if (fault_ == Fault::kOnce && operations_ == fail_at_) return absl::ResourceExhaustedError("no space is left");
  return absl::OkStatus();
}

void MemoryArchiveDisk::LosePower(size_t kept_bytes) {
  nodes_.clear();
  // In order of paths: folders come before what is in them.
  for (const auto& [path, node] : durable_) {
    if (!HasFolder(FolderOf(path))) continue;
    if (node->bytes.size() > node->durable.size()) {
      node->durable += node->bytes.substr(node->durable.size(), kept_bytes);
    }
    node->bytes = node->durable;
    nodes_[path] = node;
  }
  durable_ = nodes_;
}

std::vector<std::string> MemoryArchiveDisk::Files() const {
  std::vector<std::string> paths;
  for (const auto& [path, node] : nodes_) {
    if (!node->folder) paths.push_back(path);
  }
  return paths;
}

std::vector<std::string> MemoryArchiveDisk::Folders() const {
  std::vector<std::string> paths;
  for (const auto& [path, node] : nodes_) {
    if (node->folder) paths.push_back(path);
  }
  return paths;
}

}  // namespace rollcall

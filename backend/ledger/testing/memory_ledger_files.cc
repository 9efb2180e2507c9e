#include "backend/ledger/testing/memory_ledger_files.h"

#include <algorithm>

namespace rollcall {

class MemoryLedgerFile : public LedgerFile {
 public:
  MemoryLedgerFile(LedgerDisk* disk, std::shared_ptr<LedgerDisk::Node> node) : disk_(disk), node_(std::move(node)) {}

  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) const override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    return offset >= node_->bytes.size() ? std::string() : node_->bytes.substr(offset, size);
  }

  absl::Status WriteAt(uint64_t offset, absl::string_view data) override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    double share = 1;
    const absl::Status status = disk_->Change(&share);
    data = data.substr(0, static_cast<size_t>(static_cast<double>(data.size()) * share));
    if (data.empty()) return status;
    if (node_->bytes.size() < offset + data.size()) node_->bytes.resize(offset + data.size());
    std::copy(data.begin(), data.end(), node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    node_->last_write_at = offset;
    node_->last_write = std::string(data);
    return status;
  }

  absl::StatusOr<uint64_t> Size() const override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    return node_->bytes.size();
  }

  absl::Status Truncate(uint64_t size) override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    double share = 1;
    if (absl::Status status = disk_->Change(&share); !status.ok()) return status;
    node_->bytes.resize(size);
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    double share = 1;
    if (absl::Status status = disk_->Change(&share); !status.ok()) return status;
    node_->durable = node_->bytes;
    node_->last_write.clear();
    return absl::OkStatus();
  }

 private:
  LedgerDisk* disk_;
  std::shared_ptr<LedgerDisk::Node> node_;
};

class MemoryLedgerFiles : public LedgerFiles {
 public:
  explicit MemoryLedgerFiles(LedgerDisk* disk) : disk_(disk) {}

  absl::Status Lock() override { return absl::OkStatus(); }

  absl::StatusOr<std::vector<std::string>> List() const override { return disk_->Names(); }

  absl::StatusOr<std::unique_ptr<LedgerFile>> Open(absl::string_view name) override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    std::shared_ptr<LedgerDisk::Node>& node = disk_->nodes_[std::string(name)];
    if (node == nullptr) {
      double share = 1;
      if (absl::Status status = disk_->Change(&share); !status.ok()) {
        disk_->nodes_.erase(std::string(name));
        return status;
      }
      node = std::make_shared<LedgerDisk::Node>();
    }
    return std::make_unique<MemoryLedgerFile>(disk_, node);
  }

  absl::Status SyncFolder() override {
    const std::lock_guard<std::mutex> lock(disk_->mutex_);
    double share = 1;
    if (absl::Status status = disk_->Change(&share); !status.ok()) return status;
    for (auto& [name, node] : disk_->nodes_) node->name_durable = true;
    return absl::OkStatus();
  }

 private:
  LedgerDisk* disk_;
};

std::unique_ptr<LedgerFiles> LedgerDisk::Mount() { return std::make_unique<MemoryLedgerFiles>(this); }

void LedgerDisk::CrashAt(uint64_t change, double written_share) {
  changes_ = 0;
  crash_at_ = change;
  written_share_ = written_share;
}

absl::Status LedgerDisk::Change(double* share) {
  ++changes_;
  if (crash_at_ == 0 || changes_ < crash_at_) return absl::OkStatus();
  *share = changes_ == crash_at_ ? written_share_ : 0;
  return absl::UnavailableError("the process is gone");
}

void LedgerDisk::LosePower(size_t kept_bytes) {
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    Node& node = *it->second;
    if (!node.name_durable) {
      it = nodes_.erase(it);
      continue;
    }
    std::string bytes = node.durable;
    const std::string kept = node.last_write.substr(0, kept_bytes);
    // Only appended bytes can be kept in part: what lies between was written later or not at all.
    if (!kept.empty() && node.last_write_at <= bytes.size()) {
      bytes.resize(std::max(bytes.size(), node.last_write_at + kept.size()));
      std::copy(kept.begin(), kept.end(), bytes.begin() + static_cast<std::ptrdiff_t>(node.last_write_at));
    }
    node.bytes = node.durable = bytes;
    node.last_write.clear();
    ++it;
  }
}

std::vector<std::string> LedgerDisk::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) names.push_back(name);
  return names;
}

}  // namespace rollcall

#include "agent/spool/testing/memory_spool_files.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall {

class MemorySpoolFile : public SpoolFile {
 public:
  explicit MemorySpoolFile(std::shared_ptr<MemoryDisk::Node> node) : node_(std::move(node)) {}

  absl::Status WriteAt(uint64_t offset, absl::string_view data) override {
    if (node_->bytes.size() < offset + data.size()) node_->bytes.resize(offset + data.size());
    std::copy(data.begin(), data.end(), node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    MarkDirty(offset, offset + data.size());
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
    if (offset >= node_->bytes.size()) return std::string();
    return node_->bytes.substr(offset, size);
  }
  absl::StatusOr<uint64_t> Size() override { return node_->bytes.size(); }
  absl::Status Truncate(uint64_t size) override {
    MarkDirty(std::min<size_t>(size, node_->bytes.size()), std::max<size_t>(size, node_->bytes.size()));
    node_->bytes.resize(size);
    return absl::OkStatus();
  }
  absl::Status Reserve(uint64_t bytes) override { return absl::OkStatus(); }
  absl::Status SyncData() override {
    // Where damage was done from outside, everything is synced.
    const bool known = node_->durable.size() >= node_->dirty_from;
    const size_t from = known ? std::min(node_->dirty_from, node_->bytes.size()) : 0;
    const size_t below = known ? std::min(node_->dirty_below, node_->bytes.size()) : node_->bytes.size();
    node_->durable.resize(node_->bytes.size());
    if (from < below) node_->durable.replace(from, below - from, node_->bytes, from, below - from);
    node_->dirty_from = SIZE_MAX;
    node_->dirty_below = 0;
    return absl::OkStatus();
  }

 private:
  void MarkDirty(size_t from, size_t below) {
    node_->dirty_from = std::min(node_->dirty_from, from);
    node_->dirty_below = std::max(node_->dirty_below, below);
  }

  std::shared_ptr<MemoryDisk::Node> node_;
};

class MemorySpoolFiles : public SpoolFiles {
 public:
  explicit MemorySpoolFiles(MemoryDisk* disk) : disk_(disk) {}

  absl::Status Lock() override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<std::string>> List() override { return disk_->Names(); }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Create(absl::string_view name) override {
    auto& node = disk_->names_[std::string(name)];
    if (node != nullptr) return absl::AlreadyExistsError(absl::StrCat("create ", name));
    node = std::make_shared<MemoryDisk::Node>();
    return std::make_unique<MemorySpoolFile>(node);
  }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Open(absl::string_view name) override {
    const auto found = disk_->names_.find(std::string(name));
    if (found == disk_->names_.end()) return absl::NotFoundError(absl::StrCat("open ", name));
    return std::make_unique<MemorySpoolFile>(found->second);
  }
  absl::Status Rename(absl::string_view from, absl::string_view to) override {
    const auto found = disk_->names_.find(std::string(from));
    if (found == disk_->names_.end()) return absl::NotFoundError(absl::StrCat("rename ", from));
    disk_->names_[std::string(to)] = found->second;
    disk_->names_.erase(std::string(from));
    return absl::OkStatus();
  }
  absl::Status Remove(absl::string_view name) override {
    if (disk_->names_.erase(std::string(name)) == 0) return absl::NotFoundError(absl::StrCat("remove ", name));
    return absl::OkStatus();
  }
  absl::Status SyncDirectory() override {
    disk_->durable_names_ = disk_->names_;
    return absl::OkStatus();
  }
  absl::StatusOr<SpoolFreeSpace> FreeSpace() override { return disk_->space; }

 private:
  MemoryDisk* disk_;
};

MemoryDisk::MemoryDisk(const MemoryDisk& other) { CopyFrom(other); }

MemoryDisk& MemoryDisk::operator=(const MemoryDisk& other) {
  if (this != &other) CopyFrom(other);
  return *this;
}

void MemoryDisk::CopyFrom(const MemoryDisk& other) {
  space = other.space;
  names_.clear();
  durable_names_.clear();
  std::map<const Node*, std::shared_ptr<Node>> copies;
  const auto copy = [&](const Directory& from, Directory* to) {
    for (const auto& [name, node] : from) {
      std::shared_ptr<Node>& copied = copies[node.get()];
      if (copied == nullptr) copied = std::make_shared<Node>(*node);
      (*to)[name] = copied;
    }
  };
  copy(other.names_, &names_);
  copy(other.durable_names_, &durable_names_);
}

std::unique_ptr<SpoolFiles> MemoryDisk::Mount() { return std::make_unique<MemorySpoolFiles>(this); }

void MemoryDisk::LosePower(size_t unsynced_bytes) {
  names_ = durable_names_;
  for (auto& [name, node] : names_) {
    std::string kept = node->durable;
    if (node->bytes.size() > kept.size()) kept += node->bytes.substr(kept.size(), unsynced_bytes);
    node->bytes = kept;
    node->durable = kept;
    node->dirty_from = SIZE_MAX;
    node->dirty_below = 0;
  }
}

std::vector<std::string> MemoryDisk::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : names_) names.push_back(name);
  return names;
}

std::string& MemoryDisk::Bytes(const std::string& name) {
  Node& node = *names_.at(name);
  node.dirty_from = 0;
  node.dirty_below = SIZE_MAX;
  return node.bytes;
}

void MemoryDisk::Remove(const std::string& name) { names_.erase(name); }

bool FaultPlan::Counts(Operation operation) const {
  switch (only) {
    case Only::kAll:
      return true;
    case Only::kReads:
      return operation == Operation::kRead;
    case Only::kWrites:
      return operation == Operation::kWrite;
    case Only::kSyncs:
      return operation == Operation::kSync;
  }
  return true;
}

absl::Status FaultPlan::Next(Operation operation) {
  if (!Counts(operation)) return absl::OkStatus();
  ++operations_;
  if (operations_ < first_ || operations_ > last_) return absl::OkStatus();
  fired_ = true;
  return status_;
}

namespace {

using Operation = FaultPlan::Operation;

class FaultyFile : public SpoolFile {
 public:
  FaultyFile(std::unique_ptr<SpoolFile> file, std::shared_ptr<FaultPlan> plan)
      : file_(std::move(file)), plan_(std::move(plan)) {}

  absl::Status WriteAt(uint64_t offset, absl::string_view data) override {
    const absl::Status fault = plan_->Next(Operation::kWrite);
    if (fault.ok()) return file_->WriteAt(offset, data);
    const auto written = static_cast<size_t>(static_cast<double>(data.size()) * plan_->written_share);
    if (written > 0) file_->WriteAt(offset, data.substr(0, written)).IgnoreError();
    return fault;
  }
  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
    if (absl::Status fault = plan_->Next(Operation::kRead); !fault.ok()) return fault;
    return file_->ReadAt(offset, size);
  }
  absl::StatusOr<uint64_t> Size() override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return file_->Size();
  }
  absl::Status Truncate(uint64_t size) override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return file_->Truncate(size);
  }
  absl::Status Reserve(uint64_t bytes) override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return file_->Reserve(bytes);
  }
  absl::Status SyncData() override {
    if (absl::Status fault = plan_->Next(Operation::kSync); !fault.ok()) return fault;
    return file_->SyncData();
  }

 private:
  std::unique_ptr<SpoolFile> file_;
  std::shared_ptr<FaultPlan> plan_;
};

class FaultyFiles : public SpoolFiles {
 public:
  FaultyFiles(std::unique_ptr<SpoolFiles> files, std::shared_ptr<FaultPlan> plan)
      : files_(std::move(files)), plan_(std::move(plan)) {}

  absl::Status Lock() override { return files_->Lock(); }
  absl::StatusOr<std::vector<std::string>> List() override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return files_->List();
  }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Create(absl::string_view name) override {
    return Wrap([&] { return files_->Create(name); });
  }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Open(absl::string_view name) override {
    return Wrap([&] { return files_->Open(name); });
  }
  absl::Status Rename(absl::string_view from, absl::string_view to) override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return files_->Rename(from, to);
  }
  absl::Status Remove(absl::string_view name) override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return files_->Remove(name);
  }
  absl::Status SyncDirectory() override {
    if (absl::Status fault = plan_->Next(Operation::kSync); !fault.ok()) return fault;
    return files_->SyncDirectory();
  }
  absl::StatusOr<SpoolFreeSpace> FreeSpace() override {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    return files_->FreeSpace();
  }

 private:
  absl::StatusOr<std::unique_ptr<SpoolFile>> Wrap(
      const std::function<absl::StatusOr<std::unique_ptr<SpoolFile>>()>& open) {
    if (absl::Status fault = plan_->Next(Operation::kOther); !fault.ok()) return fault;
    absl::StatusOr<std::unique_ptr<SpoolFile>> file = open();
    if (!file.ok()) return file.status();
    return std::make_unique<FaultyFile>(*std::move(file), plan_);
  }

  std::unique_ptr<SpoolFiles> files_;
  std::shared_ptr<FaultPlan> plan_;
};

}  // namespace

std::unique_ptr<SpoolFiles> WithFaults(std::unique_ptr<SpoolFiles> files, std::shared_ptr<FaultPlan> plan) {
  return std::make_unique<FaultyFiles>(std::move(files), std::move(plan));
}

}  // namespace rollcall

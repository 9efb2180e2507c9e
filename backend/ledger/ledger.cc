#include "backend/ledger/ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxName = 256;
// What `index` and `previous_leaf_hash` take.
constexpr size_t kLedgerFieldBytes = 64;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("append to ledger: ", what));
}

bool IsHashOrEmpty(absl::string_view bytes) { return bytes.empty() || bytes.size() == sizeof(LedgerHash); }

}  // namespace

absl::Status CheckLedgerEntry(const pb::LedgerEntry& entry) {
  if (entry.what_case() == pb::LedgerEntry::WHAT_NOT_SET) return Wrong("the entry does not say what happened");
  if (!entry.has_at()) return Wrong("the entry has no time");
  if (entry.actor().empty() || entry.actor().size() > kMaxName) return Wrong("the entry's actor is empty or too long");
  if (entry.tenant().size() > kMaxName) return Wrong("the entry's tenant is too long");
  if (!IsHashOrEmpty(entry.unique_key()) || !IsHashOrEmpty(entry.explanation_hash()) ||
      !IsHashOrEmpty(entry.policy().hash())) {
    return Wrong("a key or hash of the entry is not 32 bytes");
  }
  if (entry.ByteSizeLong() + kLedgerFieldBytes > kMaxLeafBytes) return Wrong("the entry is larger than 16 KiB");
  return absl::OkStatus();
}

struct Ledger::Batch {
  explicit Batch(uint64_t first) : first_leaf(first), frame(first) {}

  uint64_t first_leaf;
  FrameWriter frame;
  std::vector<LedgerHash> nodes;
  absl::flat_hash_map<std::string, uint64_t> keys;
  // Set when written.
  uint64_t offset = 0;
  TreeHead head;
};

Ledger::Ledger(std::unique_ptr<LedgerFiles> files, const Clock* clock) : files_(std::move(files)), clock_(clock) {}

Ledger::~Ledger() = default;

absl::StatusOr<Appended> Ledger::Append(pb::LedgerEntry entry) {
  std::vector<pb::LedgerEntry> entries(1);
  entries.front() = std::move(entry);
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<Appended> appended, AppendAll(std::move(entries)));
  return appended.front();
}

absl::StatusOr<std::vector<Appended>> Ledger::AppendAll(std::vector<pb::LedgerEntry> entries) {
  for (const pb::LedgerEntry& entry : entries) ROLLCALL_RETURN_IF_ERROR(CheckLedgerEntry(entry));
  Waiting self;
  self.entries = std::move(entries);
  std::unique_lock<std::mutex> lock(mutex_);
  queue_.push_back(&self);
  committed_.wait(lock, [&] { return self.done || !leading_; });
  if (!self.done) {
    // Nobody commits: this thread does, for all that wait by now.
    leading_ = true;
    const std::vector<Waiting*> group(queue_.begin(), queue_.end());
    queue_.clear();
    absl::Status status = broken_;
    lock.unlock();
    if (status.ok()) status = Commit(group);
    lock.lock();
    leading_ = false;
    if (!status.ok() && broken_.ok()) {
      broken_ = absl::FailedPreconditionError(
          absl::StrCat("append to ledger: closed after an earlier failure (", status.message(), ")"));
    }
    for (Waiting* waiting : group) {
      waiting->status = status;
      waiting->done = true;
    }
    committed_.notify_all();
  }
  if (!self.status.ok()) return self.status;
  return std::move(self.appended);
}

absl::Status Ledger::Commit(const std::vector<Waiting*>& group) {
  Batch batch(tree_.size());
  for (Waiting* waiting : group) {
    waiting->appended.resize(waiting->entries.size());
    for (size_t i = 0; i < waiting->entries.size(); ++i) {
      ROLLCALL_RETURN_IF_ERROR(MakeLeaf(&waiting->entries[i], &batch, &waiting->appended[i]));
    }
  }
  return WriteFrame(&batch);
}

absl::Status Ledger::MakeLeaf(pb::LedgerEntry* entry, Batch* batch, Appended* appended) {
  if (const std::string& key = entry->unique_key(); !key.empty()) {
    const auto in_batch = batch->keys.find(key);
    const auto in_log = unique_.find(key);
    if (in_batch != batch->keys.end() || in_log != unique_.end()) {
      *appended = {in_batch != batch->keys.end() ? in_batch->second : in_log->second, false};
      return absl::OkStatus();
    }
  }
  entry->set_index(tree_.size());
  if (tree_.size() > 0) {
    entry->set_previous_leaf_hash(last_leaf_.data(), last_leaf_.size());
  } else {
    entry->clear_previous_leaf_hash();
  }
  if (!entry->SerializeToString(&leaf_)) return absl::InternalError("append to ledger: serialize an entry");
  if (!batch->frame.Fits(leaf_.size())) ROLLCALL_RETURN_IF_ERROR(WriteFrame(batch));
  if (!entry->unique_key().empty()) batch->keys.emplace(entry->unique_key(), tree_.size());
  *appended = {tree_.size(), true};
  batch->frame.Add(leaf_);
  last_leaf_ = hasher_.Leaf(leaf_);
  tree_.Append(last_leaf_, &hasher_, &batch->nodes);
  return absl::OkStatus();
}

absl::Status Ledger::WriteFrame(Batch* batch) {
  if (batch->frame.leaves() == 0) return absl::OkStatus();
  batch->head = {tree_.size(), tree_.Root(&hasher_)};
  if (!hasher_.ok()) return absl::InternalError("append to ledger: SHA-256 is not available");
  batch->offset = log_end_;
  const std::string bytes = batch->frame.Finish(batch->head.root);
  ROLLCALL_RETURN_IF_ERROR(log_->WriteAt(log_end_, bytes));
  if (absl::Status status = log_->Sync(); !status.ok()) {
    // The kernel may take the frame for written from here on; whoever opens the log next must not.
    log_->Truncate(log_end_).IgnoreError();
    return status;
  }
  log_end_ += bytes.size();
  ROLLCALL_RETURN_IF_ERROR(nodes_->Write(NodeCount(batch->first_leaf), batch->nodes));
  // Not synced: it may fall behind, never be ahead.
  const Acknowledged state = {batch->head.size, log_end_, batch->head.root};
  ROLLCALL_RETURN_IF_ERROR(acknowledged_->WriteAt(0, WriteAcknowledged(state, &hasher_)));
  Publish(batch);
  *batch = Batch(tree_.size());
  return absl::OkStatus();
}

void Ledger::Publish(Batch* batch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  head_ = batch->head;
  frames_.emplace_back(batch->first_leaf, batch->offset);
  unique_.insert(batch->keys.begin(), batch->keys.end());
}

TreeHead Ledger::Head() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return head_;
}

std::optional<uint64_t> Ledger::Find(absl::string_view unique_key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = unique_.find(unique_key);
  if (found == unique_.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<std::string> Ledger::Leaf(uint64_t index) const {
  uint64_t offset = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (index >= head_.size) {
      return absl::OutOfRangeError(absl::StrCat("read ledger entry ", index, ": there are ", head_.size));
    }
    const auto after = std::upper_bound(frames_.begin(), frames_.end(), std::make_pair(index, UINT64_MAX));
    offset = std::prev(after)->second;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::string start, log_->ReadAt(offset, kFrameHeaderBytes));
  ROLLCALL_ASSIGN_OR_RETURN(const FrameHeader header, ParseFrameHeader(start));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, log_->ReadAt(offset, header.frame_bytes()));
  ROLLCALL_ASSIGN_OR_RETURN(const Frame frame, ParseFrame(bytes));
  if (index < header.first_leaf || index - header.first_leaf >= frame.leaves.size()) {
    return absl::DataLossError(absl::StrCat("read ledger entry ", index, ": its frame has changed"));
  }
  return std::string(frame.leaves[index - header.first_leaf]);
}

absl::Status Ledger::CheckSize(uint64_t size) const {
  const uint64_t there = Head().size;
  if (size <= there) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("prove from ledger: ", size, " leaves asked for, ", there, " there"));
}

absl::StatusOr<LedgerHash> Ledger::Root(uint64_t size) const {
  ROLLCALL_RETURN_IF_ERROR(CheckSize(size));
  TreeHasher hasher;
  ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash root, RootOf(size, *nodes_, &hasher));
  if (!hasher.ok()) return absl::InternalError("compute ledger root: SHA-256 is not available");
  return root;
}

absl::StatusOr<std::vector<LedgerHash>> Ledger::InclusionProof(uint64_t index, uint64_t size) const {
  ROLLCALL_RETURN_IF_ERROR(CheckSize(size));
  TreeHasher hasher;
  return InclusionPath(index, size, *nodes_, &hasher);
}

absl::StatusOr<std::vector<LedgerHash>> Ledger::ConsistencyProof(uint64_t old_size, uint64_t new_size) const {
  ROLLCALL_RETURN_IF_ERROR(CheckSize(new_size));
  TreeHasher hasher;
  return ConsistencyPath(old_size, new_size, *nodes_, &hasher);
}

}  // namespace rollcall

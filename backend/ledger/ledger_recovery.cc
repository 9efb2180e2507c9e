// Opening a ledger: reading all of it, and telling a torn end from damage.
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "backend/ledger/ledger.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kReadBytes = size_t{8} << 20;
static_assert(kReadBytes >= kMaxFrameBytes, "a read takes a whole frame");

constexpr absl::string_view kTornPrefix = "torn-";

absl::Status Damaged(absl::string_view cause) {
  return absl::DataLossError(absl::StrCat("open ledger: ", cause, "; restore it from a copy"));
}

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

// Names the cut bytes by where they were and what they are.
std::string TornName(uint64_t offset, const LedgerHash& hash) {
  return absl::StrFormat("%s%020d-%s", kTornPrefix, offset, Hex(HashBytes(hash).substr(0, 8)));
}

// The offset in a name that TornName made; false for any other.
bool ParseTornName(absl::string_view name, uint64_t* offset) {
  return absl::StartsWith(name, kTornPrefix) && name.size() > kTornPrefix.size() + 20 &&
         absl::SimpleAtoi(name.substr(kTornPrefix.size(), 20), offset);
}

// Whether bytes that are not the next frame hold one that was begun later: then the next had been finished. What
// stands in a leaf is not ours, and may look like a frame: it is none that so few bytes do not lead to.
bool HasLaterFrame(absl::string_view rest, uint64_t leaves) {
  for (size_t at = rest.find("RCLF"); at != absl::string_view::npos; at = rest.find("RCLF", at + 1)) {
    const absl::StatusOr<FrameHeader> header = ParseFrameHeader(rest.substr(at));
    if (!header.ok() || header->first_leaf <= leaves) continue;
    // At the beginning there is no leaf yet: entries are missing.
    if (at == 0 || header->first_leaf - leaves <= at / kLeafSizeBytes) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(std::unique_ptr<LedgerFiles> files, const Clock* clock) {
  ROLLCALL_RETURN_IF_ERROR(files->Lock());
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(files), clock));
  ROLLCALL_RETURN_IF_ERROR(ledger->Recover());
  return ledger;
}

absl::Status Ledger::Recover() {
  ROLLCALL_ASSIGN_OR_RETURN(log_, files_->Open("log"));
  ROLLCALL_ASSIGN_OR_RETURN(acknowledged_, files_->Open("acknowledged"));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<LedgerFile> node_file, files_->Open("tree"));
  nodes_ = std::make_unique<NodeFile>(std::move(node_file));
  ROLLCALL_RETURN_IF_ERROR(OpenLog());
  ROLLCALL_ASSIGN_OR_RETURN(const std::string marker, acknowledged_->ReadAt(0, kAcknowledgedBytes + 1));
  const Acknowledged acknowledged = ParseAcknowledged(marker, &hasher_).value_or(Acknowledged());
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t log_bytes, log_->Size());
  ROLLCALL_RETURN_IF_ERROR(ReadLog(log_bytes));
  if (!hasher_.ok()) return absl::InternalError("open ledger: SHA-256 is not available");
  // Before anything is cut: a log that is not the one that was acknowledged is left as it is.
  ROLLCALL_RETURN_IF_ERROR(CheckAcknowledged(acknowledged));
  if (log_end_ < log_bytes) ROLLCALL_RETURN_IF_ERROR(CutTail(log_bytes, acknowledged.bytes));
  // A frame that was whole but not yet synced is about to be seen.
  ROLLCALL_RETURN_IF_ERROR(log_->Sync());
  head_ = {tree_.size(), tree_.Root(&hasher_)};
  recovery_.leaves = head_.size;
  return TellOfCuts();
}

absl::Status Ledger::OpenLog() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string header, log_->ReadAt(0, kLogHeader.size()));
  log_end_ = kLogHeader.size();
  if (header == kLogHeader) return absl::OkStatus();
  if (header.size() == kLogHeader.size() || !absl::StartsWith(kLogHeader, header)) {
    // Space that was allocated and never written reads as zeros.
    ROLLCALL_ASSIGN_OR_RETURN(const uint64_t bytes, log_->Size());
    if (bytes > kLogHeader.size() || header.find_first_not_of('\0') != std::string::npos) {
      return Damaged("the log does not begin as one");
    }
  }
  ROLLCALL_RETURN_IF_ERROR(log_->WriteAt(0, kLogHeader));
  ROLLCALL_RETURN_IF_ERROR(log_->Sync());
  return files_->SyncFolder();
}

absl::Status Ledger::ReadLog(uint64_t log_bytes) {
  std::string buffer;
  uint64_t buffer_at = log_end_;
  while (log_end_ < log_bytes) {
    absl::string_view rest = absl::string_view(buffer).substr(log_end_ - buffer_at);
    if (rest.size() < std::min<uint64_t>(kMaxFrameBytes, log_bytes - log_end_)) {
      ROLLCALL_ASSIGN_OR_RETURN(buffer, log_->ReadAt(log_end_, kReadBytes));
      buffer_at = log_end_;
      rest = buffer;
    }
    const absl::StatusOr<FrameHeader> header = ParseFrameHeader(rest);
    if (!header.ok() || header->frame_bytes() > rest.size()) return absl::OkStatus();
    ROLLCALL_ASSIGN_OR_RETURN(const bool whole, TakeFrame(log_end_, rest.substr(0, header->frame_bytes())));
    if (!whole) return absl::OkStatus();
    log_end_ += header->frame_bytes();
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Ledger::TakeFrame(uint64_t offset, absl::string_view bytes) {
  const absl::StatusOr<Frame> frame = ParseFrame(bytes);
  if (!frame.ok() || frame->header.first_leaf != tree_.size()) return false;
  GrowingTree tree = tree_;
  std::vector<LedgerHash> nodes;
  std::vector<LedgerHash> hashes;
  for (const absl::string_view leaf : frame->leaves) {
    hashes.push_back(hasher_.Leaf(leaf));
    tree.Append(hashes.back(), &hasher_, &nodes);
  }
  if (tree.Root(&hasher_) != frame->root) return false;
  ROLLCALL_RETURN_IF_ERROR(TakeLeaves(tree_.size(), frame->leaves, hashes));
  ROLLCALL_RETURN_IF_ERROR(nodes_->Repair(NodeCount(tree_.size()), nodes));
  frames_.emplace_back(tree_.size(), offset);
  tree_ = std::move(tree);
  return true;
}

absl::Status Ledger::TakeLeaves(uint64_t first, const std::vector<absl::string_view>& leaves,
                                const std::vector<LedgerHash>& hashes) {
  pb::LedgerEntry entry;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const uint64_t index = first + i;
    const absl::string_view previous = index == 0 ? absl::string_view() : HashBytes(last_leaf_);
    if (!entry.ParseFromArray(leaves[i].data(), static_cast<int>(leaves[i].size())) || entry.index() != index ||
        absl::string_view(entry.previous_leaf_hash()) != previous) {
      return Damaged(absl::StrCat("entry ", index, " does not follow the one before"));
    }
    if (!entry.unique_key().empty() && !unique_.emplace(entry.unique_key(), index).second) {
      return Damaged(absl::StrCat("entry ", index, " repeats a unique key"));
    }
    last_leaf_ = hashes[i];
  }
  return absl::OkStatus();
}

absl::Status Ledger::CheckAcknowledged(const Acknowledged& acknowledged) const {
  if (acknowledged.size > tree_.size()) {
    return Damaged(absl::StrCat(acknowledged.size, " entries were acknowledged, ", tree_.size(),
                                " are there, which end at byte ", log_end_));
  }
  if (acknowledged.size == 0) return absl::OkStatus();
  TreeHasher hasher;
  ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash root, RootOf(acknowledged.size, *nodes_, &hasher));
  if (root != acknowledged.root) return Damaged("entries are not those that were acknowledged");
  return absl::OkStatus();
}

absl::Status Ledger::CheckTorn(absl::string_view rest, uint64_t acknowledged_bytes) const {
  // A frame is begun when the one before is synced, so a crash tears one frame, and nothing follows it.
  if (acknowledged_bytes > log_end_) return Damaged(absl::StrCat("acknowledged bytes at ", log_end_, " are damaged"));
  if (rest.size() > kMaxFrameBytes || HasLaterFrame(rest, tree_.size())) {
    return Damaged(absl::StrCat("bytes at ", log_end_, " are damaged, and entries follow them"));
  }
  return absl::OkStatus();
}

absl::Status Ledger::CutTail(uint64_t log_bytes, uint64_t acknowledged_bytes) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string rest, log_->ReadAt(log_end_, kMaxFrameBytes + 1));
  ROLLCALL_RETURN_IF_ERROR(CheckTorn(rest, acknowledged_bytes));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<LedgerFile> kept,
                            files_->Open(TornName(log_end_, hasher_.Plain(rest))));
  ROLLCALL_RETURN_IF_ERROR(kept->WriteAt(0, rest));
  ROLLCALL_RETURN_IF_ERROR(kept->Truncate(rest.size()));
  ROLLCALL_RETURN_IF_ERROR(kept->Sync());
  ROLLCALL_RETURN_IF_ERROR(files_->SyncFolder());
  ROLLCALL_RETURN_IF_ERROR(log_->Truncate(log_end_));
  recovery_.cut_bytes = log_bytes - log_end_;
  return log_->Sync();
}

absl::Status Ledger::TellOfCuts() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_->List());
  std::vector<pb::LedgerEntry> entries;
  for (const std::string& name : names) {
    uint64_t offset = 0;
    if (!ParseTornName(name, &offset)) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<LedgerFile> file, files_->Open(name));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file->ReadAt(0, kMaxFrameBytes));
    const LedgerHash hash = hasher_.Plain(bytes);
    // A crash while it was kept: the log was cut later, or its end was lost with the power.
    if (name != TornName(offset, hash)) continue;
    pb::LedgerEntry entry;
    *entry.mutable_at() = ToWire(clock_->Now());
    entry.set_actor("ledger");
    const LedgerHash key = hasher_.Plain(absl::StrCat("rollcall torn end\n", name, "\n", HashBytes(hash)));
    entry.set_unique_key(key.data(), key.size());
    entry.mutable_tail_cut()->set_offset(offset);
    entry.mutable_tail_cut()->set_bytes(bytes.size());
    entry.mutable_tail_cut()->set_hash(hash.data(), hash.size());
    entries.push_back(std::move(entry));
  }
  return entries.empty() ? absl::OkStatus() : AppendAll(std::move(entries)).status();
}

}  // namespace rollcall

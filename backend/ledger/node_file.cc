#include "backend/ledger/node_file.h"

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kNodeBytes = sizeof(LedgerHash);
static_assert(kNodeBytes == 32, "nodes are stored as they are in memory");

absl::string_view BytesOf(const std::vector<LedgerHash>& nodes) {
  return absl::string_view(reinterpret_cast<const char*>(nodes.data()), nodes.size() * kNodeBytes);
}

}  // namespace

absl::StatusOr<LedgerHash> NodeFile::ReadNode(uint64_t position) const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file_->ReadAt(position * kNodeBytes, kNodeBytes));
  LedgerHash hash;
  if (!HashFromBytes(bytes, &hash)) return absl::DataLossError(absl::StrCat("read tree node ", position, ": missing"));
  return hash;
}

absl::Status NodeFile::Write(uint64_t position, const std::vector<LedgerHash>& nodes) {
  return file_->WriteAt(position * kNodeBytes, BytesOf(nodes));
}

absl::Status NodeFile::Repair(uint64_t position, const std::vector<LedgerHash>& nodes) {
  const absl::string_view right = BytesOf(nodes);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string stored, file_->ReadAt(position * kNodeBytes, right.size()));
  return stored == right ? absl::OkStatus() : Write(position, nodes);
}

}  // namespace rollcall

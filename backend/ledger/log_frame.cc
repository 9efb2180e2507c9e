#include "backend/ledger/log_frame.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/byte_order.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr absl::string_view kFrameMagic = "RCLF";
constexpr absl::string_view kAcknowledgedMagic = "RCLACKED";
constexpr size_t kCheckBytes = 8;

void AppendLittleEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t LoadLittleEndian64(const char* bytes) {
  return LoadLittleEndian32(bytes) | uint64_t{LoadLittleEndian32(bytes + 4)} << 32;
}

}  // namespace

FrameWriter::FrameWriter(uint64_t first_leaf) : first_leaf_(first_leaf), bytes_(kFrameHeaderBytes, '\0') {}

bool FrameWriter::Fits(size_t bytes) const {
  return bytes_.size() + kLeafSizeBytes + bytes + kFrameRootBytes <= kMaxFrameBytes;
}

void FrameWriter::Add(absl::string_view leaf) {
  AppendLittleEndian(leaf.size(), 4, &bytes_);
  absl::StrAppend(&bytes_, leaf);
  ++leaves_;
}

std::string FrameWriter::Finish(const LedgerHash& root) {
  std::string header(kFrameMagic);
  AppendLittleEndian(bytes_.size() - kFrameHeaderBytes, 4, &header);
  AppendLittleEndian(leaves_, 4, &header);
  AppendLittleEndian(first_leaf_, 8, &header);
  bytes_.replace(0, kFrameHeaderBytes, header);
  absl::StrAppend(&bytes_, HashBytes(root));
  return std::move(bytes_);
}

absl::StatusOr<FrameHeader> ParseFrameHeader(absl::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes || !absl::StartsWith(bytes, kFrameMagic)) {
    return absl::DataLossError("read ledger frame: no header");
  }
  FrameHeader header;
  header.body_bytes = LoadLittleEndian32(bytes.data() + 4);
  header.leaves = LoadLittleEndian32(bytes.data() + 8);
  header.first_leaf = LoadLittleEndian64(bytes.data() + 12);
  const uint64_t leaves = header.leaves;
  const bool sizes =
      header.body_bytes >= leaves * kLeafSizeBytes && header.body_bytes <= leaves * (kLeafSizeBytes + kMaxLeafBytes);
  if (leaves == 0 || !sizes || header.frame_bytes() > kMaxFrameBytes) {
    return absl::DataLossError("read ledger frame: impossible header");
  }
  return header;
}

absl::StatusOr<Frame> ParseFrame(absl::string_view bytes) {
  Frame frame;
  ROLLCALL_ASSIGN_OR_RETURN(frame.header, ParseFrameHeader(bytes));
  if (bytes.size() != frame.header.frame_bytes()) return absl::DataLossError("read ledger frame: cut short");
  absl::string_view body = bytes.substr(kFrameHeaderBytes, frame.header.body_bytes);
  while (!body.empty()) {
    const uint64_t size = body.size() < 4 ? body.size() : LoadLittleEndian32(body.data());
    if (size > kMaxLeafBytes || size + 4 > body.size()) return absl::DataLossError("read ledger frame: leaf cut short");
    frame.leaves.push_back(body.substr(4, size));
    body.remove_prefix(size + 4);
  }
  if (frame.leaves.size() != frame.header.leaves) return absl::DataLossError("read ledger frame: wrong count");
  HashFromBytes(bytes.substr(bytes.size() - kFrameRootBytes), &frame.root);
  return frame;
}

std::string WriteAcknowledged(const Acknowledged& state, TreeHasher* hasher) {
  std::string bytes(kAcknowledgedMagic);
  AppendLittleEndian(state.size, 8, &bytes);
  AppendLittleEndian(state.bytes, 8, &bytes);
  absl::StrAppend(&bytes, HashBytes(state.root));
  const LedgerHash check = hasher->Plain(bytes);
  absl::StrAppend(&bytes, HashBytes(check).substr(0, kCheckBytes));
  return bytes;
}

std::optional<Acknowledged> ParseAcknowledged(absl::string_view bytes, TreeHasher* hasher) {
  if (bytes.size() != kAcknowledgedBytes || !absl::StartsWith(bytes, kAcknowledgedMagic)) return std::nullopt;
  const LedgerHash check = hasher->Plain(bytes.substr(0, kAcknowledgedBytes - kCheckBytes));
  if (bytes.substr(kAcknowledgedBytes - kCheckBytes) != HashBytes(check).substr(0, kCheckBytes)) return std::nullopt;
  Acknowledged state;
  state.size = LoadLittleEndian64(bytes.data() + 8);
  state.bytes = LoadLittleEndian64(bytes.data() + 16);
  HashFromBytes(bytes.substr(24, 32), &state.root);
  return state;
}

}  // namespace rollcall

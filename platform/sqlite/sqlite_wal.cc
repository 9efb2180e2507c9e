#include "platform/sqlite/sqlite_wal.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "platform/byte_order.h"

namespace rollcall {
namespace {

constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;
// The last bit says that checksums are of big-endian numbers.
constexpr uint32_t kMagic = 0x377f0682;
constexpr uint32_t kVersion = 3007000;
constexpr size_t kFramesBetweenStopChecks = 1024;

// SQLite's running checksum: of pairs of 32-bit numbers.
class Checksum {
 public:
  explicit Checksum(bool big_endian) : big_endian_(big_endian) {}

  // `size` is a multiple of 8.
  void Add(const char* bytes, size_t size) {
    for (size_t i = 0; i < size; i += 8) {
      a_ += Load(bytes + i) + b_;
      b_ += Load(bytes + i + 4) + a_;
    }
  }
  bool Is(uint32_t a, uint32_t b) const { return a == a_ && b == b_; }

 private:
  uint32_t Load(const char* bytes) const { return big_endian_ ? LoadBigEndian32(bytes) : LoadLittleEndian32(bytes); }

  const bool big_endian_;
  uint32_t a_ = 0;
  uint32_t b_ = 0;
};

bool IsPageSize(uint32_t bytes) { return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) == 0; }

// Keeps the last frame of each page.
void KeepNewest(std::vector<std::pair<uint32_t, uint32_t>>* frames) {
  std::sort(frames->begin(), frames->end());
  size_t kept = 0;
  for (size_t i = 0; i < frames->size(); ++i) {
    if (i + 1 < frames->size() && (*frames)[i + 1].first == (*frames)[i].first) continue;
    (*frames)[kept++] = (*frames)[i];
  }
  frames->resize(kept);
}

}  // namespace

absl::StatusOr<SqliteWal> SqliteWal::Open(const RandomAccessFile& file, const DamageSink& stop) {
  SqliteWal wal;
  char header[kHeaderBytes];
  if (file.size_bytes() < sizeof header) return wal;
  if (absl::Status status = file.ReadAt(0, sizeof header, header); !status.ok()) return status;
  const uint32_t magic = LoadBigEndian32(header);
  const uint32_t page_bytes = LoadBigEndian32(header + 8);
  Checksum checksum((magic & 1) != 0);
  checksum.Add(header, 24);
  if ((magic & ~1U) != kMagic || LoadBigEndian32(header + 4) != kVersion || !IsPageSize(page_bytes) ||
      !checksum.Is(LoadBigEndian32(header + 24), LoadBigEndian32(header + 28))) {
    return wal;
  }
  const uint64_t frame_bytes = kFrameHeaderBytes + page_bytes;
  const uint64_t frame_count = std::min<uint64_t>((file.size_bytes() - kHeaderBytes) / frame_bytes, UINT32_MAX);
  std::vector<char> frame(frame_bytes);
  size_t committed = 0;
  for (uint64_t i = 0; i < frame_count; ++i) {
    if (i % kFramesBetweenStopChecks == 0 && stop.stop_requested()) return absl::CancelledError("stopped");
    if (absl::Status status = file.ReadAt(kHeaderBytes + i * frame_bytes, frame.size(), frame.data()); !status.ok()) {
      return status;
    }
    const uint32_t page = LoadBigEndian32(frame.data());
    checksum.Add(frame.data(), 8);
    checksum.Add(frame.data() + kFrameHeaderBytes, page_bytes);
    // Salts of another number are of an earlier use of the file.
    if (page == 0 || std::memcmp(frame.data() + 8, header + 16, 8) != 0 ||
        !checksum.Is(LoadBigEndian32(frame.data() + 16), LoadBigEndian32(frame.data() + 20))) {
      break;
    }
    wal.frames_.emplace_back(page, static_cast<uint32_t>(i));
    if (const uint32_t pages_after_commit = LoadBigEndian32(frame.data() + 4); pages_after_commit != 0) {
      committed = wal.frames_.size();
      wal.database_pages_ = pages_after_commit;
    }
  }
  wal.frames_.resize(committed);
  if (committed > 0) wal.page_bytes_ = page_bytes;
  KeepNewest(&wal.frames_);
  return wal;
}

std::optional<uint64_t> SqliteWal::Find(uint32_t page) const {
  const auto found = std::lower_bound(frames_.begin(), frames_.end(), std::pair<uint32_t, uint32_t>(page, 0));
  if (found == frames_.end() || found->first != page) return std::nullopt;
  return kHeaderBytes + uint64_t{found->second} * (kFrameHeaderBytes + page_bytes_) + kFrameHeaderBytes;
}

}  // namespace rollcall

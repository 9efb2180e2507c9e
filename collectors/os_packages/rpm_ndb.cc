#include "collectors/os_packages/rpm_ndb.h"

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/rpm_header.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

// Layout, all numbers little-endian: pages of slots, the first of which begins with the header
// of the file in place of two slots, then blobs in units of blocks.
constexpr size_t kPageBytes = 4096;
constexpr size_t kFileHeaderBytes = 32;
constexpr size_t kSlotBytes = 16;
constexpr size_t kBlockBytes = 16;
constexpr size_t kBlobHeadBytes = 16;
constexpr size_t kBlobTailBytes = 12;
// rpm's own limit.
constexpr uint32_t kMaxSlotPages = 2048;

constexpr absl::string_view kFileMagic = "RpmP";
constexpr absl::string_view kSlotMagic = "Slot";
constexpr absl::string_view kBlobMagic = "BlbS";
constexpr absl::string_view kTailMagic = "BlbE";

bool HasMagic(const char* bytes, absl::string_view magic) { return absl::string_view(bytes, magic.size()) == magic; }

struct Slot {
  uint32_t package = 0;
  uint32_t first_block = 0;
  uint32_t blocks = 0;
};

class Reader {
 public:
  Reader(const RandomAccessFile& file, RpmBlobSink& sink) : file_(file), sink_(sink), unread_(file.size_bytes()) {}

  absl::Status Read() {
    std::array<char, kFileHeaderBytes> header;
    const absl::Status status = file_.ReadAt(0, header.size(), header.data());
    if (absl::IsDataLoss(status)) return status;
    if (!status.ok() || !HasMagic(header.data(), kFileMagic)) {
      return absl::InvalidArgumentError("not an ndb database");
    }
    if (const uint32_t version = LoadLittleEndian32(header.data() + 4); version != 0) {
      return absl::InvalidArgumentError(absl::StrCat("unknown version ", version));
    }
    const uint32_t slot_pages = LoadLittleEndian32(header.data() + 12);
    if (slot_pages == 0 || slot_pages > kMaxSlotPages) {
      return absl::InvalidArgumentError(absl::StrCat("impossible number of slot pages, ", slot_pages));
    }
    slot_pages_ = slot_pages;
    for (uint32_t page = 0; page < slot_pages; ++page) {
      if (sink_.stop_requested()) return absl::CancelledError("stopped");
      if (absl::Status status = ReadSlots(page); !status.ok()) return status;
    }
    // A number that is too small must not hide packages.
    for (uint32_t page = slot_pages; page < kMaxSlotPages && HasSlots(page); ++page) {
      if (sink_.stop_requested()) return absl::CancelledError("stopped");
      sink_.TakeDamage(absl::InvalidArgumentError(absl::StrCat("slot page ", page, ": is behind the last one")));
      if (absl::Status status = ReadSlots(page); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  using Page = std::array<char, kPageBytes>;

  // Whether the page is made of slots and nothing else. Blobs begin with a magic of their own.
  bool HasSlots(uint32_t page) const {
    Page slots;
    if (absl::Status status = file_.ReadAt(uint64_t{page} * kPageBytes, slots.size(), slots.data()); !status.ok()) {
      // The file may end here.
      if (absl::IsDataLoss(status)) sink_.TakeDamage(status);
      return false;
    }
    for (size_t at = 0; at < kPageBytes; at += kSlotBytes) {
      if (!HasMagic(slots.data() + at, kSlotMagic)) return false;
    }
    return true;
  }

  absl::Status ReadSlots(uint32_t page) {
    Page slots;
    if (absl::Status status = file_.ReadAt(uint64_t{page} * kPageBytes, slots.size(), slots.data()); !status.ok()) {
      sink_.TakeDamage(status);
      return absl::OkStatus();
    }
    for (size_t at = page == 0 ? kFileHeaderBytes : 0; at < kPageBytes; at += kSlotBytes) {
      const char* const bytes = slots.data() + at;
      if (!HasMagic(bytes, kSlotMagic)) {
        sink_.TakeDamage(absl::InvalidArgumentError(absl::StrCat("slot page ", page, ": damaged slot")));
        continue;
      }
      const Slot slot = {LoadLittleEndian32(bytes + 4), LoadLittleEndian32(bytes + 8), LoadLittleEndian32(bytes + 12)};
      // A free slot.
      if (slot.first_block == 0) continue;
      const absl::Status damage = ReadBlob(slot);
      if (!damage.ok()) {
        sink_.TakeDamage(absl::Status(damage.code(), absl::StrCat("package ", slot.package, ": ", damage.message())));
        continue;
      }
      if (absl::Status status = sink_.TakeBlob(blob_); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Into blob_.
  absl::Status ReadBlob(const Slot& slot) {
    const uint64_t begin = uint64_t{slot.first_block} * kBlockBytes;
    const uint64_t size = uint64_t{slot.blocks} * kBlockBytes;
    if (begin < uint64_t{slot_pages_} * kPageBytes || begin + size > file_.size_bytes() ||
        size < kBlobHeadBytes + kBlobTailBytes) {
      return absl::InvalidArgumentError("impossible place in the file");
    }
    if (size > kMaxRpmHeaderBytes) return absl::ResourceExhaustedError("header is larger than the limit");
    // Packages do not share bytes, so all together are no larger than the file.
    if (size > unread_) return absl::InvalidArgumentError("overlaps other packages");
    unread_ -= size;
    std::array<char, kBlobHeadBytes> head;
    if (absl::Status status = file_.ReadAt(begin, head.size(), head.data()); !status.ok()) return status;
    const uint32_t blob_bytes = LoadLittleEndian32(head.data() + 12);
    if (!HasMagic(head.data(), kBlobMagic) || LoadLittleEndian32(head.data() + 4) != slot.package ||
        blob_bytes > size - kBlobHeadBytes - kBlobTailBytes) {
      return absl::InvalidArgumentError("damaged header");
    }
    std::array<char, kBlobTailBytes> tail;
    if (absl::Status status = file_.ReadAt(begin + size - tail.size(), tail.size(), tail.data()); !status.ok()) {
      return status;
    }
    if (!HasMagic(tail.data() + 8, kTailMagic) || LoadLittleEndian32(tail.data() + 4) != blob_bytes) {
      return absl::InvalidArgumentError("damaged end");
    }
    blob_.resize(blob_bytes);
    return file_.ReadAt(begin + kBlobHeadBytes, blob_bytes, blob_.data());
  }

  const RandomAccessFile& file_;
  RpmBlobSink& sink_;
  uint32_t slot_pages_ = 0;
  // Bytes of the file that no package has claimed yet.
  uint64_t unread_;
  std::string blob_;
};

}  // namespace

absl::Status ReadRpmNdb(const RandomAccessFile& file, RpmBlobSink& sink) { return Reader(file, sink).Read(); }

}  // namespace rollcall

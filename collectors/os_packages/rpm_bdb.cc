#include "collectors/os_packages/rpm_bdb.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/rpm_header.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

// Layout as in dbinc/db_page.h of Berkeley DB. Offsets in every page:
constexpr size_t kPageHeaderBytes = 26;
constexpr size_t kNextPageAt = 16;
constexpr size_t kEntriesAt = 20;
constexpr size_t kDataBytesAt = 22;  // of an overflow page; of others the first free byte
constexpr size_t kTypeAt = 25;
// In the first page, which describes the file:
constexpr size_t kMagicAt = 12;
constexpr size_t kPageSizeAt = 20;
constexpr size_t kEncryptionAt = 24;
constexpr size_t kFlagsAt = 26;
constexpr size_t kLastPageAt = 32;
constexpr size_t kMetaBytes = 36;

constexpr uint32_t kHashMagic = 0x061561;
constexpr char kChecksumFlag = 1;
// Types of pages.
constexpr char kUnsortedHashPage = 2;
constexpr char kOverflowPage = 7;
constexpr char kMetaPage = 8;
constexpr char kHashPage = 13;
// Types of items in a page, their first byte.
constexpr char kItemInPage = 1;
constexpr char kItemInOverflowPages = 3;
constexpr size_t kOverflowItemBytes = 12;

constexpr uint32_t kMinPageBytes = 512;
constexpr uint32_t kMaxPageBytes = 64 << 10;
constexpr uint32_t kPagesBetweenStopChecks = 1024;

class Reader {
 public:
  Reader(const RandomAccessFile& file, RpmBlobSink& sink) : file_(file), sink_(sink) {}

  absl::Status Read() {
    if (absl::Status status = ReadMeta(); !status.ok()) return status;
    used_.resize(size_t{last_page_} + 1);
    for (uint32_t page = 1; page <= last_page_; ++page) {
      if (page % kPagesBetweenStopChecks == 0 && sink_.stop_requested()) return absl::CancelledError("stopped");
      if (absl::Status status = file_.ReadAt(uint64_t{page} * page_bytes_, page_bytes_, page_.data()); !status.ok()) {
        sink_.TakeDamage(absl::Status(status.code(), absl::StrCat("page ", page, ": ", status.message())));
        // The last pages are missing; there is nothing behind them.
        return absl::OkStatus();
      }
      if (page_[kTypeAt] != kHashPage && page_[kTypeAt] != kUnsortedHashPage) continue;
      if (page > named_last_page_) NotePageBehind(page);
      if (absl::Status status = ReadHashPage(page); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  uint16_t Load16(const char* bytes) const { return swapped_ ? LoadBigEndian16(bytes) : LoadLittleEndian16(bytes); }
  uint32_t Load32(const char* bytes) const { return swapped_ ? LoadBigEndian32(bytes) : LoadLittleEndian32(bytes); }

  absl::Status ReadMeta() {
    char meta[kMetaBytes];
    const absl::Status status = file_.ReadAt(0, sizeof meta, meta);
    if (absl::IsDataLoss(status)) return status;
    if (!status.ok()) return absl::InvalidArgumentError("not a Berkeley DB hash database");
    swapped_ = LoadBigEndian32(meta + kMagicAt) == kHashMagic;
    if (Load32(meta + kMagicAt) != kHashMagic || meta[kTypeAt] != kMetaPage) {
      return absl::InvalidArgumentError("not a Berkeley DB hash database");
    }
    if (meta[kEncryptionAt] != 0 || (meta[kFlagsAt] & kChecksumFlag) != 0) {
      return absl::InvalidArgumentError("encrypted or with checksums, which rpm does not use");
    }
    page_bytes_ = Load32(meta + kPageSizeAt);
    if (page_bytes_ < kMinPageBytes || page_bytes_ > kMaxPageBytes || (page_bytes_ & (page_bytes_ - 1)) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("impossible page size ", page_bytes_));
    }
    page_.resize(page_bytes_);
    overflow_.resize(page_bytes_);
    named_last_page_ = Load32(meta + kLastPageAt);
    const uint64_t pages = file_.size_bytes() / page_bytes_;
    const uint64_t named_pages = uint64_t{named_last_page_} + 1;
    if (named_pages > pages) {
      sink_.TakeDamage(absl::OutOfRangeError(absl::StrCat("has ", pages, " of ", named_pages, " pages")));
    }
    last_page_ = static_cast<uint32_t>(std::min<uint64_t>(std::max<uint64_t>(pages, 1) - 1, UINT32_MAX - 1));
    return absl::OkStatus();
  }

  // A last page that is too small must not hide packages. Said once.
  void NotePageBehind(uint32_t page) {
    if (noted_page_behind_ || Load16(page_.data() + kEntriesAt) == 0) return;
    noted_page_behind_ = true;
    sink_.TakeDamage(
        absl::InvalidArgumentError(absl::StrCat("page ", page, ": is behind the last page, ", named_last_page_)));
  }

  // Items come in pairs of key and value; their places are listed after the page's header, and
  // they lie from the end of the page towards its beginning.
  absl::Status ReadHashPage(uint32_t page) {
    const size_t entries = Load16(page_.data() + kEntriesAt);
    const size_t items_begin = kPageHeaderBytes + entries * 2;
    if (entries % 2 != 0 || items_begin > page_bytes_) {
      sink_.TakeDamage(absl::InvalidArgumentError(absl::StrCat("page ", page, ": impossible number of entries")));
      return absl::OkStatus();
    }
    unread_ = page_bytes_ - items_begin;
    for (size_t value = 1; value < entries; value += 2) {
      absl::string_view key;
      absl::string_view item;
      absl::Status damage;
      if (!FindItem(value - 1, items_begin, &key) || !FindItem(value, items_begin, &item)) {
        damage = absl::InvalidArgumentError("impossible place of an item");
      } else {
        // The number of the next package is kept under the key 0.
        if (key.size() == 5 && Load32(key.data() + 1) == 0) continue;
        damage = ReadItem(item);
      }
      if (!damage.ok()) {
        sink_.TakeDamage(absl::Status(damage.code(), absl::StrCat("page ", page, ": ", damage.message())));
        continue;
      }
      if (absl::Status status = sink_.TakeBlob(blob_); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  bool FindItem(size_t index, size_t items_begin, absl::string_view* item) const {
    const char* const places = page_.data() + kPageHeaderBytes;
    const size_t begin = Load16(places + index * 2);
    const size_t end = index == 0 ? page_bytes_ : Load16(places + (index - 1) * 2);
    if (begin < items_begin || begin >= end || end > page_bytes_) return false;
    *item = absl::string_view(page_.data() + begin, end - begin);
    return true;
  }

  // Into blob_.
  absl::Status ReadItem(absl::string_view item) {
    // Packages do not share bytes, so those of a page are together no larger than it is.
    if (item.size() > unread_) return absl::InvalidArgumentError("overlaps other packages");
    unread_ -= item.size();
    if (item.front() == kItemInPage) {
      blob_.assign(item.data() + 1, item.size() - 1);
      return absl::OkStatus();
    }
    if (item.front() != kItemInOverflowPages || item.size() < kOverflowItemBytes) {
      return absl::InvalidArgumentError("unknown type of item");
    }
    return ReadOverflow(Load32(item.data() + 4), Load32(item.data() + 8));
  }

  absl::Status ReadOverflow(uint32_t page, uint32_t size) {
    if (size > kMaxRpmHeaderBytes) return absl::ResourceExhaustedError("header is larger than the limit");
    if (size > file_.size_bytes()) return absl::InvalidArgumentError("header is larger than the file");
    blob_.clear();
    blob_.reserve(size);
    while (blob_.size() < size) {
      if (page == 0 || page > last_page_) return absl::InvalidArgumentError("header breaks off");
      if (used_[page]) return absl::InvalidArgumentError("header shares a page with another, or is a loop");
      used_[page] = true;
      if (absl::Status status = file_.ReadAt(uint64_t{page} * page_bytes_, page_bytes_, overflow_.data());
          !status.ok()) {
        return status;
      }
      const size_t bytes = Load16(overflow_.data() + kDataBytesAt);
      if (overflow_[kTypeAt] != kOverflowPage || bytes > page_bytes_ - kPageHeaderBytes) {
        return absl::InvalidArgumentError(absl::StrCat("page ", page, " is not part of a header"));
      }
      blob_.append(overflow_.data() + kPageHeaderBytes, std::min(bytes, size - blob_.size()));
      page = Load32(overflow_.data() + kNextPageAt);
    }
    return absl::OkStatus();
  }

  const RandomAccessFile& file_;
  RpmBlobSink& sink_;
  bool swapped_ = false;
  uint32_t page_bytes_ = 0;
  // What the first page says, and what the file has.
  uint32_t named_last_page_ = 0;
  uint32_t last_page_ = 0;
  bool noted_page_behind_ = false;
  std::vector<char> page_;
  // Bytes of it that no package has claimed yet.
  size_t unread_ = 0;
  std::vector<char> overflow_;
  // Overflow pages that a header has claimed.
  std::vector<bool> used_;
  std::string blob_;
};

}  // namespace

absl::Status ReadRpmBdb(const RandomAccessFile& file, RpmBlobSink& sink) { return Reader(file, sink).Read(); }

}  // namespace rollcall

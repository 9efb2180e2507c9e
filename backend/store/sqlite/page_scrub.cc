#include "backend/store/sqlite/page_scrub.h"

#include <algorithm>

namespace rollcall {
namespace {

constexpr size_t kFileHeader = 100;
constexpr size_t kFreeBlockHeader = 4;
// Where the byte that processes lock lies; the page it is on is never used.
constexpr int64_t kLockByte = int64_t{1} << 30;

// Pages that say of others what refers to them. They begin as b-tree pages may.
bool IsPointerMap(size_t page_size, int64_t number) {
  if (number < 2) return false;
  const int64_t group = static_cast<int64_t>(page_size) / 5 + 1;
  int64_t map = (number - 2) / group * group + 2;
  if (map == kLockByte / static_cast<int64_t>(page_size) + 1) ++map;
  return map == number;
}

// A b-tree page, of which nothing is believed before it was checked.
class TreePage {
 public:
  TreePage(absl::Span<uint8_t> page, size_t header) : page_(page), header_(header) {}

  bool is_tree() const {
    const uint8_t kind = page_[header_];
    return kind == 2 || kind == 5 || kind == 10 || kind == 13;
  }

  // Whether pointers, cells and free blocks are where they can be.
  bool IsWhole() const {
    if (pointers() + cells() * 2 > content() || content() > page_.size()) return false;
    for (size_t cell = 0; cell < cells(); ++cell) {
      const size_t at = Number(pointers() + cell * 2);
      if (at < content() || at >= page_.size()) return false;
    }
    size_t end = content();
    for (size_t at = Number(header_ + 1); at != 0; at = Number(at)) {
      if (at < end || at + kFreeBlockHeader > page_.size()) return false;
      end = at + Number(at + 2);
      if (end < at + kFreeBlockHeader || end > page_.size() || HasCellWithin(at, end)) return false;
    }
    return true;
  }

  // Whether anything was overwritten.
  bool Scrub() {
    bool changed = Zero(pointers() + cells() * 2, content());
    for (size_t at = Number(header_ + 1); at != 0; at = Number(at)) {
      changed = Zero(at + kFreeBlockHeader, at + Number(at + 2)) || changed;
    }
    return changed;
  }

 private:
  size_t Number(size_t at) const { return static_cast<size_t>(page_[at]) << 8 | page_[at + 1]; }
  size_t cells() const { return Number(header_ + 3); }
  // 0 stands for 65,536.
  size_t content() const { return Number(header_ + 5) == 0 ? 65'536 : Number(header_ + 5); }
  size_t pointers() const { return header_ + (page_[header_] < 8 ? 12 : 8); }

  bool HasCellWithin(size_t begin, size_t end) const {
    for (size_t cell = 0; cell < cells(); ++cell) {
      const size_t at = Number(pointers() + cell * 2);
      if (at >= begin && at < end) return true;
    }
    return false;
  }

  bool Zero(size_t begin, size_t end) {
    const absl::Span<uint8_t> part = page_.subspan(begin, end - begin);
    if (std::all_of(part.begin(), part.end(), [](uint8_t byte) { return byte == 0; })) return false;
    std::fill(part.begin(), part.end(), uint8_t{0});
    return true;
  }

  const absl::Span<uint8_t> page_;
  const size_t header_;
};

}  // namespace

ScrubResult ScrubPage(absl::Span<uint8_t> page, int64_t number) {
  if (IsPointerMap(page.size(), number)) return ScrubResult::kClean;
  TreePage tree(page, number == 1 ? kFileHeader : 0);
  if (!tree.is_tree()) return ScrubResult::kClean;
  if (!tree.IsWhole()) return ScrubResult::kDamaged;
  return tree.Scrub() ? ScrubResult::kScrubbed : ScrubResult::kClean;
}

}  // namespace rollcall

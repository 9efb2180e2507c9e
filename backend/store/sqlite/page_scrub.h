// Overwrites the parts of a database page that hold nothing, and may still say what once stood there.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_PAGE_SCRUB_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_PAGE_SCRUB_H_

#include <cstdint>

#include "absl/types/span.h"

namespace rollcall {

// Databases of fewer pages only: in a larger one the first byte of an overflow page, which is that of a page number,
// could be that of a b-tree page.
inline constexpr int64_t kMostScrubbedPages = int64_t{1} << 25;

enum class ScrubResult {
  // Nothing to overwrite: a page of another kind, or one that was clean.
  kClean,
  kScrubbed,
  // Begins as a b-tree page does and is none; not changed.
  kDamaged,
};

// Zeroes what SQLite never reads of a b-tree page: the gap between its cell pointers and its cells, and the bodies of
// its free blocks (https://www.sqlite.org/fileformat2.html, section 1.6). `page` is the whole page number `number`, the
// first being 1, of a database with pointer maps (auto_vacuum). What stays are fragments of at most three bytes.
ScrubResult ScrubPage(absl::Span<uint8_t> page, int64_t number);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_PAGE_SCRUB_H_

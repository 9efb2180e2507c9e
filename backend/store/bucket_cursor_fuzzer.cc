// Any text as a cursor of buckets or of their rows: what is taken was given.
#include <cstdint>
#include <cstdlib>

#include "backend/store/bucket_cursor.h"

namespace {

template <typename Cursor>
void Check(absl::string_view text, absl::StatusOr<std::optional<Cursor>> (*decode)(absl::string_view),
           std::string (*encode)(const Cursor&)) {
  const auto cursor = decode(text);
  if (!cursor.ok()) {
    if (!absl::IsInvalidArgument(cursor.status())) std::abort();
    return;
  }
  if (cursor->has_value() == text.empty()) std::abort();
  if (cursor->has_value() && encode(**cursor) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  Check(text, rollcall::DecodeBucketCursor, rollcall::EncodeBucketCursor);
  Check(text, rollcall::DecodeBucketRowCursor, rollcall::EncodeBucketRowCursor);
  return 0;
}

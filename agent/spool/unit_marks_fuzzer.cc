// Any bytes as unit marks; what is accepted must survive another round.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "agent/spool/spool_cursor.h"
#include "agent/spool/unit_marks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)rollcall::DecodeSpoolCursor(bytes);
  const absl::StatusOr<rollcall::UnitMarks> marks = rollcall::UnitMarks::Decode(bytes);
  if (!marks.ok()) return 0;
  const absl::StatusOr<rollcall::UnitMarks> again = rollcall::UnitMarks::Decode(marks->Encode());
  if (!again.ok() || !(*again == *marks)) std::abort();
  return 0;
}

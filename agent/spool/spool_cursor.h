// How far the backend has acknowledged and how far the disk has.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_CURSOR_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

struct SpoolCursor {
  // Nothing up to and including this is kept any more.
  uint64_t acknowledged = 0;
  // Everything up to and including this was synced: if it is not there, it was lost.
  uint64_t synced = 0;

  friend bool operator==(const SpoolCursor&, const SpoolCursor&) = default;
};

std::string EncodeSpoolCursor(const SpoolCursor& cursor);
std::optional<SpoolCursor> DecodeSpoolCursor(absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SPOOL_CURSOR_H_

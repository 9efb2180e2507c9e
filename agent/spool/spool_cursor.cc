#include "agent/spool/spool_cursor.h"

#include "agent/spool/little_endian.h"

namespace rollcall {

std::string EncodeSpoolCursor(const SpoolCursor& cursor) {
  std::string out;
  AppendLittleEndian(cursor.acknowledged, &out);
  AppendLittleEndian(cursor.synced, &out);
  return out;
}

std::optional<SpoolCursor> DecodeSpoolCursor(absl::string_view bytes) {
  SpoolCursor cursor;
  if (!TakeLittleEndian(&bytes, &cursor.acknowledged) || !TakeLittleEndian(&bytes, &cursor.synced) || !bytes.empty()) {
    return std::nullopt;
  }
  return cursor;
}

}  // namespace rollcall

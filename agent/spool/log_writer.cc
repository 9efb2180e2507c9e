#include "agent/spool/log_writer.h"

#include <algorithm>

#include "agent/spool/crc32c.h"
#include "agent/spool/little_endian.h"
#include "agent/spool/log_format.h"

namespace rollcall {
namespace {

LogRecordType TypeOf(bool first, bool last) {
  if (first) return last ? LogRecordType::kFull : LogRecordType::kFirst;
  return last ? LogRecordType::kLast : LogRecordType::kMiddle;
}

void AppendFragment(LogRecordType type, absl::string_view fragment, std::string* out) {
  const char type_byte = static_cast<char>(type);
  const uint32_t crc = ExtendCrc32c(Crc32c(absl::string_view(&type_byte, 1)), fragment);
  AppendLittleEndian(crc, out);
  AppendLittleEndian(static_cast<uint16_t>(fragment.size()), out);
  out->push_back(type_byte);
  out->append(fragment.data(), fragment.size());
}

}  // namespace

void FrameLogRecord(uint64_t file_offset, absl::string_view payload, std::string* out) {
  bool first = true;
  do {
    uint64_t left = kLogBlockBytes - file_offset % kLogBlockBytes;
    if (left < kLogHeaderBytes) {
      out->append(left, '\0');  // too short even for a header: the reader skips it
      file_offset += left;
      left = kLogBlockBytes;
    }
    const size_t size = std::min<size_t>(payload.size(), left - kLogHeaderBytes);
    AppendFragment(TypeOf(first, size == payload.size()), payload.substr(0, size), out);
    payload.remove_prefix(size);
    file_offset += kLogHeaderBytes + size;
    first = false;
  } while (!payload.empty());
}

uint64_t FramedLogRecordBytes(uint64_t file_offset, uint64_t payload_bytes) {
  uint64_t total = 0;
  do {
    uint64_t left = kLogBlockBytes - (file_offset + total) % kLogBlockBytes;
    if (left < kLogHeaderBytes) {
      total += left;
      left = kLogBlockBytes;
    }
    const uint64_t size = std::min<uint64_t>(payload_bytes, left - kLogHeaderBytes);
    total += kLogHeaderBytes + size;
    payload_bytes -= size;
  } while (payload_bytes > 0);
  return total;
}

}  // namespace rollcall

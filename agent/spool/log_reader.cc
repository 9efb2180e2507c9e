#include "agent/spool/log_reader.h"

#include <algorithm>
#include <utility>

#include "agent/spool/crc32c.h"
#include "agent/spool/little_endian.h"
#include "agent/spool/log_format.h"

namespace rollcall {
namespace {

bool AllZero(absl::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == '\0'; });
}

bool IsType(uint8_t type, LogRecordType expected) { return type == static_cast<uint8_t>(expected); }

}  // namespace

LogReader::Step LogReader::TornTail() {
  torn_tail_ = true;
  at_ = bytes_.size();
  return Step::kEnd;
}

LogReader::Step LogReader::DamagedBlock(absl::string_view reason) {
  const uint64_t rest_of_block = kLogBlockBytes - position() % kLogBlockBytes;
  const uint64_t size = std::min<uint64_t>(rest_of_block, bytes_.size() - at_);
  damage_.push_back({position(), size, std::string(reason)});
  at_ += size;
  return Step::kDamaged;
}

void LogReader::DropPartial(absl::string_view reason) {
  if (!in_record_) return;
  damage_.push_back({partial_.offset, partial_.end_offset - partial_.offset, std::string(reason)});
  in_record_ = false;
}

LogReader::Step LogReader::NextFragment(Fragment* fragment) {
  const uint64_t rest_of_block = kLogBlockBytes - position() % kLogBlockBytes;
  if (rest_of_block < kLogHeaderBytes) {
    const size_t padding = std::min<size_t>(rest_of_block, bytes_.size() - at_);
    if (!AllZero(bytes_.substr(at_, padding))) return DamagedBlock("padding is not zero");
    at_ += padding;
  }
  if (at_ == bytes_.size()) return Step::kEnd;

  absl::string_view rest = bytes_.substr(at_);
  uint32_t crc = 0;
  uint16_t size = 0;
  uint8_t type = 0;
  if (!TakeLittleEndian(&rest, &crc) || !TakeLittleEndian(&rest, &size) || !TakeLittleEndian(&rest, &type)) {
    return TornTail();
  }
  if (crc == 0 && size == 0 && IsType(type, LogRecordType::kZero)) {
    return AllZero(rest) ? TornTail() : DamagedBlock("zeros where a record should be");
  }
  const uint64_t room = kLogBlockBytes - position() % kLogBlockBytes - kLogHeaderBytes;
  if (size > room) return DamagedBlock("length crosses the block");
  // Cut short by the end of the file. A damaged length looks the same, so what the file is
  // known to hold is compared by the caller.
  if (size > rest.size()) return TornTail();
  const absl::string_view covered = bytes_.substr(at_ + kLogHeaderBytes - 1, size + 1u);
  if (Crc32c(covered) != crc) return DamagedBlock("checksum does not match");
  if (IsType(type, LogRecordType::kZero) || type > static_cast<uint8_t>(LogRecordType::kLast)) {
    return DamagedBlock("unknown record type");
  }
  *fragment = {type, position(), rest.substr(0, size)};
  at_ += kLogHeaderBytes + size;
  return Step::kFragment;
}

bool LogReader::Next(LogRecord* record) {
  for (;;) {
    Fragment fragment;
    switch (NextFragment(&fragment)) {
      case Step::kEnd:
        if (std::exchange(in_record_, false)) torn_tail_ = true;
        return false;
      case Step::kDamaged:
        DropPartial("record without its end");
        continue;
      case Step::kFragment:
        break;
    }
    const bool starts = IsType(fragment.type, LogRecordType::kFull) || IsType(fragment.type, LogRecordType::kFirst);
    const bool ends = IsType(fragment.type, LogRecordType::kFull) || IsType(fragment.type, LogRecordType::kLast);
    if (starts) {
      DropPartial("record without its end");
      partial_ = {fragment.offset, 0, ""};
      in_record_ = true;
    } else if (!in_record_) {
      damage_.push_back({fragment.offset, position() - fragment.offset, "record without its start"});
      continue;
    }
    partial_.payload.append(fragment.data.data(), fragment.data.size());
    partial_.end_offset = position();
    if (!ends) continue;
    in_record_ = false;
    good_end_ = position();
    *record = std::move(partial_);
    return true;
  }
}

}  // namespace rollcall

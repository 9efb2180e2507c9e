// Reads the records of a segment file back, whatever happened to its bytes.
#ifndef ROLLCALL_AGENT_SPOOL_LOG_READER_H_
#define ROLLCALL_AGENT_SPOOL_LOG_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

struct LogRecord {
  uint64_t offset = 0;      // of its first header, in the file
  uint64_t end_offset = 0;  // of the byte after it
  std::string payload;
};

// Bytes that should have been records and are not.
struct LogDamage {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::string reason;
};

// A pure function over bytes that never fails: damage is reported and reading goes on at
// the next block. An end that a crash in the middle of a write explains (a record cut
// short, or reserved space never written) is a torn tail, not damage.
class LogReader {
 public:
  // `bytes` begin at `file_offset` of the file, which must be the start of a record, and
  // reach to its end. They must outlive the reader.
  LogReader(absl::string_view bytes, uint64_t file_offset) : bytes_(bytes), base_(file_offset) {}

  // False at the end.
  bool Next(LogRecord* record);

  // Complete once Next has returned false.
  const std::vector<LogDamage>& damage() const { return damage_; }
  // Where the last good record ends: the size to truncate to after a torn tail.
  uint64_t good_end() const { return good_end_ == 0 ? base_ : good_end_; }
  bool torn_tail() const { return torn_tail_; }

 private:
  enum class Step { kFragment, kDamaged, kEnd };
  struct Fragment {
    uint8_t type = 0;
    uint64_t offset = 0;
    absl::string_view data;
  };

  uint64_t position() const { return base_ + at_; }
  Step NextFragment(Fragment* fragment);
  // Ends reading: the rest of the bytes is a torn tail.
  Step TornTail();
  Step DamagedBlock(absl::string_view reason);
  // Fragments of a record whose other fragments are missing.
  void DropPartial(absl::string_view reason);

  absl::string_view bytes_;
  uint64_t base_;
  uint64_t at_ = 0;
  bool in_record_ = false;
  LogRecord partial_;
  std::vector<LogDamage> damage_;
  uint64_t good_end_ = 0;
  bool torn_tail_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_LOG_READER_H_

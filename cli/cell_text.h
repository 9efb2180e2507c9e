// Values of records as people read them in a table.
#ifndef ROLLCALL_CLI_CELL_TEXT_H_
#define ROLLCALL_CLI_CELL_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "proto/field_path.h"

namespace rollcall {

// How cells are written.
struct CellStyle {
  // For people: words, sizes and distances in time. Otherwise the values as they are.
  bool people = false;
  // Lists in full.
  bool wide = false;
  absl::Time now;
};

// Text of the values at `path`, several separated by commas.
//
// For people: enum values are words, `yes` stands for true and nothing for false (`no` where it could be
// unknown), fields in bytes, seconds and basis points have units, times are distances if they are near. A list names
// each thing once, at most three, and says how many more there are.
std::string CellText(const google::protobuf::Message& payload, const FieldPath& path, const CellStyle& style);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_CELL_TEXT_H_

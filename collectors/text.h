// Makes what a host says fit for a record.
#ifndef ROLLCALL_COLLECTORS_TEXT_H_
#define ROLLCALL_COLLECTORS_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Longest string a record field holds, in bytes.
inline constexpr size_t kMaxFieldBytes = size_t{8} << 10;

// `bytes` as valid UTF-8: each byte that is part of no character becomes U+FFFD. A string
// field of a record must be UTF-8 or the record cannot be decoded; file names, argument
// vectors and package descriptions need not be. Cut to `limit` bytes before the character
// that does not fit.
std::string ToRecordText(absl::string_view bytes, size_t limit = kMaxFieldBytes);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_TEXT_H_

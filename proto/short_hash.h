// SHA-256 of short texts, many times over: what identifying records costs.
#ifndef ROLLCALL_PROTO_SHORT_HASH_H_
#define ROLLCALL_PROTO_SHORT_HASH_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace rollcall {

// SHA-256 of `bytes`. Thread-safe: each thread keeps a context of its own, since making one and looking
// the algorithm up takes libcrypto longer than hashing a record's key. Ends the process, with one line, if libcrypto
// has no SHA-256.
std::array<uint8_t, 32> ShortHash(absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_SHORT_HASH_H_

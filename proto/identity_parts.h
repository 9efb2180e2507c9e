// How the parts of what is hashed for an identity are put together.
#ifndef ROLLCALL_PROTO_IDENTITY_PARTS_H_
#define ROLLCALL_PROTO_IDENTITY_PARTS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Length-prefixed, so that no two sequences of parts hash alike.
inline void AppendIdentityPart(absl::string_view part, std::string* out) {
  const uint32_t size = static_cast<uint32_t>(part.size());
  const char prefix[] = {static_cast<char>(size), static_cast<char>(size >> 8), static_cast<char>(size >> 16),
                         static_cast<char>(size >> 24)};
  out->append(prefix, sizeof prefix);
  out->append(part.data(), part.size());
}

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_IDENTITY_PARTS_H_

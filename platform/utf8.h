// What is well-formed UTF-8, by table 3-7 of the Unicode Standard: no overlong forms, no
// surrogates, nothing past U+10FFFF.
#ifndef ROLLCALL_PLATFORM_UTF8_H_
#define ROLLCALL_PLATFORM_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace rollcall {

// Bytes of the character that `bytes`, which is not empty, starts with; 0 if it starts with none.
size_t Utf8CharacterLength(absl::string_view bytes);

// Whether `bytes` are characters from beginning to end.
bool IsUtf8(absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_UTF8_H_

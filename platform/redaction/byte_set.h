// Sets of bytes, for scanners that look at every byte of a value.
#ifndef ROLLCALL_PLATFORM_REDACTION_BYTE_SET_H_
#define ROLLCALL_PLATFORM_REDACTION_BYTE_SET_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace rollcall {

// Made once, as a constant: absl::string_view's find_first_of makes its table anew in every call.
class ByteSet {
 public:
  constexpr explicit ByteSet(absl::string_view bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) has_[static_cast<unsigned char>(bytes[i])] = true;
  }

  // The set with all ASCII letters and digits added.
  constexpr ByteSet WithAlnum() const {
    ByteSet set = *this;
    for (unsigned char c = '0'; c <= '9'; ++c) set.has_[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) set.has_[c] = set.has_[c - 'a' + 'A'] = true;
    return set;
  }

  constexpr bool Has(char byte) const { return has_[static_cast<unsigned char>(byte)]; }

  // Where the first byte of the set at or after `begin` stands; the text's size if none does.
  constexpr size_t Find(absl::string_view text, size_t begin) const {
    while (begin < text.size() && !Has(text[begin])) ++begin;
    return begin;
  }

  // Where the first byte that is not of the set stands; the text's size if all are.
  constexpr size_t FindNot(absl::string_view text, size_t begin) const {
    while (begin < text.size() && Has(text[begin])) ++begin;
    return begin;
  }

 private:
  bool has_[256] = {};
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_BYTE_SET_H_

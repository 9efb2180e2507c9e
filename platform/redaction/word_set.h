// Constant sets of words, for scanners that look up every word of a value.
#ifndef ROLLCALL_PLATFORM_REDACTION_WORD_SET_H_
#define ROLLCALL_PLATFORM_REDACTION_WORD_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace rollcall {

// A hash of a few bytes, for words that the program itself lists: what is looked up costs the
// same whatever it is, and collisions can be no worse than the constant table has them.
constexpr size_t HashWord(absl::string_view word) {
  if (word.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(word[i])); };
  const size_t last = word.size() - 1;
  const uint32_t mixed = byte(0) + byte(last) * 0x101u + byte(last / 2) * 0x10061u + byte(last / 4) * 0x3001u +
                         static_cast<uint32_t>(word.size()) * 0x1000003u;
  return static_cast<size_t>((mixed * 0x9e3779b1u) >> 16);
}

// The words of a blank-separated list that is known when the program is built; `kSlots`, a power
// of two, is at least twice their number.
template <size_t kSlots>
class WordSet {
 public:
  constexpr explicit WordSet(absl::string_view list) {
    size_t begin = 0;
    for (size_t end = 0; end <= list.size(); ++end) {
      if (end < list.size() && list[end] != ' ') continue;
      if (end > begin) Add(list.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  constexpr bool Has(absl::string_view word) const {
    if (word.empty()) return false;
    size_t slot = HashWord(word) % kSlots;
    while (!slots_[slot].empty()) {
      if (slots_[slot] == word) return true;
      slot = (slot + 1) % kSlots;
    }
    return false;
  }

  // How many words there are.
  constexpr size_t size() const { return size_; }

 private:
  constexpr void Add(absl::string_view word) {
    size_t slot = HashWord(word) % kSlots;
    while (!slots_[slot].empty()) slot = (slot + 1) % kSlots;
    slots_[slot] = word;
    ++size_;
  }

  std::array<absl::string_view, kSlots> slots_ = {};
  size_t size_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_WORD_SET_H_

// Made-up text with the lengths and the repetitions of the real one.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_WORDS_H_
#define ROLLCALL_TESTS_BENCH_FLEET_WORDS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// SplitMix64: small, fast, and the same numbers everywhere. A value type.
class WordSource {
 public:
  explicit WordSource(uint64_t seed) : state_(seed) {}

  // Uniform over all 64-bit numbers.
  uint64_t Next();
  // Uniform in [0, limit); `limit` is not 0.
  uint64_t Below(uint64_t limit) { return Next() % limit; }
  bool OneIn(uint64_t chances) { return Below(chances) == 0; }

  // A word of software's vocabulary, such as `archive`.
  absl::string_view Word();
  // `count` words with spaces between them.
  std::string Sentence(int count);
  // `digits` hexadecimal digits, as of a checksum: nothing compresses these.
  std::string Hex(int digits);
  // Name and address of one of some eighty maintainers.
  std::string Maintainer();

 private:
  uint64_t state_;
};

// One number out of several, so that each record has a source of its own.
uint64_t MixSeed(uint64_t a, uint64_t b);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_WORDS_H_

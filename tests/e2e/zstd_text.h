// Decompression for tests that look inside batches.
#ifndef ROLLCALL_TESTS_E2E_ZSTD_TEXT_H_
#define ROLLCALL_TESTS_E2E_ZSTD_TEXT_H_

#include <zstd.h>

#include <string>

namespace rollcall {

// The decompressed bytes; empty if `compressed` is not a zstd frame of at most `size` bytes.
inline std::string Decompressed(const std::string& compressed, size_t size) {
  std::string text(size, '\0');
  const size_t written = ZSTD_decompress(text.data(), text.size(), compressed.data(), compressed.size());
  return ZSTD_isError(written) ? std::string() : text.substr(0, written);
}

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_ZSTD_TEXT_H_

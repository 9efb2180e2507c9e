#include "backend/ingest/bounded_zstd.h"

#include <zstd.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr int kLevel = 3;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

absl::StatusOr<std::string> DecompressExactly(absl::string_view compressed, size_t size) {
  // Kept from call to call: making one takes as long as a small body.
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return absl::ResourceExhaustedError("decompress body: out of memory");
  // Several frames, or bytes behind the one, are not what an agent sends.
  if (ZSTD_findFrameCompressedSize(compressed.data(), compressed.size()) != compressed.size()) {
    return absl::InvalidArgumentError("decompress body: it is not one zstd frame");
  }
  std::string bytes(size, '\0');
  const size_t made =
      ZSTD_decompressDCtx(context.get(), bytes.data(), bytes.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(made) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("decompress body: ", ZSTD_getErrorName(made)));
  }
  if (made != size) return absl::InvalidArgumentError("decompress body: its size is not the declared one");
  return bytes;
}

std::string CompressZstd(absl::string_view bytes) {
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), kLevel);
  compressed.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return compressed;
}

}  // namespace rollcall

#include "backend/ingest/bounded_zstd.h"

#include <zstd.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr int kMaxWindowLog = 23;  // 8 MiB, what level 19 uses
constexpr int kLevel = 3;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

absl::StatusOr<std::string> DecompressExactly(absl::string_view compressed, size_t size) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return absl::ResourceExhaustedError("decompress body: out of memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  std::string bytes(size, '\0');
  ZSTD_outBuffer output{bytes.data(), bytes.size(), 0};
  ZSTD_inBuffer input{compressed.data(), compressed.size(), 0};
  const size_t left = ZSTD_decompressStream(context.get(), &output, &input);
  if (ZSTD_isError(left) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("decompress body: ", ZSTD_getErrorName(left)));
  }
  if (left != 0 || output.pos != size || input.pos != compressed.size()) {
    return absl::InvalidArgumentError("decompress body: its size is not the declared one");
  }
  return bytes;
}

std::string CompressZstd(absl::string_view bytes) {
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), kLevel);
  compressed.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return compressed;
}

}  // namespace rollcall

#include "platform/decompress.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr absl::string_view kGzipMagic("\x1f\x8b", 2);
constexpr absl::string_view kXzMagic(
    "\xfd"
    "7zXZ\0",
    6);
constexpr absl::string_view kZstdMagic("\x28\xb5\x2f\xfd", 4);

constexpr int kMaxWindowLog = 26;
// The window and the decoder's own tables.
constexpr uint64_t kMaxXzMemoryBytes = (uint64_t{1} << kMaxWindowLog) + (uint64_t{1} << 20);
constexpr size_t kChunkBytes = size_t{64} << 10;

absl::Status Damaged(absl::string_view format, absl::string_view cause) {
  return absl::DataLossError(absl::StrCat("decompress ", format, ": ", cause));
}

absl::Status TooLarge(absl::string_view format, absl::string_view what) {
  return absl::ResourceExhaustedError(absl::StrCat("decompress ", format, ": ", what));
}

// The content as it grows, a chunk at a time.
class Output {
 public:
  Output(absl::string_view format, size_t limit)
      : format_(format), limit_(limit), chunk_(std::make_unique<unsigned char[]>(kChunkBytes)) {}

  unsigned char* chunk() { return chunk_.get(); }

  // Takes the first `size` bytes of the chunk.
  absl::Status Take(size_t size) {
    if (size > limit_ - content_.size()) {
      return TooLarge(format_, absl::StrCat("content is larger than ", limit_, " bytes"));
    }
    content_.append(reinterpret_cast<const char*>(chunk_.get()), size);
    return absl::OkStatus();
  }

  std::string&& Finish() { return std::move(content_); }

 private:
  const absl::string_view format_;
  const size_t limit_;
  const std::unique_ptr<unsigned char[]> chunk_;
  std::string content_;
};

absl::StatusOr<std::string> Gunzip(absl::string_view bytes, size_t limit) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return TooLarge("gzip", "file is larger than 4 GiB");
  z_stream stream = {};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return absl::UnavailableError("decompress gzip: out of memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, inflateEnd);
  // zlib does not write there; its interface predates const.
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  Output output("gzip", limit);
  for (;;) {
    stream.next_out = output.chunk();
    stream.avail_out = kChunkBytes;
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return Damaged("gzip", "bad data");
    const size_t made = kChunkBytes - stream.avail_out;
    if (absl::Status status = output.Take(made); !status.ok()) return status;
    if (result == Z_STREAM_END) {
      if (CompressionOf(bytes.substr(bytes.size() - stream.avail_in)) != Compression::kGzip) return output.Finish();
      if (inflateReset(&stream) != Z_OK) return Damaged("gzip", "bad data");
    } else if (made == 0 && stream.avail_in == 0) {
      return Damaged("gzip", "cut short");
    }
  }
}

absl::StatusOr<std::string> Unxz(absl::string_view bytes, size_t limit) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kMaxXzMemoryBytes, 0) != LZMA_OK) {
    return absl::UnavailableError("decompress xz: out of memory");
  }
  const std::unique_ptr<lzma_stream, decltype(&lzma_end)> guard(&stream, lzma_end);
  stream.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  Output output("xz", limit);
  for (;;) {
    stream.next_out = output.chunk();
    stream.avail_out = kChunkBytes;
    const lzma_ret result = lzma_code(&stream, LZMA_RUN);
    if (result == LZMA_MEMLIMIT_ERROR) return TooLarge("xz", "window is larger than 64 MiB");
    if (result == LZMA_BUF_ERROR) return Damaged("xz", "cut short");
    if (result != LZMA_OK && result != LZMA_STREAM_END) return Damaged("xz", "bad data");
    if (absl::Status status = output.Take(kChunkBytes - stream.avail_out); !status.ok()) return status;
    if (result != LZMA_STREAM_END) continue;
    if (CompressionOf(bytes.substr(bytes.size() - stream.avail_in)) != Compression::kXz) return output.Finish();
    // Keeps its memory; the rest of the input stays where it is.
    if (lzma_stream_decoder(&stream, kMaxXzMemoryBytes, 0) != LZMA_OK) return Damaged("xz", "bad data");
  }
}

absl::StatusOr<std::string> Unzstd(absl::string_view bytes, size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr ||
      ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog)) != 0) {
    return absl::UnavailableError("decompress zstd: out of memory");
  }
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  Output output("zstd", limit);
  for (;;) {
    ZSTD_outBuffer out = {output.chunk(), kChunkBytes, 0};
    const size_t result = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(result) != 0) {
      // Damage may look like one.
      if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) {
        return TooLarge("zstd", "window is larger than 64 MiB");
      }
      return Damaged("zstd", ZSTD_getErrorName(result));
    }
    if (absl::Status status = output.Take(out.pos); !status.ok()) return status;
    if (result == 0) {
      if (CompressionOf(bytes.substr(in.pos)) != Compression::kZstd) return output.Finish();
    } else if (in.pos == in.size && out.pos < kChunkBytes) {
      return Damaged("zstd", "cut short");
    }
  }
}

}  // namespace

Compression CompressionOf(absl::string_view bytes) {
  if (absl::StartsWith(bytes, kGzipMagic)) return Compression::kGzip;
  if (absl::StartsWith(bytes, kXzMagic)) return Compression::kXz;
  if (absl::StartsWith(bytes, kZstdMagic)) return Compression::kZstd;
  return Compression::kNone;
}

absl::StatusOr<std::string> Decompress(absl::string_view bytes, size_t limit) {
  switch (CompressionOf(bytes)) {
    case Compression::kGzip:
      return Gunzip(bytes, limit);
    case Compression::kXz:
      return Unxz(bytes, limit);
    case Compression::kZstd:
      return Unzstd(bytes, limit);
    case Compression::kNone:
      break;
  }
  return absl::InvalidArgumentError("decompress file: not gzip, xz or zstd");
}

}  // namespace rollcall

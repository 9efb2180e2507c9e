// Compressed files, whole and in memory.
#ifndef ROLLCALL_PLATFORM_DECOMPRESS_H_
#define ROLLCALL_PLATFORM_DECOMPRESS_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Formats of gzip(1), xz(1) and zstd(1).
enum class Compression { kNone, kGzip, kXz, kZstd };

// What the first bytes say; names of files may say anything.
Compression CompressionOf(absl::string_view bytes);

// The content of a file that begins as CompressionOf(bytes) says. Several members, streams or
// frames in a row are one content, as for the programs above; what follows the last of them is
// ignored if it begins none.
//
// InvalidArgument if `bytes` are not compressed; DataLoss if they are damaged or cut short;
// ResourceExhausted if the content has more than `limit` bytes, or if reading it takes a window
// of more than 64 MiB. Takes memory for the content and the window. Pure.
absl::StatusOr<std::string> Decompress(absl::string_view bytes, size_t limit);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_DECOMPRESS_H_

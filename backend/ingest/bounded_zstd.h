// Decompression that cannot be made to fill the memory.
#ifndef ROLLCALL_BACKEND_INGEST_BOUNDED_ZSTD_H_
#define ROLLCALL_BACKEND_INGEST_BOUNDED_ZSTD_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Decompresses one zstd frame that must yield exactly `size` bytes and use the whole input.
// Allocates `size` bytes, whatever window the frame asks for: it is decompressed in place. InvalidArgument
// otherwise. Pure; from any thread.
absl::StatusOr<std::string> DecompressExactly(absl::string_view compressed, size_t size);

// One zstd frame; for tests and tools that play the agent.
std::string CompressZstd(absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_BOUNDED_ZSTD_H_

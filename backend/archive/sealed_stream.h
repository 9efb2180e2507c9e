// The outer form of an archive object: a header with the object's own key, sealed by the bucket's data key, and
// encrypted chunks, each bound to the bucket, the object, its number and whether it is the last.
//
// So nothing can be changed, moved, left out, cut off or added, and no chunk is good in another object or bucket.
// Format: docs/archive_format.md.
#ifndef ROLLCALL_BACKEND_ARCHIVE_SEALED_STREAM_H_
#define ROLLCALL_BACKEND_ARCHIVE_SEALED_STREAM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/archive/byte_stream.h"
#include "backend/keys/aes_gcm.h"
#include "backend/keys/data_key.h"

namespace rollcall {

inline constexpr size_t kSealedHeaderBytes = 92;
inline constexpr uint32_t kMinChunkBytes = 256;
inline constexpr uint32_t kMaxChunkBytes = 1 << 20;
inline constexpr uint32_t kDefaultChunkBytes = 256 << 10;

// What is readable without a key.
struct SealedHeader {
  // Plaintext of every chunk but the last.
  uint32_t chunk_bytes = 0;
  // Of the data key.
  std::string key_id;
  // The object's key, sealed; names the data key.
  std::string envelope;
};

// InvalidArgument if the first bytes of an object are not kSealedHeaderBytes of a header. Pure.
absl::StatusOr<SealedHeader> ParseSealedHeader(absl::string_view bytes);

// Encrypts what is written to it. Holds two chunks at most. Not thread-safe.
class SealedWriter : public ByteSink {
 public:
  // Writes the header. `data_key` seals the object's key, which is drawn here; `sink` outlives the writer.
  // InvalidArgument if chunk_bytes is not from kMinChunkBytes to kMaxChunkBytes.
  static absl::StatusOr<std::unique_ptr<SealedWriter>> Start(const DataKey& data_key, const pb::BucketName& bucket,
                                                             uint32_t chunk_bytes, ByteSink* sink);

  absl::Status Write(absl::string_view bytes) override;
  // Writes the last chunk. FailedPrecondition if there was nothing to encrypt.
  absl::Status Finish();

 private:
  SealedWriter(SecretKey key, std::string context, uint32_t chunk_bytes, ByteSink* sink);

  absl::Status WriteChunk(absl::string_view plaintext, bool last);

  const SecretKey key_;
  const std::string context_;
  const uint32_t chunk_bytes_;
  ByteSink* const sink_;
  std::string pending_;
  uint64_t chunks_ = 0;
};

// Decrypts chunk by chunk. Holds two at most. Not thread-safe.
class SealedReader {
 public:
  // `header` as read from the object's first kSealedHeaderBytes, `source` is behind them and outlives the reader.
  // DataLoss if the header was changed, or `data_key` is not the one.
  static absl::StatusOr<std::unique_ptr<SealedReader>> Start(absl::string_view header, const DataKey& data_key,
                                                             const pb::BucketName& bucket, ByteSource* source);

  // The next chunk's plaintext, never empty; nothing after the last. DataLoss if a chunk was changed, moved, or is
  // not of this object, and if the object ends too early; errors of the source.
  absl::StatusOr<std::optional<std::string>> Next();

 private:
  SealedReader(SecretKey key, std::string context, uint32_t chunk_bytes, ByteSource* source);

  const SecretKey key_;
  const std::string context_;
  const size_t sealed_bytes_;
  ByteSource* const source_;
  std::string ahead_;
  uint64_t chunks_ = 0;
  bool started_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_SEALED_STREAM_H_

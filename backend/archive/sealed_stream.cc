#include "backend/archive/sealed_stream.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/byte_order.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr absl::string_view kMagic = "RCARCHV1";
constexpr absl::string_view kChunkPurpose = "rollcall archive chunk v1\n";
constexpr size_t kEnvelopeAt = 12;
constexpr size_t kSealBytes = kNonceBytes + kTagBytes;

std::string BigEndian(uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

// What all chunks of an object are bound to.
std::string ObjectContext(absl::string_view header, const pb::BucketName& bucket) {
  return absl::StrCat(kChunkPurpose, header, BucketTag(bucket));
}

std::string ChunkContext(absl::string_view object_context, uint64_t number, bool last) {
  return absl::StrCat(object_context, BigEndian(number, 8), BigEndian(last ? 1 : 0, 1));
}

}  // namespace

absl::StatusOr<SealedHeader> ParseSealedHeader(absl::string_view bytes) {
  if (bytes.size() != kSealedHeaderBytes || !absl::StartsWith(bytes, kMagic)) {
    return absl::InvalidArgumentError("read archive object: it has no header");
  }
  SealedHeader header;
  header.chunk_bytes = LoadBigEndian32(bytes.data() + kMagic.size());
  if (header.chunk_bytes < kMinChunkBytes || header.chunk_bytes > kMaxChunkBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("read archive object: chunks of ", header.chunk_bytes, " bytes are out of bounds"));
  }
  header.envelope = std::string(bytes.substr(kEnvelopeAt));
  ROLLCALL_ASSIGN_OR_RETURN(header.key_id, KeyIdOfEnvelope(header.envelope));
  return header;
}

SealedWriter::SealedWriter(SecretKey key, std::string context, uint32_t chunk_bytes, ByteSink* sink)
    : key_(std::move(key)), context_(std::move(context)), chunk_bytes_(chunk_bytes), sink_(sink) {}

absl::StatusOr<std::unique_ptr<SealedWriter>> SealedWriter::Start(const DataKey& data_key, const pb::BucketName& bucket,
                                                                  uint32_t chunk_bytes, ByteSink* sink) {
  if (chunk_bytes < kMinChunkBytes || chunk_bytes > kMaxChunkBytes) {
    return absl::InvalidArgumentError(absl::StrCat("write archive object: chunks of ", chunk_bytes, " bytes"));
  }
  ROLLCALL_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Random());
  ROLLCALL_ASSIGN_OR_RETURN(const std::string envelope, data_key.Seal(key.bytes()));
  const std::string header = absl::StrCat(kMagic, BigEndian(chunk_bytes, 4), envelope);
  ROLLCALL_RETURN_IF_ERROR(sink->Write(header));
  return absl::WrapUnique(new SealedWriter(std::move(key), ObjectContext(header, bucket), chunk_bytes, sink));
}

absl::Status SealedWriter::WriteChunk(absl::string_view plaintext, bool last) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string sealed,
                            SealAesGcm(key_, ChunkContext(context_, chunks_, last), plaintext));
  ++chunks_;
  return sink_->Write(sealed);
}

absl::Status SealedWriter::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    // A full chunk waits until something follows it: only then it is known not to be the last.
    if (pending_.size() == chunk_bytes_) {
      ROLLCALL_RETURN_IF_ERROR(WriteChunk(pending_, false));
      pending_.clear();
    }
    const absl::string_view taken = bytes.substr(0, chunk_bytes_ - pending_.size());
    pending_.append(taken.data(), taken.size());
    bytes.remove_prefix(taken.size());
  }
  return absl::OkStatus();
}

absl::Status SealedWriter::Finish() {
  if (pending_.empty()) return absl::FailedPreconditionError("write archive object: it has no contents");
  ROLLCALL_RETURN_IF_ERROR(WriteChunk(pending_, true));
  pending_.clear();
  return absl::OkStatus();
}

SealedReader::SealedReader(SecretKey key, std::string context, uint32_t chunk_bytes, ByteSource* source)
    : key_(std::move(key)), context_(std::move(context)), sealed_bytes_(chunk_bytes + kSealBytes), source_(source) {}

absl::StatusOr<std::unique_ptr<SealedReader>> SealedReader::Start(absl::string_view header, const DataKey& data_key,
                                                                  const pb::BucketName& bucket, ByteSource* source) {
  const absl::StatusOr<SealedHeader> parsed = ParseSealedHeader(header);
  if (!parsed.ok()) return absl::DataLossError(parsed.status().message());
  absl::StatusOr<std::string> secret = data_key.Open(parsed->envelope);
  if (!secret.ok()) {
    return absl::DataLossError("read archive object: its header was changed, or is another bucket's or key's");
  }
  ROLLCALL_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Take(&*secret));
  return absl::WrapUnique(new SealedReader(std::move(key), ObjectContext(header, bucket), parsed->chunk_bytes, source));
}

absl::StatusOr<std::optional<std::string>> SealedReader::Next() {
  if (!started_) {
    ROLLCALL_ASSIGN_OR_RETURN(ahead_, source_->Read(sealed_bytes_));
    if (ahead_.empty()) return absl::DataLossError("read archive object: it ends behind its header");
    started_ = true;
  }
  if (ahead_.empty()) return std::nullopt;
  const std::string sealed = std::exchange(ahead_, std::string());
  ROLLCALL_ASSIGN_OR_RETURN(ahead_, source_->Read(sealed_bytes_));
  absl::StatusOr<std::string> plaintext =
      sealed.size() <= kSealBytes ? absl::PermissionDeniedError("too short")
                                  : OpenAesGcm(key_, ChunkContext(context_, chunks_, ahead_.empty()), sealed);
  if (!plaintext.ok()) {
    return absl::DataLossError(absl::StrCat("read archive object: chunk ", chunks_,
                                            " was changed or moved, or the object was cut or extended"));
  }
  ++chunks_;
  return *std::move(plaintext);
}

}  // namespace rollcall

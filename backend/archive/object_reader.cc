#include <utility>

#include "absl/strings/escaping.h"
#include "backend/archive/object_codec.h"
#include "backend/archive/running_hash.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Hashes and counts on the way.
class HashingSource : public ByteSource {
 public:
  explicit HashingSource(ByteSource* source) : source_(source) {}
  absl::StatusOr<std::string> Read(size_t size) override {
    absl::StatusOr<std::string> bytes = source_->Read(size);
    if (!bytes.ok()) return bytes;
    hash_.Add(*bytes);
    bytes_ += bytes->size();
    return bytes;
  }
  RunningHash& hash() { return hash_; }
  uint64_t bytes() const { return bytes_; }

 private:
  ByteSource* const source_;
  RunningHash hash_;
  uint64_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<ObjectSummary> ReadObject(const pb::BucketName& bucket, const KeyLookup& keys, ByteSource* source,
                                         const RecordSink& sink) {
  HashingSource object(source);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string header, object.Read(kSealedHeaderBytes));
  const absl::StatusOr<SealedHeader> parsed = ParseSealedHeader(header);
  if (!parsed.ok()) return absl::DataLossError(parsed.status().message());
  ROLLCALL_ASSIGN_OR_RETURN(const DataKey key, keys(parsed->key_id));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<SealedReader> chunks,
                            SealedReader::Start(header, key, bucket, &object));
  ContentsReader contents(bucket, sink);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<std::string> chunk, chunks->Next());
    if (!chunk.has_value()) break;
    ROLLCALL_RETURN_IF_ERROR(contents.Feed(*chunk));
  }
  ObjectSummary summary;
  ROLLCALL_ASSIGN_OR_RETURN(summary.manifest, contents.Finish());
  ROLLCALL_ASSIGN_OR_RETURN(const std::string hash, object.hash().Finish());
  summary.sha256 = absl::BytesToHexString(hash);
  summary.bytes = object.bytes();
  summary.key_id = parsed->key_id;
  return summary;
}

}  // namespace rollcall

// An archive object from records, and records from an archive object: a tar of blocks of records and a manifest,
// compressed with zstd, encrypted (sealed_stream.h). Both directions hold a block and two chunks, never the object.
#ifndef ROLLCALL_BACKEND_ARCHIVE_OBJECT_CODEC_H_
#define ROLLCALL_BACKEND_ARCHIVE_OBJECT_CODEC_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/archive/byte_stream.h"
#include "backend/archive/contents_reader.h"
#include "backend/archive/sealed_stream.h"
#include "backend/keys/data_key.h"
#include "rollcall/v1/archive.pb.h"

namespace rollcall {

// A serialized message, and when what it says was collected. The view lives until the source is asked again.
struct SourceRecord {
  absl::string_view bytes;
  absl::Time collected_at;
};

// Where the records of a bucket come from. Used by one thread at a time.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // The next record, nothing after the last. For the same bucket the order must be the same each time, or what is
  // archived again is another version.
  virtual absl::StatusOr<std::optional<SourceRecord>> Next() = 0;
};

// Finds the data key an object was sealed with.
using KeyLookup = std::function<absl::StatusOr<DataKey>(absl::string_view key_id)>;

// An object as it is.
struct ObjectSummary {
  // SHA-256 of all its bytes, lowercase hex.
  std::string sha256;
  uint64_t bytes = 0;
  std::string key_id;
  pb::ArchiveManifest manifest;
};

struct ObjectOptions {
  uint32_t chunk_bytes = kDefaultChunkBytes;
  // A block of records is closed once it is that long; kMaxBlockBytes at most.
  size_t block_bytes = kMaxBlockBytes;
};

// Writes an object to `sink`. Of `about`, bucket, policy and schema are taken. Errors of the source and the sink;
// InvalidArgument if a record is
// larger than kMaxArchivedRecordBytes or an option out of bounds.
absl::StatusOr<ObjectSummary> WriteObject(const pb::ArchiveManifest& about, const DataKey& key, RecordSource* records,
                                          ByteSink* sink, const ObjectOptions& options = {});

// Reads an object from beginning to end and hands its records to `sink` in their order. Only OK means that they were
// all, unchanged, of this bucket: until then nothing may be made of them that cannot be undone. DataLoss
// if the object is not, in every byte, one that WriteObject wrote for this bucket; errors of source, keys and sink.
absl::StatusOr<ObjectSummary> ReadObject(const pb::BucketName& bucket, const KeyLookup& keys, ByteSource* source,
                                         const RecordSink& sink);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_OBJECT_CODEC_H_

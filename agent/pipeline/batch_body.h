// Bodies of batches: serialized BatchBody, built without parsing the records again.
#ifndef ROLLCALL_AGENT_PIPELINE_BATCH_BODY_H_
#define ROLLCALL_AGENT_PIPELINE_BATCH_BODY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/record_identity.h"

namespace rollcall {

// Append one element to a serialized pb::BatchBody.
void AppendRecord(absl::string_view serialized_record, std::string* body);
void AppendRetired(const AssetKey& key, std::string* body);

// Largest body that is unpacked; the writer makes none that is larger unless one record is.
inline constexpr size_t kMaxUnpackedBodyBytes = size_t{4} << 20;

// A batch's body again, of exactly `size` bytes. DataLoss if it is not that.
absl::StatusOr<std::string> UnpackBody(absl::string_view compressed, size_t size);

// A zstd compressor, kept for the parts of one run. Not thread-safe.
class BodyCompressor {
 public:
  static constexpr int kLevel = 3;

  BodyCompressor();
  ~BodyCompressor();
  BodyCompressor(const BodyCompressor&) = delete;
  BodyCompressor& operator=(const BodyCompressor&) = delete;

  // One zstd frame that states its content's size; nothing for nothing. Internal if zstd fails.
  absl::StatusOr<std::string> Compress(absl::string_view body);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_BATCH_BODY_H_

// The inner form of an archive object, what is encrypted: zstd, in it a tar, in it blocks of records and a manifest.
#ifndef ROLLCALL_BACKEND_ARCHIVE_CONTENTS_READER_H_
#define ROLLCALL_BACKEND_ARCHIVE_CONTENTS_READER_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/archive.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Largest record.
inline constexpr size_t kMaxArchivedRecordBytes = 8 << 20;
// Longest block of records: one is closed once it is kMaxBlockBytes long, and the last record is longer than that at
// most by itself.
inline constexpr size_t kMaxBlockBytes = 1 << 20;

// Takes a record; the view lives during the call. An error ends the reading and is returned by it.
using RecordSink = std::function<absl::Status(absl::string_view record)>;

// Takes contents apart as they come, and hands out the records of each block. Holds a block and zstd's window (2 MiB),
// whatever the contents say. It proves nothing about who wrote them: that is for sealed_stream.h. Not thread-safe.
class ContentsReader {
 public:
  ContentsReader(const pb::BucketName& bucket, RecordSink sink);
  ~ContentsReader();
  ContentsReader(const ContentsReader&) = delete;
  ContentsReader& operator=(const ContentsReader&) = delete;

  // The next piece of the contents. DataLoss if it cannot be; errors of the sink. Not to be called again after
  // an error.
  absl::Status Feed(absl::string_view compressed);
  // The manifest. DataLoss if the contents are not complete or not as it says, or of another bucket. Call once, last.
  absl::StatusOr<pb::ArchiveManifest> Finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_CONTENTS_READER_H_

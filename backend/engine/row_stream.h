// Rows of a bucket, one after the other: from the stores, from the archive, from several of these as one.
#ifndef ROLLCALL_BACKEND_ENGINE_ROW_STREAM_H_
#define ROLLCALL_BACKEND_ENGINE_ROW_STREAM_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "backend/archive/archive.h"
#include "backend/store/bucket_store.h"
#include "platform/clock.h"

namespace rollcall {

// Rows in the order of CompareNames, each name once. Used by one thread.
class RowStream {
 public:
  virtual ~RowStream() = default;
  // The next row, nothing after the last. Not to be asked again after an error.
  virtual absl::StatusOr<std::optional<BucketRow>> Next() = 0;
};

// What the stores have of a bucket. Reads a page at a time. Cancelled once `stop` is requested.
class StoreRows : public RowStream {
 public:
  // `store` outlives the stream.
  StoreRows(BucketStore* store, BucketRef bucket, RowContent content, StopToken stop);
  absl::StatusOr<std::optional<BucketRow>> Next() override;

 private:
  BucketStore* const store_;
  const BucketRef bucket_;
  const RowContent content_;
  const StopToken stop_;
  BucketRowPage page_;
  size_t next_ = 0;
  bool begun_ = false;
};

// What one object of the archive has. A thread of its own reads it, so that it can be written anew at the same time; a
// few rows are held. Only once the end was reached without an error were the rows all, unchanged.
class ObjectRows : public RowStream {
 public:
  // `archive` outlives the stream. Archive::Read's errors come from Next; Cancelled once `stop` is requested.
  ObjectRows(Archive* archive, pb::BucketName bucket, std::string sha256, StopToken stop);
  ~ObjectRows() override;
  absl::StatusOr<std::optional<BucketRow>> Next() override;

 private:
  absl::Status Take(absl::string_view record);
  void Read();

  Archive* const archive_;
  const pb::BucketName bucket_;
  const std::string sha256_;
  const StopToken stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<BucketRow> rows_;
  // Set when the object was read, or could not be.
  std::optional<absl::Status> end_;
  bool abandoned_ = false;
  std::thread reader_;
};

// Several streams as one. Of rows of the same name the newer counts (IsNewer); if neither is, that of the earlier
// stream.
class MergedRows : public RowStream {
 public:
  explicit MergedRows(std::vector<std::unique_ptr<RowStream>> streams);
  absl::StatusOr<std::optional<BucketRow>> Next() override;

 private:
  absl::Status Fill();

  std::vector<std::unique_ptr<RowStream>> streams_;
  // The next row of each; unset if it has to be asked, or has ended.
  std::vector<std::optional<BucketRow>> heads_;
  std::vector<bool> ended_;
};

// What a stream has, but for the rows `drop` says true of.
class RowsWithout : public RowStream {
 public:
  RowsWithout(std::unique_ptr<RowStream> rows, std::function<bool(const BucketRow&)> drop);
  absl::StatusOr<std::optional<BucketRow>> Next() override;
  // Rows that were left out, and the bytes of their records.
  uint64_t dropped() const { return dropped_; }
  uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  const std::unique_ptr<RowStream> rows_;
  const std::function<bool(const BucketRow&)> drop_;
  uint64_t dropped_ = 0;
  uint64_t dropped_bytes_ = 0;
};

// Rows for Archive::Put.
class RowRecords : public RecordSource {
 public:
  // `rows` outlives the source.
  explicit RowRecords(RowStream* rows) : rows_(rows) {}
  absl::StatusOr<std::optional<SourceRecord>> Next() override;
  // Of what was given so far: records, bytes of their payloads, and when the first was received.
  uint64_t records() const { return records_; }
  uint64_t bytes() const { return bytes_; }
  absl::Time first_stored_at() const { return first_stored_at_; }

 private:
  RowStream* const rows_;
  std::string encoded_;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
  absl::Time first_stored_at_ = absl::InfiniteFuture();
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_ROW_STREAM_H_

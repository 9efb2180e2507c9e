#include "backend/engine/row_stream.h"

#include <algorithm>
#include <utility>

#include "backend/engine/archived_row.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Rows that are read ahead of an object.
constexpr size_t kReadAhead = 256;

absl::Status CheckStop(const StopToken& stop) {
  return stop.stop_requested() ? absl::CancelledError("read rows: stopped") : absl::OkStatus();
}

}  // namespace

StoreRows::StoreRows(BucketStore* store, BucketRef bucket, RowContent content, StopToken stop)
    : store_(store), bucket_(std::move(bucket)), content_(content), stop_(std::move(stop)) {}

absl::StatusOr<std::optional<BucketRow>> StoreRows::Next() {
  if (next_ == page_.rows.size()) {
    if (begun_ && page_.next_cursor.empty()) return std::optional<BucketRow>();
    ROLLCALL_RETURN_IF_ERROR(CheckStop(stop_));
    ROLLCALL_ASSIGN_OR_RETURN(page_, store_->ScanBucket(bucket_, page_.next_cursor, kMaxBucketRows, content_));
    begun_ = true;
    next_ = 0;
    if (page_.rows.empty()) return std::optional<BucketRow>();
  }
  return std::optional<BucketRow>(std::move(page_.rows[next_++]));
}

ObjectRows::ObjectRows(Archive* archive, pb::BucketName bucket, std::string sha256, StopToken stop)
    : archive_(archive), bucket_(std::move(bucket)), sha256_(std::move(sha256)), stop_(std::move(stop)) {
  reader_ = std::thread([this] { Read(); });
}

ObjectRows::~ObjectRows() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  reader_.join();
}

absl::Status ObjectRows::Take(absl::string_view record) {
  ROLLCALL_RETURN_IF_ERROR(CheckStop(stop_));
  ROLLCALL_ASSIGN_OR_RETURN(BucketRow row, DecodeArchivedRow(record, bucket_.tenant()));
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return abandoned_ || rows_.size() < kReadAhead; });
  if (abandoned_) return absl::CancelledError("read rows: nobody wants them");
  rows_.push_back(std::move(row));
  changed_.notify_all();
  return absl::OkStatus();
}

void ObjectRows::Read() {
  absl::Status end =
      archive_->Read(bucket_, sha256_, [this](absl::string_view record) { return Take(record); }).status();
  const std::lock_guard<std::mutex> lock(mutex_);
  end_ = std::move(end);
  changed_.notify_all();
}

absl::StatusOr<std::optional<BucketRow>> ObjectRows::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !rows_.empty() || end_.has_value(); });
  if (!rows_.empty()) {
    BucketRow row = std::move(rows_.front());
    rows_.pop_front();
    changed_.notify_all();
    return std::optional<BucketRow>(std::move(row));
  }
  if (!end_->ok()) return *end_;
  return std::optional<BucketRow>();
}

MergedRows::MergedRows(std::vector<std::unique_ptr<RowStream>> streams)
    : streams_(std::move(streams)), heads_(streams_.size()), ended_(streams_.size()) {}

absl::Status MergedRows::Fill() {
  for (size_t i = 0; i < streams_.size(); ++i) {
    if (heads_[i].has_value() || ended_[i]) continue;
    ROLLCALL_ASSIGN_OR_RETURN(heads_[i], streams_[i]->Next());
    ended_[i] = !heads_[i].has_value();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<BucketRow>> MergedRows::Next() {
  ROLLCALL_RETURN_IF_ERROR(Fill());
  std::optional<BucketRow> best;
  for (std::optional<BucketRow>& head : heads_) {
    if (!head.has_value()) continue;
    const auto order = best.has_value() ? CompareNames(*head, *best) : std::strong_ordering::less;
    if (order < 0 || (order == 0 && IsNewer(*head, *best))) best = head;
  }
  if (!best.has_value()) return best;
  for (std::optional<BucketRow>& head : heads_) {
    if (head.has_value() && CompareNames(*head, *best) == 0) head.reset();
  }
  return best;
}

RowsWithout::RowsWithout(std::unique_ptr<RowStream> rows, std::function<bool(const BucketRow&)> drop)
    : rows_(std::move(rows)), drop_(std::move(drop)) {}

absl::StatusOr<std::optional<BucketRow>> RowsWithout::Next() {
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(std::optional<BucketRow> row, rows_->Next());
    if (!row.has_value() || !drop_(*row)) return row;
    ++dropped_;
    dropped_bytes_ += row->version.payload.size();
  }
}

absl::StatusOr<std::optional<SourceRecord>> RowRecords::Next() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<BucketRow> row, rows_->Next());
  if (!row.has_value()) return std::optional<SourceRecord>();
  ++records_;
  bytes_ += row->version.payload.size();
  first_stored_at_ = std::min(first_stored_at_, row->version.received_at);
  encoded_ = EncodeArchivedRow(*row);
  return std::optional<SourceRecord>(SourceRecord{encoded_, row->version.collected_at});
}

}  // namespace rollcall

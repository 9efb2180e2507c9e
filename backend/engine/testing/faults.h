// Stores and archives that fail when told to, over real ones.
#ifndef ROLLCALL_BACKEND_ENGINE_TESTING_FAULTS_H_
#define ROLLCALL_BACKEND_ENGINE_TESTING_FAULTS_H_

#include <utility>

#include "backend/archive/archive.h"
#include "backend/store/bucket_store.h"

namespace rollcall {

// Counts calls and says which of them fail. One thread, but for an archive's reader, which only counts.
class FaultPlan {
 public:
  enum class Kind {
    kNone,
    // The call does nothing and fails; the next one works.
    kRefused,
    // The call works, and says that it did not.
    kAnswerLost,
    // From the call on nothing works: the process is gone. It was carried out, or not.
    kGoneBefore,
    kGoneAfter,
  };

  // Calls are counted from 1 since this.
  void FailAt(uint64_t call, Kind kind) {
    calls_ = 0;
    fail_at_ = call;
    kind_ = kind;
  }
  uint64_t calls() const { return calls_; }
  bool failed() const { return kind_ != Kind::kNone && calls_ >= fail_at_; }
  bool gone() const { return failed() && (kind_ == Kind::kGoneBefore || kind_ == Kind::kGoneAfter); }

  // Makes the call, or not.
  template <typename Call>
  auto Make(Call call) -> decltype(call()) {
    const uint64_t number = ++calls_;
    const bool here = number == fail_at_;
    const bool later = number > fail_at_;
    const absl::Status error = absl::UnavailableError("told to fail");
    if (kind_ == Kind::kRefused && here) return error;
    if (kind_ == Kind::kGoneBefore && (here || later)) return error;
    if (kind_ == Kind::kGoneAfter && later) return error;
    auto answer = call();
    if ((kind_ == Kind::kAnswerLost || kind_ == Kind::kGoneAfter) && here) return error;
    return answer;
  }

 private:
  Kind kind_ = Kind::kNone;
  uint64_t fail_at_ = 0;
  uint64_t calls_ = 0;
};

// Both outlived by what they are made of.
class FaultyBucketStore : public BucketStore {
 public:
  FaultyBucketStore(BucketStore* real, FaultPlan* plan) : real_(real), plan_(plan) {}

  absl::StatusOr<BucketPage> ListBuckets(absl::string_view tenant, absl::TimeZone zone, absl::string_view cursor,
                                         size_t limit) override {
    return plan_->Make([&] { return real_->ListBuckets(tenant, zone, cursor, limit); });
  }
  absl::StatusOr<BucketRowPage> ScanBucket(const BucketRef& bucket, absl::string_view cursor, size_t limit,
                                           RowContent content) override {
    return plan_->Make([&] { return real_->ScanBucket(bucket, cursor, limit, content); });
  }
  absl::StatusOr<BucketSummary> CountBucket(const BucketRef& bucket) override {
    return plan_->Make([&] { return real_->CountBucket(bucket); });
  }
  absl::Status RaiseFence(absl::string_view tenant, uint64_t fence) override {
    return plan_->Make([&] { return real_->RaiseFence(tenant, fence); });
  }
  absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence, absl::Span<const BucketRow> rows,
                                           absl::FunctionRef<bool()> go_on) override {
    return plan_->Make([&] { return real_->DeleteRows(bucket, fence, rows, go_on); });
  }
  absl::StatusOr<uint64_t> DropStaged(const BucketRef& bucket, uint64_t fence) override {
    return plan_->Make([&] { return real_->DropStaged(bucket, fence); });
  }
  absl::StatusOr<RestoreOutcome> RestoreRows(const BucketRef& bucket, uint64_t fence,
                                             absl::Span<const BucketRow> rows) override {
    return plan_->Make([&] { return real_->RestoreRows(bucket, fence, rows); });
  }
  absl::Status EraseResidue(const StopToken& stop) override {
    return plan_->Make([&] { return real_->EraseResidue(stop); });
  }

 private:
  BucketStore* const real_;
  FaultPlan* const plan_;
};

class FaultyArchive : public Archive {
 public:
  FaultyArchive(Archive* real, FaultPlan* plan) : real_(real), plan_(plan) {}

  absl::StatusOr<ObjectSummary> Put(const ArchiveJob& job, const RetentionPolicy& policy,
                                    RecordSource* records) override {
    return plan_->Make([&] { return real_->Put(job, policy, records); });
  }
  absl::StatusOr<ObjectSummary> Verify(const pb::BucketName& bucket, absl::string_view sha256,
                                       const StopToken& stop) override {
    return plan_->Make([&] { return real_->Verify(bucket, sha256, stop); });
  }
  // Not counted: another thread calls it while the first goes on, so that the numbers would not be the same twice.
  absl::StatusOr<ObjectSummary> Read(const pb::BucketName& bucket, absl::string_view sha256,
                                     const RecordSink& sink) override {
    return real_->Read(bucket, sha256, sink);
  }
  absl::StatusOr<ArchiveListing> List(const pb::BucketName& bucket) override {
    return plan_->Make([&] { return real_->List(bucket); });
  }
  absl::Status RemoveUploads(const pb::BucketName& bucket) override {
    return plan_->Make([&] { return real_->RemoveUploads(bucket); });
  }
  absl::Status DeleteVersion(const pb::BucketName& bucket, absl::string_view sha256) override {
    return plan_->Make([&] { return real_->DeleteVersion(bucket, sha256); });
  }
  absl::StatusOr<ArchiveDeletion> Delete(const pb::BucketName& bucket) override {
    return plan_->Make([&] { return real_->Delete(bucket); });
  }

 private:
  Archive* const real_;
  FaultPlan* const plan_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_TESTING_FAULTS_H_

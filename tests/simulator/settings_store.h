// Gives a store the second category: no collector brings settings yet, so what the agent of the service `console`
// brings is shown as CONSOLE_CONFIG of all services.
#ifndef ROLLCALL_TESTS_SIMULATOR_SETTINGS_STORE_H_
#define ROLLCALL_TESTS_SIMULATOR_SETTINGS_STORE_H_

#include "backend/retention/retention_policy.h"
#include "backend/store/bucket_store.h"

namespace rollcall::simulator {

inline constexpr char kConsole[] = "console";

// `real` outlives it.
class SettingsStore : public BucketStore {
 public:
  explicit SettingsStore(BucketStore* real) : real_(real) {}

  absl::StatusOr<BucketPage> ListBuckets(absl::string_view tenant, absl::TimeZone zone, absl::string_view cursor,
                                         size_t limit) override {
    absl::StatusOr<BucketPage> page = real_->ListBuckets(tenant, zone, cursor, limit);
    if (!page.ok()) return page;
    for (BucketSummary& bucket : page->buckets) bucket.key = Shown(bucket.key);
    return page;
  }
  absl::StatusOr<BucketRowPage> ScanBucket(const BucketRef& bucket, absl::string_view cursor, size_t limit,
                                           RowContent content) override {
    return real_->ScanBucket(Stored(bucket), cursor, limit, content);
  }
  absl::StatusOr<BucketSummary> CountBucket(const BucketRef& bucket) override {
    absl::StatusOr<BucketSummary> count = real_->CountBucket(Stored(bucket));
    if (count.ok()) count->key = bucket.key;
    return count;
  }
  absl::Status RaiseFence(absl::string_view tenant, uint64_t fence) override {
    return real_->RaiseFence(tenant, fence);
  }
  absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence, absl::Span<const BucketRow> rows,
                                           absl::FunctionRef<bool()> go_on) override {
    return real_->DeleteRows(Stored(bucket), fence, rows, go_on);
  }
  absl::StatusOr<uint64_t> DropStaged(const BucketRef& bucket, uint64_t fence) override {
    return real_->DropStaged(Stored(bucket), fence);
  }
  absl::StatusOr<RestoreOutcome> RestoreRows(const BucketRef& bucket, uint64_t fence,
                                             absl::Span<const BucketRow> rows) override {
    return real_->RestoreRows(Stored(bucket), fence, rows);
  }
  absl::Status EraseResidue(const StopToken& stop) override { return real_->EraseResidue(stop); }

 private:
  static BucketKey Shown(BucketKey key) {
    if (key.hosting_service == kConsole) key = {kAllServices, v1::CONSOLE_CONFIG, key.collected_day};
    return key;
  }
  static BucketRef Stored(BucketRef bucket) {
    if (bucket.key.category == v1::CONSOLE_CONFIG) bucket.key = {kConsole, v1::ASSET_BASIC, bucket.key.collected_day};
    return bucket;
  }

  BucketStore* const real_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_SETTINGS_STORE_H_

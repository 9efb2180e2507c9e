// A lifecycle store with its ledger, clock and agreement, for tests.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_TESTING_LIFECYCLE_WORLD_H_
#define ROLLCALL_BACKEND_LIFECYCLE_TESTING_LIFECYCLE_WORLD_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "backend/ledger/testing/memory_ledger_files.h"
#include "backend/lifecycle/lifecycle_store.h"
#include "platform/testing/fake_clock.h"
#include "proto/wire_time.h"

namespace rollcall {

inline absl::Time Noon(int year, int month, int day) {
  return absl::FromCivil(absl::CivilHour(year, month, day, 12), absl::UTCTimeZone());
}

inline pb::Subscription Hosting(const std::string& service) {
  pb::Subscription subscription;
  subscription.set_hosting_service(service);
  return subscription;
}

inline pb::Subscription Feature() {
  pb::Subscription subscription;
  subscription.set_feature(true);
  return subscription;
}

inline Caller By(const std::string& person, const std::string& id) { return {id, "operator/" + person}; }

inline pb::HoldPlaced CourtOrder(const std::string& review_by = "2025-01-01") {
  pb::HoldPlaced hold;
  hold.set_legal_basis("court order 7");
  hold.set_review_by(review_by);
  return hold;
}

// Evidence that nothing is left, gathered at `at`.
inline pb::StepEvidence NothingLeft(absl::Time at) {
  pb::StepEvidence evidence;
  pb::StoreEvidence* store = evidence.add_stores();
  store->set_kind(pb::SQL_STORE);
  store->set_name("main");
  store->set_deleted(10);
  store->set_method("counted rows");
  *store->mutable_verified_at() = ToWire(at);
  return evidence;
}

class LifecycleWorld {
 public:
  LifecycleWorld() : path_((std::filesystem::temp_directory_path() / "lifecycle_test_XXXXXX").string()) {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    clock_.JumpWallClock(Noon(2024, 3, 1));
    // Once for all tests of a program: reading it takes longer than a test.
    static const RetentionPolicy* const policy = new RetentionPolicy(*LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY));
    policy_ = policy;
  }
  ~LifecycleWorld() {
    Close();
    std::filesystem::remove_all(path_);
  }

  LifecycleOptions options() const {
    LifecycleOptions options;
    options.path = path_ + "/lifecycle.db";
    options.policy = policy_;
    return options;
  }
  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<Ledger>> ledger = Ledger::Open(disk_.Mount(), &clock_);
    if (!ledger.ok()) return ledger.status();
    ledger_ = *std::move(ledger);
    absl::StatusOr<std::unique_ptr<LifecycleStore>> store = LifecycleStore::Open(options(), ledger_.get(), &clock_);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return absl::OkStatus();
  }
  void Close() {
    store_.reset();
    ledger_.reset();
  }

  // A tenant with a service that runs.
  TenantLifecycle AddTenant(const std::string& name, const std::string& service = "cvm:1") {
    EXPECT_TRUE(store_->AddTenant(By("root", "add " + name), name, "eu-frankfurt").ok());
    TenantLifecycle tenant = *store_->Tenant(name);
    EXPECT_TRUE(tenant.AddService(By("root", "first service"), service).ok());
    return tenant;
  }
  // A bucket of ten records.
  static BucketContent Content(const std::string& service, absl::CivilDay day,
                               pb::Category category = pb::ASSET_BASIC) {
    return {{service, category, day}, std::nullopt, 10, 1000};
  }

  ClockReading Reading() { return {clock_.Now(), absl::Milliseconds(10), true, clock_.Monotonic(), "boot-1"}; }
  // What a backend does every day, with a person who looks at the list.
  void Daily(const std::string& id) {
    ASSERT_TRUE(store_->Tick(Reading())->status.ok());
    const absl::StatusOr<DryRunList> list = store_->MakeDryRun(absl::ToCivilDay(clock_.Now(), policy_->zone));
    ASSERT_TRUE(list.ok()) << list.status();
    store_->AcknowledgeDryRun(By("root", id), list->run).IgnoreError();
    ASSERT_TRUE(store_->StoreForecast().ok());
  }
  PurgePick Pick(const std::string& tenant, const BucketKey& key) {
    PurgePick pick;
    pick.step = StepPickOf(tenant, key);
    pick.clock = Reading();
    pick.wanted = 1;
    return pick;
  }
  StepPick StepPickOf(const std::string& tenant, const BucketKey& key) {
    return {key, store_->Tenant(tenant)->Timeline()->epoch, policy_->hash, "engine"};
  }

  std::vector<pb::LedgerEntry> Entries() const {
    std::vector<pb::LedgerEntry> entries;
    for (uint64_t i = 0; i < ledger_->Head().size; ++i) {
      EXPECT_TRUE(entries.emplace_back().ParseFromString(*ledger_->Leaf(i)));
    }
    return entries;
  }

  LifecycleStore* store() { return store_.get(); }
  Ledger* ledger() { return ledger_.get(); }
  LedgerDisk* disk() { return &disk_; }
  FakeClock* clock() { return &clock_; }
  const RetentionPolicy& policy() const { return *policy_; }

 private:
  std::string path_;
  FakeClock clock_;
  const RetentionPolicy* policy_;
  LedgerDisk disk_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LifecycleStore> store_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_TESTING_LIFECYCLE_WORLD_H_

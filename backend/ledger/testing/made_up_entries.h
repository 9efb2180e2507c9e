// Entries and statements for tests of the ledger.
#ifndef ROLLCALL_BACKEND_LEDGER_TESTING_MADE_UP_ENTRIES_H_
#define ROLLCALL_BACKEND_LEDGER_TESTING_MADE_UP_ENTRIES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "rollcall/v1/ledger.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// A denied read, distinct for every `number`.
inline pb::LedgerEntry MadeUpEntry(uint64_t number) {
  pb::LedgerEntry entry;
  entry.mutable_at()->set_seconds(1'700'000'000 + static_cast<int64_t>(number));
  entry.set_actor("engine");
  entry.set_tenant("acme");
  entry.mutable_read_denied()->set_purpose("UNKNOWN");
  entry.mutable_read_denied()->set_caller("caller " + std::to_string(number));
  return entry;
}

// The same with a unique key made of `key`.
inline pb::LedgerEntry MadeUpEntryOnce(uint64_t number, char key) {
  pb::LedgerEntry entry = MadeUpEntry(number);
  entry.set_unique_key(std::string(32, key));
  return entry;
}

// A complete statement about the bucket of `day`: SQL store, archive and key gone on 2024-04-01.
inline pb::DeletionStatement MadeUpStatement(absl::string_view day) {
  constexpr int64_t kOpens = 1'711'929'600;  // 2024-04-01
  pb::DeletionStatement statement;
  pb::BucketName* bucket = statement.mutable_bucket();
  bucket->set_tenant("acme");
  bucket->set_region("eu-frankfurt");
  bucket->set_hosting_service("cvm:ins-1234");
  bucket->set_category(pb::ASSET_BASIC);
  bucket->set_collected_day(day.data(), day.size());
  statement.set_epoch(3);
  statement.mutable_policy()->set_id("tcss-dpsa-module");
  statement.mutable_policy()->set_version(1);
  statement.mutable_policy()->set_hash(std::string(32, 'p'));
  statement.add_facts("hosting service ended 2024-03-01");
  statement.add_explanation("R3: last retained day is the later of 2024-03-31 and collection + 180 days");
  statement.set_last_retained_day("2024-03-31");
  statement.mutable_not_before()->set_seconds(kOpens);
  statement.mutable_deadline()->set_seconds(kOpens + 86400);
  statement.mutable_executed_at()->set_seconds(kOpens + 3600);
  for (const pb::StoreKind kind : {pb::SQL_STORE, pb::OBJECT_ARCHIVE}) {
    pb::StoreEvidence* store = statement.add_stores();
    store->set_kind(kind);
    store->set_name(kind == pb::SQL_STORE ? "main" : "cold");
    store->set_region("eu-frankfurt");
    store->set_deleted(1200);
    store->set_bytes(345'678);
    store->set_method(kind == pb::SQL_STORE ? "counted rows, log truncated" : "listed versions and uploads");
    store->mutable_verified_at()->set_seconds(kOpens + 3000);
  }
  statement.add_destroyed_key_ids(std::string(16, 'k'));
  statement.set_last_backup_expiry_day("2024-05-06");
  statement.set_records(1200);
  statement.set_bytes(345'678);
  return statement;
}

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_TESTING_MADE_UP_ENTRIES_H_

#include "backend/engine/step_evidence.h"

#include "absl/strings/escaping.h"
#include "backend/retention/civil_time.h"
#include "proto/wire_time.h"

namespace rollcall {

StepEvidence::StepEvidence(const EngineParts& parts, const EngineOptions& options)
    // To the microsecond, as the lifecycle's times are: nothing is verified after it was said to be done.
    : options_(options), at_(absl::FromUnixMicros(absl::ToUnixMicros(parts.clock->Now()))) {}

StepEvidence& StepEvidence::Add(pb::StoreKind kind, const std::string& name, const Seen& seen) {
  pb::StoreEvidence* store = evidence_.add_stores();
  store->set_kind(kind);
  store->set_name(name);
  store->set_region(options_.region);
  store->set_deleted(seen.deleted);
  store->set_bytes(seen.bytes);
  store->set_remaining(seen.remaining);
  store->set_method(std::string(seen.method));
  *store->mutable_verified_at() = ToWire(at_);
  store->set_answer_hash(seen.answer_hash);
  return *this;
}

StepEvidence& StepEvidence::InStore(const Seen& seen) { return Add(pb::SQL_STORE, options_.store_name, seen); }

StepEvidence& StepEvidence::InArchive(const Seen& seen) { return Add(pb::OBJECT_ARCHIVE, options_.archive_name, seen); }

StepEvidence& StepEvidence::OfKeys(const std::vector<KeyDestruction>& keys, uint64_t remaining) {
  Seen seen;
  seen.deleted = keys.size();
  seen.remaining = remaining;
  seen.method = "looked for the wrapped keys in the key store and its backups";
  for (const KeyDestruction& key : keys) {
    pb::LedgerEntry::KeyDestroyed* destroyed = evidence_.add_keys();
    destroyed->set_key_id(key.key_id);
    if (key.last_copy_expires_at.has_value()) {
      *destroyed->mutable_last_copy_expires_at() = ToWire(*key.last_copy_expires_at);
    }
  }
  return Add(pb::KEY_STORE, options_.key_store_name, seen);
}

StepEvidence& StepEvidence::InBackups(const BackupsHolding& held, absl::TimeZone zone) {
  if (held.last_expiry.has_value()) evidence_.set_last_backup_expiry_day(DayText(DayOf(*held.last_expiry, zone)));
  Seen seen;
  seen.deleted = held.backups;
  seen.method = "backups with a copy, which is unreadable without its keys";
  return Add(pb::BACKUPS, options_.backups_name, seen);
}

std::string HashOf(const ObjectSummary& object) { return absl::HexStringToBytes(object.sha256); }

}  // namespace rollcall

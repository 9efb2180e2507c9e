#include "backend/lifecycle/lifecycle_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "backend/lifecycle/lifecycle_schema.h"
#include "backend/pki/peer_identity.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/lifecycle_check.h"
#include "platform/status_macros.h"
#include "proto/short_hash.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxId = 128;
constexpr int kOutboxBatch = 256;
constexpr char kKeyDomain[] = "rollcall-lifecycle";

std::string HashOf(absl::string_view bytes) {
  const std::array<uint8_t, 32> hash = ShortHash(bytes);
  return std::string(reinterpret_cast<const char*>(hash.data()), hash.size());
}

absl::Time ToMicros(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

absl::Status CheckFingerprint(absl::string_view is, absl::string_view was, absl::string_view id) {
  if (is == was) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("request ", id, " was used for another operation"));
}

std::string FingerprintOf(const Caller& caller, absl::string_view name, const std::vector<std::string>& arguments) {
  std::vector<std::string> parts = {std::string(name), caller.actor};
  parts.insert(parts.end(), arguments.begin(), arguments.end());
  return HashOf(JoinParts(parts));
}

}  // namespace

std::string JoinParts(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) absl::StrAppend(&joined, part.size(), ":", part);
  return joined;
}

pb::PolicyReference ReferenceTo(const RetentionPolicy& policy) {
  pb::PolicyReference reference;
  reference.set_id(policy.data.id());
  reference.set_version(policy.data.version());
  reference.set_hash(absl::HexStringToBytes(policy.hash));
  return reference;
}

absl::Status CheckCaller(const Caller& caller) {
  if (caller.request_id.empty() || caller.request_id.size() > kMaxId) {
    return absl::InvalidArgumentError("check caller: its request id has not 1 to 128 characters");
  }
  absl::string_view name = caller.actor;
  if (name == "engine") return absl::OkStatus();
  if (!absl::ConsumePrefix(&name, "operator/")) {
    return absl::InvalidArgumentError("check caller: the actor is neither engine nor an operator");
  }
  return ValidateOperatorName(name);
}

absl::Status TenantOperation::Load() {
  ROLLCALL_ASSIGN_OR_RETURN(facts, rows.Facts());
  ROLLCALL_ASSIGN_OR_RETURN(timeline, FoldEvents(policy(), facts, at));
  return absl::OkStatus();
}

absl::Status TenantOperation::Append(pb::LifecycleEvent event, pb::LedgerEntry::LifecycleNoted::Kind kind) {
  *event.mutable_at() = ToWire(at);
  event.set_actor(actor);
  ROLLCALL_RETURN_IF_ERROR(CheckEvent(event));
  ROLLCALL_RETURN_IF_ERROR(rows.InsertEvent(event, at));
  *facts.add_events() = event;
  ROLLCALL_ASSIGN_OR_RETURN(timeline, FoldEvents(policy(), facts, at));
  pb::LedgerEntry::LifecycleNoted* noted = AddEntry()->mutable_lifecycle_noted();
  noted->set_kind(kind);
  noted->set_event_id(event.id());
  noted->set_event_hash(HashOf(event.SerializeAsString()));
  return absl::OkStatus();
}

pb::LedgerEntry* TenantOperation::AddEntry() {
  pb::LedgerEntry& entry = entries.emplace_back();
  *entry.mutable_at() = ToWire(at);
  entry.set_actor(actor);
  entry.set_tenant(rows.name());
  entry.set_epoch(timeline.epoch);
  *entry.mutable_policy() = ReferenceTo(policy());
  return &entry;
}

pb::BucketName TenantOperation::NameOf(const BucketKey& key) const {
  pb::BucketName name;
  name.set_tenant(rows.name());
  name.set_region(rows.region());
  name.set_hosting_service(key.hosting_service);
  name.set_category(key.category);
  name.set_collected_day(DayText(key.collected_day));
  return name;
}

bool TenantOperation::Refresh(StoredBucket* bucket) const {
  if (bucket->facts.state == pb::BUCKET_PURGING || bucket->facts.state == pb::BUCKET_PURGED) return false;
  const RetentionDecision dates = EvaluateBucket(policy(), bucket->facts, timeline, Detail::kDates).dates;
  std::optional<absl::Time> due_at;
  if (dates.deadline.has_value() && dates.due_from != absl::InfiniteFuture()) due_at = ToMicros(dates.due_from);
  const bool changed = bucket->restricted != dates.restricted || bucket->held != dates.held ||
                       bucket->due_at != due_at || bucket->policy_hash != policy().hash;
  bucket->restricted = dates.restricted;
  bucket->held = dates.held;
  bucket->due_at = due_at;
  bucket->policy_id = policy().data.id();
  bucket->policy_version = policy().data.version();
  bucket->policy_hash = policy().hash;
  return changed;
}

absl::Status TenantOperation::RefreshBuckets() {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<StoredBucket> buckets, rows.Buckets());
  for (StoredBucket& bucket : buckets) {
    if (Refresh(&bucket)) ROLLCALL_RETURN_IF_ERROR(rows.PutBucket(bucket));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<LifecycleCore>> LifecycleCore::Open(LifecycleOptions options, Ledger* ledger,
                                                                   const Clock* clock) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Connection> db, OpenLifecycleDatabase(options.path));
  std::unique_ptr<LifecycleCore> core(new LifecycleCore(std::move(options), std::move(db), ledger, clock));
  ROLLCALL_RETURN_IF_ERROR(core->DrainOutbox());
  return core;
}

absl::StatusOr<absl::Time> LifecycleCore::Now() {
  const absl::Time now = ToMicros(clock_->Now());
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<pb::ClockTick> tick, SystemRows(db_.get()).Tick());
  if (!tick.has_value()) return now;
  const absl::Time trusted = FromWire(tick->wall()).value_or(absl::InfinitePast());
  if (now < trusted - options_.clock_limits.max_jump || now > trusted + options_.clock_limits.max_pause) {
    return absl::UnavailableError(absl::StrCat("read clock: ", absl::FormatTime(now, absl::UTCTimeZone()),
                                               " is far from when it was trusted last; a person has to confirm it"));
  }
  return now;
}

absl::StatusOr<absl::Time> LifecycleCore::NextTime(const TenantRows& rows) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time now, Now());
  if (now < rows.last_at() - options_.clock_limits.max_jump) {
    return absl::UnavailableError("read clock: it is far behind the tenant's last event");
  }
  // Each event has an instant of its own, so that they are folded in the order they were accepted in.
  return std::max(now, rows.last_at() + absl::Microseconds(1));
}

absl::StatusOr<pb::OperationAnswer> LifecycleCore::Run(absl::string_view tenant, const Caller& caller,
                                                       absl::string_view name,
                                                       const std::vector<std::string>& arguments, Body body) {
  ROLLCALL_RETURN_IF_ERROR(CheckCaller(caller));
  const std::string fingerprint = FingerprintOf(caller, name, arguments);
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_RETURN_IF_ERROR(DrainLocked());
  pb::OperationAnswer answer;
  {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
    ROLLCALL_ASSIGN_OR_RETURN(TenantRows rows, TenantRows::Find(db_.get(), tenant));
    ROLLCALL_ASSIGN_OR_RETURN(std::optional<AnsweredRequest> earlier, rows.FindRequest(caller.request_id));
    if (earlier.has_value()) {
      ROLLCALL_RETURN_IF_ERROR(CheckFingerprint(fingerprint, earlier->fingerprint, caller.request_id));
      return std::move(earlier->answer);
    }
    ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, NextTime(rows));
    TenantOperation operation(options_, SystemRows(db_.get()), std::move(rows), caller.actor, at);
    ROLLCALL_RETURN_IF_ERROR(operation.Load());
    ROLLCALL_RETURN_IF_ERROR(body(&operation));
    ROLLCALL_RETURN_IF_ERROR(Finish(caller, fingerprint, &operation));
    answer = std::move(operation.answer);
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  ROLLCALL_RETURN_IF_ERROR(DrainAfterCommit());
  return answer;
}

absl::Status LifecycleCore::Finish(const Caller& caller, absl::string_view fingerprint, TenantOperation* operation) {
  ROLLCALL_RETURN_IF_ERROR(operation->rows.SetLastAt(operation->at));
  ROLLCALL_RETURN_IF_ERROR(operation->RefreshBuckets());
  *operation->answer.mutable_at() = ToWire(operation->at);
  operation->answer.set_epoch(operation->timeline.epoch);
  ROLLCALL_RETURN_IF_ERROR(operation->rows.InsertRequest(caller.request_id, fingerprint, operation->answer));
  return WriteOutbox(JoinParts({operation->rows.name(), "request", caller.request_id}), std::move(operation->entries));
}

absl::Status LifecycleCore::RunForAll(const Caller& caller, absl::string_view name,
                                      const std::vector<std::string>& arguments, SystemBody body) {
  ROLLCALL_RETURN_IF_ERROR(CheckCaller(caller));
  const std::string fingerprint = FingerprintOf(caller, name, arguments);
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_RETURN_IF_ERROR(DrainLocked());
  {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
    SystemRows rows(db_.get());
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<std::string> earlier, rows.FindRequest(caller.request_id));
    if (earlier.has_value()) return CheckFingerprint(fingerprint, *earlier, caller.request_id);
    std::vector<pb::LedgerEntry> entries;
    ROLLCALL_RETURN_IF_ERROR(body(SystemRows(db_.get()), ToMicros(clock_->Now()), &entries));
    ROLLCALL_RETURN_IF_ERROR(rows.InsertRequest(caller.request_id, fingerprint));
    ROLLCALL_RETURN_IF_ERROR(WriteOutbox(JoinParts({"", "request", caller.request_id}), std::move(entries)));
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  return DrainAfterCommit();
}

absl::Status LifecycleCore::Transact(absl::string_view tenant, absl::string_view actor, std::optional<absl::Time> at,
                                     std::string* key, Body body) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_RETURN_IF_ERROR(DrainLocked());
  {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
    ROLLCALL_ASSIGN_OR_RETURN(TenantRows rows, TenantRows::Find(db_.get(), tenant));
    if (!at.has_value()) {
      ROLLCALL_ASSIGN_OR_RETURN(const absl::Time now, Now());
      at = std::max(now, rows.last_at());
    }
    TenantOperation operation(options_, SystemRows(db_.get()), std::move(rows), std::string(actor), *at);
    ROLLCALL_RETURN_IF_ERROR(operation.Load());
    ROLLCALL_RETURN_IF_ERROR(body(&operation));
    ROLLCALL_RETURN_IF_ERROR(
        WriteOutbox(JoinParts({operation.rows.name(), "step", *key}), std::move(operation.entries)));
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  return DrainAfterCommit();
}

absl::Status LifecycleCore::TransactForAll(const std::string& key, SystemBody body) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_RETURN_IF_ERROR(DrainLocked());
  {
    ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
    std::vector<pb::LedgerEntry> entries;
    ROLLCALL_RETURN_IF_ERROR(body(SystemRows(db_.get()), ToMicros(clock_->Now()), &entries));
    ROLLCALL_RETURN_IF_ERROR(WriteOutbox(JoinParts({"", "system", key}), std::move(entries)));
    ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  }
  return DrainAfterCommit();
}

absl::Status LifecycleCore::Read(absl::string_view tenant, Body body) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginRead(db_.get()));
  ROLLCALL_ASSIGN_OR_RETURN(TenantRows rows, TenantRows::Find(db_.get(), tenant));
  // What was accepted is known, whatever the clock says.
  const absl::Time at = std::max(ToMicros(clock_->Now()), rows.last_at());
  TenantOperation operation(options_, SystemRows(db_.get()), std::move(rows), "", at);
  ROLLCALL_RETURN_IF_ERROR(operation.Load());
  return body(&operation);
}

absl::Status LifecycleCore::ReadAll(absl::FunctionRef<absl::Status(SystemRows, absl::Time)> body) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginRead(db_.get()));
  return body(SystemRows(db_.get()), ToMicros(clock_->Now()));
}

absl::Status LifecycleCore::DrainOutbox() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return DrainLocked();
}

absl::Status LifecycleCore::DrainLocked() {
  SystemRows rows(db_.get());
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(OutboxEntries waiting, rows.Outbox(kOutboxBatch));
    if (waiting.entries.empty()) return absl::OkStatus();
    ROLLCALL_RETURN_IF_ERROR(ledger_->AppendAll(std::move(waiting.entries)).status());
    ROLLCALL_RETURN_IF_ERROR(rows.DeleteOutbox(waiting.last));
  }
}

absl::Status LifecycleCore::DrainAfterCommit() {
  const absl::Status status = DrainLocked();
  if (status.ok()) return status;
  return absl::UnavailableError(
      absl::StrCat("hand entries to the ledger: ", status.message(), "; what was asked is done, ask again"));
}

absl::Status LifecycleCore::WriteOutbox(const std::string& key, std::vector<pb::LedgerEntry> entries) {
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i].set_unique_key(HashOf(JoinParts({kKeyDomain, key, absl::StrCat(i)})));
    // Checked here: an entry the ledger refuses would block all that come after it.
    ROLLCALL_RETURN_IF_ERROR(CheckLedgerEntry(entries[i]));
    ROLLCALL_RETURN_IF_ERROR(SystemRows(db_.get()).InsertOutbox(entries[i]));
  }
  return absl::OkStatus();
}

}  // namespace rollcall

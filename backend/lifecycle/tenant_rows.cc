#include "backend/lifecycle/tenant_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/lifecycle/row_times.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

absl::Status NoSuch(absl::string_view what, absl::string_view id) {
  return absl::NotFoundError(absl::StrCat("find ", what, " ", id, ": there is none"));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("read ", what, ": cannot be understood"));
}

// The columns Buckets() and FindBucket() select.
absl::StatusOr<StoredBucket> ReadBucket(const Statement& row) {
  StoredBucket bucket;
  bucket.facts.key.hosting_service = std::string(row.ColumnText(0));
  bucket.facts.key.category = static_cast<pb::Category>(row.ColumnInt(1));
  if (!ParseDay(row.ColumnText(2), &bucket.facts.key.collected_day)) return Damaged("bucket");
  if (!pb::BucketState_IsValid(static_cast<int>(row.ColumnInt(3)))) return Damaged("bucket");
  bucket.facts.state = static_cast<pb::BucketState>(row.ColumnInt(3));
  bucket.state_since = absl::FromUnixMicros(row.ColumnInt(4));
  bucket.epoch = row.ColumnUnsigned(5);
  if (!row.ColumnIsNull(6)) bucket.open_step = row.ColumnInt(6);
  bucket.restricted = row.ColumnInt(7) != 0;
  bucket.held = row.ColumnInt(8) != 0;
  bucket.due_at = ColumnTime(row, 9);
  bucket.policy_id = std::string(row.ColumnText(10));
  bucket.policy_version = static_cast<uint32_t>(row.ColumnInt(11));
  bucket.policy_hash = std::string(row.ColumnText(12));
  bucket.facts.first_stored_at = ColumnTime(row, 13);
  bucket.facts.records = row.ColumnUnsigned(14);
  bucket.facts.bytes = row.ColumnUnsigned(15);
  bucket.late = row.ColumnUnsigned(16);
  return bucket;
}

StoredHold ReadHold(const Statement& row) {
  StoredHold hold;
  hold.id = std::string(row.ColumnText(0));
  hold.body.ParseFromString(std::string(row.ColumnBlob(1)));
  hold.placed_by = std::string(row.ColumnText(2));
  hold.placed_at = absl::FromUnixMicros(row.ColumnInt(3));
  hold.approved_by = std::string(row.ColumnText(4));
  hold.approved_at = ColumnTime(row, 5);
  hold.release_asked_by = std::string(row.ColumnText(6));
  hold.release_asked_at = ColumnTime(row, 7);
  hold.released_by = std::string(row.ColumnText(8));
  hold.released_at = ColumnTime(row, 9);
  return hold;
}

absl::StatusOr<StoredStep> ReadStep(const Statement& row) {
  StoredStep step;
  step.number = row.ColumnInt(0);
  step.bucket.hosting_service = std::string(row.ColumnText(1));
  step.bucket.category = static_cast<pb::Category>(row.ColumnInt(2));
  if (!ParseDay(row.ColumnText(3), &step.bucket.collected_day)) return Damaged("journal");
  step.kind = static_cast<pb::StepKind>(row.ColumnInt(4));
  step.epoch = row.ColumnUnsigned(5);
  step.at = absl::FromUnixMicros(row.ColumnInt(6));
  step.actor = std::string(row.ColumnText(7));
  if (!step.intent.ParseFromString(std::string(row.ColumnBlob(8)))) return Damaged("journal");
  return step;
}

// Empty texts are "nobody yet".
void BindName(Statement* statement, const std::string& name) {
  if (name.empty()) {
    statement->Null();
  } else {
    statement->Text(name);
  }
}

}  // namespace

absl::StatusOr<TenantRows> TenantRows::Find(Connection* db, absl::string_view tenant) {
  Statement statement = db->Prepare("SELECT tenant_id, region, last_at FROM tenant WHERE name = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Text(tenant).Step());
  if (!found) return NoSuch("tenant", tenant);
  TenantRows rows(db, statement.ColumnInt(0));
  rows.name_ = std::string(tenant);
  rows.region_ = std::string(statement.ColumnText(1));
  rows.last_at_ = absl::FromUnixMicros(statement.ColumnInt(2));
  return rows;
}

absl::Status TenantRows::SetLastAt(absl::Time at) {
  last_at_ = at;
  return db_->Prepare("UPDATE tenant SET last_at = ? WHERE tenant_id = ?").Int(absl::ToUnixMicros(at)).Int(id_).Run();
}

absl::StatusOr<std::optional<AnsweredRequest>> TenantRows::FindRequest(absl::string_view id) {
  Statement statement = db_->Prepare("SELECT fingerprint, answer FROM request WHERE tenant_id = ? AND request_id = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Int(id_).Text(id).Step());
  if (!found) return std::nullopt;
  AnsweredRequest request;
  request.fingerprint = std::string(statement.ColumnBlob(0));
  if (!request.answer.ParseFromString(std::string(statement.ColumnBlob(1)))) return Damaged("answer");
  return request;
}

absl::Status TenantRows::InsertRequest(absl::string_view id, absl::string_view fingerprint,
                                       const pb::OperationAnswer& answer) {
  const std::string body = answer.SerializeAsString();
  return db_->Prepare("INSERT INTO request(tenant_id, request_id, fingerprint, answer) VALUES(?, ?, ?, ?)")
      .Int(id_)
      .Text(id)
      .Blob(fingerprint)
      .Blob(body)
      .Run();
}

absl::Status TenantRows::InsertService(absl::string_view name) {
  return db_->Prepare("INSERT INTO service(tenant_id, name) VALUES(?, ?)").Int(id_).Text(name).Run();
}

absl::Status TenantRows::InsertEvent(const pb::LifecycleEvent& event, absl::Time at) {
  const std::string body = event.SerializeAsString();
  return db_->Prepare("INSERT INTO event(tenant_id, event_id, at, body) VALUES(?, ?, ?, ?)")
      .Int(id_)
      .Text(event.id())
      .Int(absl::ToUnixMicros(at))
      .Blob(body)
      .Run();
}

absl::StatusOr<pb::TenantFacts> TenantRows::Facts() {
  pb::TenantFacts facts;
  facts.set_tenant(name_);
  facts.set_region(region_);
  Statement services = db_->Prepare("SELECT name FROM service WHERE tenant_id = ? ORDER BY name");
  services.Int(id_);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, services.Step());
    if (!row) break;
    facts.add_hosting_services(std::string(services.ColumnText(0)));
  }
  Statement events = db_->Prepare("SELECT body FROM event WHERE tenant_id = ? ORDER BY at");
  events.Int(id_);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, events.Step());
    if (!row) return facts;
    if (!facts.add_events()->ParseFromString(std::string(events.ColumnBlob(0)))) return Damaged("event");
  }
}

absl::StatusOr<std::vector<StoredBucket>> TenantRows::Buckets() {
  std::vector<StoredBucket> buckets;
  Statement statement = db_->Prepare(
      "SELECT service, category, day, state, state_since, epoch, open_step, restricted, held, due_at, policy_id, "
      "policy_version, policy_hash, first_stored_at, records, bytes, late FROM bucket WHERE tenant_id = ? "
      "ORDER BY service, category, day");
  statement.Int(id_);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) break;
    ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, ReadBucket(statement));
    buckets.push_back(std::move(bucket));
  }
  ROLLCALL_RETURN_IF_ERROR(ReadErased(&buckets));
  return buckets;
}

// In the order of the buckets.
absl::Status TenantRows::ReadErased(std::vector<StoredBucket>* buckets) {
  Statement statement = db_->Prepare(
      "SELECT service, category, day, request_id FROM erased WHERE tenant_id = ? ORDER BY service, category, day");
  statement.Int(id_);
  auto bucket = buckets->begin();
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return absl::OkStatus();
    BucketKey key = {std::string(statement.ColumnText(0)), static_cast<pb::Category>(statement.ColumnInt(1)), {}};
    if (!ParseDay(statement.ColumnText(2), &key.collected_day)) return Damaged("erased part");
    while (bucket != buckets->end() && !(bucket->facts.key == key)) ++bucket;
    if (bucket == buckets->end()) return Damaged("erased part");
    bucket->facts.erased_for.emplace_back(statement.ColumnText(3));
  }
}

absl::StatusOr<StoredBucket> TenantRows::FindBucket(const BucketKey& key) {
  const std::string day = DayText(key.collected_day);
  Statement statement = db_->Prepare(
      "SELECT service, category, day, state, state_since, epoch, open_step, restricted, held, due_at, policy_id, "
      "policy_version, policy_hash, first_stored_at, records, bytes, late FROM bucket "
      "WHERE tenant_id = ? AND service = ? AND category = ? AND day = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found,
                            statement.Int(id_).Text(key.hosting_service).Int(key.category).Text(day).Step());
  if (!found) return NoSuch("bucket", absl::StrCat(key.hosting_service, " ", day));
  ROLLCALL_ASSIGN_OR_RETURN(StoredBucket bucket, ReadBucket(statement));
  Statement erased =
      db_->Prepare("SELECT request_id FROM erased WHERE tenant_id = ? AND service = ? AND category = ? AND day = ?");
  erased.Int(id_).Text(key.hosting_service).Int(key.category).Text(day);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, erased.Step());
    if (!row) return bucket;
    bucket.facts.erased_for.emplace_back(erased.ColumnText(0));
  }
}

absl::Status TenantRows::PutBucket(const StoredBucket& bucket) {
  const std::string day = DayText(bucket.facts.key.collected_day);
  Statement statement = db_->Prepare(
      "INSERT INTO bucket(tenant_id, service, category, day, state, state_since, epoch, open_step, restricted, held, "
      "due_at, policy_id, policy_version, policy_hash, first_stored_at, records, bytes, late) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET state = excluded.state, state_since = excluded.state_since, epoch = excluded.epoch, "
      "open_step = excluded.open_step, restricted = excluded.restricted, held = excluded.held, "
      "due_at = excluded.due_at, policy_id = excluded.policy_id, policy_version = excluded.policy_version, "
      "policy_hash = excluded.policy_hash, first_stored_at = excluded.first_stored_at, records = excluded.records, "
      "bytes = excluded.bytes, late = excluded.late");
  statement.Int(id_).Text(bucket.facts.key.hosting_service).Int(bucket.facts.key.category).Text(day);
  statement.Int(bucket.facts.state).Int(absl::ToUnixMicros(bucket.state_since)).Unsigned(bucket.epoch);
  if (bucket.open_step.has_value()) {
    statement.Int(*bucket.open_step);
  } else {
    statement.Null();
  }
  statement.Int(bucket.restricted ? 1 : 0).Int(bucket.held ? 1 : 0);
  BindTime(&statement, bucket.due_at);
  statement.Text(bucket.policy_id).Int(bucket.policy_version).Text(bucket.policy_hash);
  BindTime(&statement, bucket.facts.first_stored_at);
  return statement.Unsigned(bucket.facts.records).Unsigned(bucket.facts.bytes).Unsigned(bucket.late).Run();
}

absl::Status TenantRows::InsertErased(const BucketKey& key, absl::string_view request) {
  const std::string day = DayText(key.collected_day);
  return db_->Prepare("INSERT INTO erased(tenant_id, service, category, day, request_id) VALUES(?, ?, ?, ?, ?)")
      .Int(id_)
      .Text(key.hosting_service)
      .Int(key.category)
      .Text(day)
      .Text(request)
      .Run();
}

absl::StatusOr<std::vector<StoredHold>> TenantRows::Holds() {
  std::vector<StoredHold> holds;
  Statement statement = db_->Prepare(
      "SELECT hold_id, body, placed_by, placed_at, approved_by, approved_at, release_asked_by, release_asked_at, "
      "released_by, released_at FROM hold WHERE tenant_id = ? ORDER BY placed_at");
  statement.Int(id_);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return holds;
    holds.push_back(ReadHold(statement));
  }
}

absl::StatusOr<StoredHold> TenantRows::FindHold(absl::string_view id) {
  Statement statement = db_->Prepare(
      "SELECT hold_id, body, placed_by, placed_at, approved_by, approved_at, release_asked_by, release_asked_at, "
      "released_by, released_at FROM hold WHERE tenant_id = ? AND hold_id = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Int(id_).Text(id).Step());
  if (!found) return NoSuch("hold", id);
  return ReadHold(statement);
}

absl::Status TenantRows::PutHold(const StoredHold& hold) {
  const std::string body = hold.body.SerializeAsString();
  Statement statement = db_->Prepare(
      "INSERT INTO hold(tenant_id, hold_id, body, review_by, placed_by, placed_at, approved_by, approved_at, "
      "release_asked_by, release_asked_at, released_by, released_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET approved_by = excluded.approved_by, approved_at = excluded.approved_at, "
      "release_asked_by = excluded.release_asked_by, release_asked_at = excluded.release_asked_at, "
      "released_by = excluded.released_by, released_at = excluded.released_at");
  statement.Int(id_).Text(hold.id).Blob(body).Text(hold.body.review_by());
  statement.Text(hold.placed_by).Int(absl::ToUnixMicros(hold.placed_at));
  BindName(&statement, hold.approved_by);
  BindTime(&statement, hold.approved_at);
  BindName(&statement, hold.release_asked_by);
  BindTime(&statement, hold.release_asked_at);
  BindName(&statement, hold.released_by);
  BindTime(&statement, hold.released_at);
  return statement.Run();
}

absl::Status TenantRows::InsertDeletion(absl::string_view request, absl::string_view reason) {
  return db_->Prepare("INSERT INTO deletion(tenant_id, request_id, reason) VALUES(?, ?, ?)")
      .Int(id_)
      .Text(request)
      .Text(reason)
      .Run();
}

absl::StatusOr<std::string> TenantRows::ReasonOfDeletion(absl::string_view request) {
  Statement statement = db_->Prepare("SELECT reason FROM deletion WHERE tenant_id = ? AND request_id = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Int(id_).Text(request).Step());
  if (!found) return NoSuch("request for deletion", request);
  return std::string(statement.ColumnText(0));
}

absl::Status TenantRows::PutExport(absl::string_view request, const pb::ExportRequest& body) {
  const std::string bytes = body.SerializeAsString();
  return db_
      ->Prepare(
          "INSERT INTO export(tenant_id, request_id, open, body) VALUES(?, ?, ?, ?) "
          "ON CONFLICT DO UPDATE SET open = excluded.open, body = excluded.body")
      .Int(id_)
      .Text(request)
      .Int(body.state() == pb::ExportRequest::OPEN ? 1 : 0)
      .Blob(bytes)
      .Run();
}

absl::StatusOr<pb::ExportRequest> TenantRows::FindExport(absl::string_view request) {
  Statement statement = db_->Prepare("SELECT body FROM export WHERE tenant_id = ? AND request_id = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Int(id_).Text(request).Step());
  if (!found) return NoSuch("request for export", request);
  pb::ExportRequest body;
  if (!body.ParseFromString(std::string(statement.ColumnBlob(0)))) return Damaged("request for export");
  return body;
}

absl::StatusOr<std::vector<StoredExport>> TenantRows::Exports(bool open_only) {
  std::vector<StoredExport> exports;
  Statement statement =
      db_->Prepare("SELECT request_id, body FROM export WHERE tenant_id = ? AND open >= ? ORDER BY request_id");
  statement.Int(id_).Int(open_only ? 1 : 0);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return exports;
    exports.emplace_back().id = std::string(statement.ColumnText(0));
    if (!exports.back().body.ParseFromString(std::string(statement.ColumnBlob(1)))) {
      return Damaged("request for export");
    }
  }
}

absl::Status TenantRows::InsertIntent(StoredStep* step) {
  // Nothing of the journal is ever deleted, so that no number is used twice.
  ROLLCALL_ASSIGN_OR_RETURN(step->number, db_->QueryInt("SELECT coalesce(max(step), 0) + 1 FROM journal"));
  return InsertEnd(*step, JournalPhase::kIntended, step->at, step->actor, step->intent.SerializeAsString());
}

absl::Status TenantRows::InsertEnd(const StoredStep& step, JournalPhase phase, absl::Time at, absl::string_view actor,
                                   absl::string_view body) {
  const std::string day = DayText(step.bucket.collected_day);
  return db_
      ->Prepare(
          "INSERT INTO journal(tenant_id, step, phase, service, category, day, kind, epoch, at, actor, body) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .Int(id_)
      .Int(step.number)
      .Int(static_cast<int>(phase))
      .Text(step.bucket.hosting_service)
      .Int(step.bucket.category)
      .Text(day)
      .Int(step.kind)
      .Unsigned(step.epoch)
      .Int(absl::ToUnixMicros(at))
      .Text(actor)
      .Blob(body)
      .Run();
}

absl::StatusOr<StoredStep> TenantRows::FindStep(int64_t step) {
  Statement statement = db_->Prepare(
      "SELECT step, service, category, day, kind, epoch, at, actor, body FROM journal "
      "WHERE tenant_id = ? AND step = ? AND phase = 1");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Int(id_).Int(step).Step());
  if (!found) return NoSuch("step", absl::StrCat(step));
  return ReadStep(statement);
}

absl::StatusOr<std::optional<std::string>> TenantRows::FindEvidence(int64_t step) {
  Statement statement = db_->Prepare("SELECT body FROM journal WHERE tenant_id = ? AND step = ? AND phase = 2");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Int(id_).Int(step).Step());
  if (!found) return std::nullopt;
  return std::string(statement.ColumnBlob(0));
}

absl::StatusOr<std::vector<StoredStep>> TenantRows::UnfinishedSteps() {
  std::vector<StoredStep> steps;
  Statement statement = db_->Prepare(
      "SELECT j.step, j.service, j.category, j.day, j.kind, j.epoch, j.at, j.actor, j.body FROM bucket b "
      "JOIN journal j ON j.step = b.open_step AND j.phase = 1 AND j.tenant_id = b.tenant_id "
      "WHERE b.tenant_id = ? AND b.open_step IS NOT NULL ORDER BY j.step");
  statement.Int(id_);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return steps;
    ROLLCALL_ASSIGN_OR_RETURN(StoredStep step, ReadStep(statement));
    steps.push_back(std::move(step));
  }
}

}  // namespace rollcall

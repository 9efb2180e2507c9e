#include "backend/lifecycle/system_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/lifecycle/row_times.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"
#include "rollcall/v1/lifecycle_operations.pb.h"

namespace rollcall {
namespace {

pb::DryRun ReadDryRun(const Statement& row) {
  pb::DryRun run;
  run.set_policy_hash(std::string(row.ColumnText(0)));
  run.set_day(std::string(row.ColumnText(1)));
  run.set_list_hash(std::string(row.ColumnText(2)));
  run.set_buckets(row.ColumnUnsigned(3));
  run.set_acknowledged_by(std::string(row.ColumnText(4)));
  if (const std::optional<absl::Time> at = ColumnTime(row, 5); at.has_value()) {
    *run.mutable_acknowledged_at() = ToWire(*at);
  }
  return run;
}

}  // namespace

absl::Status SystemRows::InsertTenant(absl::string_view name, absl::string_view region, absl::Time at) {
  return db_->Prepare("INSERT INTO tenant(name, region, last_at) VALUES(?, ?, ?)")
      .Text(name)
      .Text(region)
      .Int(absl::ToUnixMicros(at))
      .Run();
}

absl::StatusOr<std::vector<std::string>> SystemRows::Tenants() {
  std::vector<std::string> names;
  Statement statement = db_->Prepare("SELECT name FROM tenant ORDER BY name");
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return names;
    names.emplace_back(statement.ColumnText(0));
  }
}

absl::StatusOr<std::optional<std::string>> SystemRows::FindRequest(absl::string_view id) {
  Statement statement = db_->Prepare("SELECT fingerprint FROM request WHERE tenant_id = 0 AND request_id = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Text(id).Step());
  if (!found) return std::nullopt;
  return std::string(statement.ColumnBlob(0));
}

absl::Status SystemRows::InsertRequest(absl::string_view id, absl::string_view fingerprint) {
  return db_->Prepare("INSERT INTO request(tenant_id, request_id, fingerprint, answer) VALUES(0, ?, ?, x'')")
      .Text(id)
      .Blob(fingerprint)
      .Run();
}

absl::StatusOr<OutboxEntries> SystemRows::Outbox(int limit) {
  OutboxEntries waiting;
  Statement statement = db_->Prepare("SELECT place, entry FROM outbox ORDER BY place LIMIT ?");
  statement.Int(limit);
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return waiting;
    waiting.last = statement.ColumnInt(0);
    if (!waiting.entries.emplace_back().ParseFromString(std::string(statement.ColumnBlob(1)))) {
      return absl::DataLossError("read outbox: an entry cannot be understood");
    }
  }
}

absl::Status SystemRows::InsertOutbox(const pb::LedgerEntry& entry) {
  const std::string body = entry.SerializeAsString();
  return db_->Prepare("INSERT INTO outbox(entry) VALUES(?)").Blob(body).Run();
}

absl::Status SystemRows::DeleteOutbox(int64_t up_to) {
  return db_->Prepare("DELETE FROM outbox WHERE place <= ?").Int(up_to).Run();
}

absl::StatusOr<std::optional<pb::ClockTick>> SystemRows::Tick() {
  Statement statement = db_->Prepare("SELECT tick FROM clock");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found || statement.ColumnBlob(0).empty()) return std::nullopt;
  pb::ClockTick tick;
  if (!tick.ParseFromString(std::string(statement.ColumnBlob(0)))) {
    return absl::DataLossError("read clock tick: cannot be understood");
  }
  return tick;
}

absl::StatusOr<std::string> SystemRows::ClockRefusal() {
  Statement statement = db_->Prepare("SELECT refused FROM clock");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Step());
  return found ? std::string(statement.ColumnText(0)) : std::string();
}

absl::Status SystemRows::PutTick(const pb::ClockTick& tick, absl::string_view refusal) {
  const std::string body = tick.SerializeAsString();
  Statement statement = db_->Prepare(
      "INSERT INTO clock(clock_id, tick, refused) VALUES(1, ?, ?) "
      "ON CONFLICT DO UPDATE SET tick = excluded.tick, refused = excluded.refused");
  statement.Blob(body);
  if (refusal.empty()) {
    statement.Null();
  } else {
    statement.Text(refusal);
  }
  return statement.Run();
}

absl::Status SystemRows::InsertDryRun(const pb::DryRun& run) {
  return db_
      ->Prepare("INSERT INTO dry_run(policy_hash, day, list_hash, buckets) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .Text(run.policy_hash())
      .Text(run.day())
      .Text(run.list_hash())
      .Unsigned(run.buckets())
      .Run();
}

absl::StatusOr<pb::DryRun> SystemRows::FindDryRun(absl::string_view policy_hash, absl::string_view day,
                                                  absl::string_view list_hash) {
  Statement statement = db_->Prepare(
      "SELECT policy_hash, day, list_hash, buckets, acknowledged_by, acknowledged_at FROM dry_run "
      "WHERE policy_hash = ? AND day = ? AND list_hash = ?");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Text(policy_hash).Text(day).Text(list_hash).Step());
  if (!found) return absl::NotFoundError(absl::StrCat("find dry run of ", day, ": there was none with that list"));
  return ReadDryRun(statement);
}

absl::Status SystemRows::AcknowledgeDryRun(const pb::DryRun& run) {
  return db_
      ->Prepare(
          "UPDATE dry_run SET acknowledged_by = ?, acknowledged_at = ? "
          "WHERE policy_hash = ? AND day = ? AND list_hash = ?")
      .Text(run.acknowledged_by())
      .Int(absl::ToUnixMicros(FromWire(run.acknowledged_at()).value_or(absl::UnixEpoch())))
      .Text(run.policy_hash())
      .Text(run.day())
      .Text(run.list_hash())
      .Run();
}

absl::StatusOr<std::optional<pb::DryRun>> SystemRows::LastAcknowledged(absl::string_view policy_hash) {
  Statement statement = db_->Prepare(
      "SELECT policy_hash, day, list_hash, buckets, acknowledged_by, acknowledged_at FROM dry_run "
      "WHERE policy_hash = ? AND acknowledged_at IS NOT NULL ORDER BY acknowledged_at DESC LIMIT 1");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Text(policy_hash).Step());
  if (!found) return std::nullopt;
  return ReadDryRun(statement);
}

absl::StatusOr<std::optional<pb::DryRun>> SystemRows::LatestDryRun(absl::string_view policy_hash) {
  Statement statement = db_->Prepare(
      "SELECT policy_hash, day, list_hash, buckets, acknowledged_by, acknowledged_at FROM dry_run "
      "WHERE policy_hash = ? ORDER BY day DESC, acknowledged_at DESC LIMIT 1");
  ROLLCALL_ASSIGN_OR_RETURN(const bool found, statement.Text(policy_hash).Step());
  if (!found) return std::nullopt;
  return ReadDryRun(statement);
}

absl::Status SystemRows::PutForecast(absl::string_view policy_hash, absl::CivilDay made_on,
                                     const std::map<absl::CivilDay, uint64_t>& days) {
  const std::string made = DayText(made_on);
  ROLLCALL_RETURN_IF_ERROR(
      db_->Prepare("DELETE FROM forecast WHERE policy_hash = ? AND made_on = ?").Text(policy_hash).Text(made).Run());
  for (const auto& [day, buckets] : days) {
    const std::string text = DayText(day);
    ROLLCALL_RETURN_IF_ERROR(db_->Prepare("INSERT INTO forecast(policy_hash, day, made_on, buckets) VALUES(?, ?, ?, ?)")
                                 .Text(policy_hash)
                                 .Text(text)
                                 .Text(made)
                                 .Unsigned(buckets)
                                 .Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SystemRows::ForecastFor(absl::string_view policy_hash, absl::CivilDay day) {
  const std::string text = DayText(day);
  Statement latest = db_->Prepare("SELECT max(made_on) FROM forecast WHERE policy_hash = ? AND made_on < ?");
  ROLLCALL_RETURN_IF_ERROR(latest.Text(policy_hash).Text(text).Step().status());
  // Without a forecast only what was acknowledged for the very day counts.
  const std::string made_on = latest.ColumnIsNull(0) ? DayText(day - 1) : std::string(latest.ColumnText(0));
  // A forecast lists the days on which something falls due, and on its own day what was left over.
  Statement forecast =
      db_->Prepare("SELECT coalesce(sum(buckets), 0) FROM forecast WHERE policy_hash = ? AND made_on = ? AND day <= ?");
  ROLLCALL_RETURN_IF_ERROR(forecast.Text(policy_hash).Text(made_on).Text(text).Step().status());
  uint64_t buckets = forecast.ColumnUnsigned(0);
  Statement accepted = db_->Prepare(
      "SELECT max(r.buckets + (SELECT coalesce(sum(f.buckets), 0) FROM forecast f WHERE f.policy_hash = ?1 "
      "AND f.made_on = ?2 AND f.day > r.day AND f.day <= ?3)) FROM dry_run r "
      "WHERE r.policy_hash = ?1 AND r.day > ?2 AND r.day <= ?3 AND r.acknowledged_at IS NOT NULL");
  ROLLCALL_RETURN_IF_ERROR(accepted.Text(policy_hash).Text(made_on).Text(text).Step().status());
  if (!accepted.ColumnIsNull(0)) buckets = std::max(buckets, accepted.ColumnUnsigned(0));
  return buckets;
}

absl::StatusOr<uint64_t> SystemRows::PurgesBegun(absl::Time from, absl::Time to) {
  Statement statement =
      db_->Prepare("SELECT count(*) FROM journal WHERE kind IN (?, ?) AND phase = 1 AND at >= ? AND at < ?");
  statement.Int(pb::STEP_PURGE).Int(pb::STEP_PURGE_LATE);
  ROLLCALL_RETURN_IF_ERROR(statement.Int(absl::ToUnixMicros(from)).Int(absl::ToUnixMicros(to)).Step().status());
  return statement.ColumnUnsigned(0);
}

}  // namespace rollcall

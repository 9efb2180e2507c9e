#include "backend/store/sqlite/buckets.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "backend/retention/civil_time.h"
#include "backend/retention/retention_policy.h"
#include "backend/store/bucket_cursor.h"
#include "backend/store/sqlite/row_values.h"
#include "backend/store/sqlite/staged_parts.h"
#include "backend/store/sqlite/units.h"
#include "platform/status_macros.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

// A unit whose rows are read.
struct UnitRow {
  AgentName agent;
  UnitIds ids;
  std::string collector;
  pb::Scope scope;
  int64_t last_complete_at = kNeverComplete;
  std::string service;

  auto Position() const { return std::make_tuple(agent.agent_id, collector, int{scope.type()}, scope.id()); }
};

// All that is stored, or that is from one service, or one day.
constexpr DayRange kAlways = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};

constexpr char kUnits[] =
    "SELECT a.name, u.tenant_id, u.agent_id, u.unit_id, u.collector, u.scope_type, u.scope_id,"
    " ifnull(u.last_complete_at, -9223372036854775808), a.hosting_service"
    " FROM tenant t JOIN agent a USING (tenant_id) JOIN unit u USING (agent_id)"
    " WHERE t.name = ? AND a.name >= ? ORDER BY a.name, u.collector, u.scope_type, u.scope_id";

// Rows of a unit that were last seen (?4 is when the unit last was) from ?5 to ?6, after (?7, ?8, ?9), with their
// payloads if ?10. None of a current row's parts is read where the unit was seen later than that.
#define ROLLCALL_COLUMNS                                                                            \
  "kind, asset_key, fingerprint, collected_at, received_at, first_seen, valid_from, clock_suspect," \
  " collector_version, iif(?10, payload, NULL), length(payload), "
#define ROLLCALL_AFTER \
  " WHERE tenant_id = ?1 AND agent_id = ?2 AND unit_id = ?3 AND (kind, asset_key, valid_from) > (?7, ?8, ?9)"

constexpr char kRows[] =
    "SELECT " ROLLCALL_COLUMNS "max(valid_from, ?4), NULL, 0 FROM record" ROLLCALL_AFTER
    " AND ?4 <= ?6 AND max(valid_from, ?4) BETWEEN ?5 AND ?6"
    " UNION ALL SELECT " ROLLCALL_COLUMNS "last_seen, ended_at, end_reason FROM version" ROLLCALL_AFTER
    " AND last_seen BETWEEN ?5 AND ?6 ORDER BY kind, asset_key, valid_from";

constexpr char kStaged[] =
    "SELECT a.hosting_service, s.body FROM tenant t JOIN agent a USING (tenant_id) JOIN unit u USING (agent_id)"
    " JOIN staged_part s USING (unit_id) WHERE t.name = ?";

// Calls `visit(unit)` for the units of the tenant's agents from `from_agent` on, in order, until it gives false.
template <typename Visit>
absl::Status ForEachUnit(Connection* db, absl::string_view tenant, absl::string_view from_agent, Visit visit) {
  Statement rows = db->Prepare(kUnits);
  rows.Text(tenant).Text(from_agent);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    UnitRow unit;
    unit.agent = {std::string(tenant), std::string(rows.ColumnText(0))};
    unit.ids = {rows.ColumnInt(1), rows.ColumnInt(2), rows.ColumnInt(3)};
    unit.collector = std::string(rows.ColumnText(4));
    unit.scope.set_type(static_cast<pb::Scope::Type>(rows.ColumnInt(5)));
    unit.scope.set_id(std::string(rows.ColumnText(6)));
    unit.last_complete_at = rows.ColumnInt(7);
    unit.service = std::string(ServiceOf(rows.ColumnText(8)));
    ROLLCALL_ASSIGN_OR_RETURN(const bool go_on, visit(unit));
    if (!go_on) return absl::OkStatus();
  }
}

// A row of kRows, read where it is.
struct RowView {
  const Statement& columns;

  int kind() const { return static_cast<int>(columns.ColumnInt(0)); }
  int64_t received_at() const { return columns.ColumnInt(4); }
  int64_t valid_from() const { return columns.ColumnInt(6); }
  uint64_t bytes() const { return columns.ColumnUnsigned(10); }
  int64_t last_seen() const { return columns.ColumnInt(11); }

  absl::StatusOr<BucketRow> Read(const UnitRow& unit) const {
    BucketRow row;
    row.scope = unit.scope;
    StoredVersion& version = row.version;
    version.agent = unit.agent;
    version.collector = unit.collector;
    version.kind = kind();
    ROLLCALL_RETURN_IF_ERROR(columns.ColumnBytes(1, &version.asset_key));
    ROLLCALL_RETURN_IF_ERROR(columns.ColumnBytes(2, &version.fingerprint));
    version.collected_at = FromNanos(columns.ColumnInt(3));
    version.received_at = FromNanos(received_at());
    version.first_seen = FromNanos(columns.ColumnInt(5));
    version.valid_from = FromNanos(valid_from());
    version.clock_suspect = columns.ColumnInt(7) != 0;
    version.collector_version = std::string(columns.ColumnText(8));
    version.payload = std::string(columns.ColumnBlob(9));
    version.last_seen = FromNanos(last_seen());
    if (!columns.ColumnIsNull(12)) version.ended_at = FromNanos(columns.ColumnInt(12));
    version.end_reason = static_cast<pb::StoredRecord::EndReason>(columns.ColumnInt(13));
    return row;
  }
};

// Behind all rows of that kind.
BucketRowCursor BehindKind(int kind) {
  BucketRowCursor cursor;
  cursor.asset.kind = kind;
  cursor.asset.asset_key.fill(0xff);
  cursor.valid_from = std::numeric_limits<int64_t>::max();
  return cursor;
}

// Calls `visit(row)` for the unit's rows of those days after `after`, in order, until it gives false.
template <typename Visit>
absl::Status ForEachRow(Connection* db, const UnitRow& unit, DayRange days, const BucketRowCursor& after,
                        RowContent content, Visit visit) {
  Statement rows = db->Prepare(kRows);
  rows.Int(unit.ids.tenant_id).Int(unit.ids.agent_id).Int(unit.ids.unit_id).Int(unit.last_complete_at);
  rows.Int(days.first).Int(days.last);
  rows.Int(after.asset.kind).Bytes(after.asset.asset_key).Int(after.valid_from);
  rows.Int(content == RowContent::kWhole ? 1 : 0);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    ROLLCALL_ASSIGN_OR_RETURN(const bool go_on, visit(RowView{rows}));
    if (!go_on) return absl::OkStatus();
  }
}

// Adds rows up by bucket.
class Tally {
 public:
  explicit Tally(absl::TimeZone zone) : zone_(zone) {}

  void AddRow(absl::string_view service, const RowView& row) {
    BucketSummary& bucket = BucketOf(service, CategoryOf(row.kind()), row.last_seen());
    ++bucket.records;
    bucket.bytes += row.bytes();
    bucket.first_stored_at = std::min(bucket.first_stored_at, FromNanos(row.received_at()));
    bucket.first_observed = std::min(bucket.first_observed, FromNanos(row.last_seen()));
    bucket.last_observed = std::max(bucket.last_observed, FromNanos(row.last_seen()));
  }
  void AddStaged(absl::string_view service, const PreparedRecord& record) {
    ++BucketOf(service, CategoryOf(record.kind), ToNanos(record.collected_at)).staged;
  }

  // In order.
  std::vector<BucketSummary> Take() && {
    std::vector<BucketSummary> all;
    all.reserve(buckets_.size());
    for (auto& [key, summary] : buckets_) all.push_back(std::move(summary));
    return all;
  }

 private:
  struct Less {
    bool operator()(const BucketKey& a, const BucketKey& b) const { return BucketKeyLess(a, b); }
  };

  // Neighbouring rows are often of one bucket.
  BucketSummary& BucketOf(absl::string_view service, pb::Category category, int64_t nanos) {
    if (latest_ == nullptr || latest_->key.category != category || latest_->key.hosting_service != service ||
        !days_.Contains(nanos)) {
      const BucketRef bucket = {"", {std::string(service), category, DayOf(FromNanos(nanos), zone_)}, zone_};
      days_ = DayRange::Of(bucket);
      latest_ = &buckets_[bucket.key];
      latest_->key = bucket.key;
    }
    return *latest_;
  }

  const absl::TimeZone zone_;
  std::map<BucketKey, BucketSummary, Less> buckets_;
  BucketSummary* latest_ = nullptr;
  DayRange days_;
};

// Adds what the tenant has of those days, of a service or (if unset) of all.
absl::Status AddAll(Connection* db, absl::string_view tenant, std::optional<absl::string_view> service, DayRange days,
                    Tally* tally) {
  ROLLCALL_RETURN_IF_ERROR(ForEachUnit(db, tenant, "", [&](const UnitRow& unit) -> absl::StatusOr<bool> {
    if (service.has_value() && unit.service != *service) return true;
    ROLLCALL_RETURN_IF_ERROR(
        ForEachRow(db, unit, days, BehindKind(-1), RowContent::kFacts, [&](const RowView& row) -> absl::StatusOr<bool> {
          tally->AddRow(unit.service, row);
          return true;
        }));
    return true;
  }));
  Statement parts = db->Prepare(kStaged);
  parts.Text(tenant);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool row, parts.Step());
    if (!row) return absl::OkStatus();
    const std::string of(ServiceOf(parts.ColumnText(0)));
    if (service.has_value() && of != *service) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const PartBody body, DecodePart(parts.ColumnBlob(1)));
    for (const PreparedRecord& record : body.records) {
      if (days.Contains(ToNanos(record.collected_at))) tally->AddStaged(of, record);
    }
  }
}

// Reads one page of a bucket: the rest of the cursor's unit, then the units after it.
class RowScanner {
 public:
  RowScanner(Connection* db, const BucketRef& bucket, std::optional<BucketRowCursor> cursor, size_t limit,
             RowContent content)
      : db_(db),
        bucket_(bucket),
        days_(DayRange::Of(bucket)),
        cursor_(std::move(cursor)),
        limit_(limit),
        content_(content) {}

  absl::StatusOr<BucketRowPage> Run() {
    const std::string from = cursor_.has_value() ? cursor_->asset.agent_id : "";
    ROLLCALL_RETURN_IF_ERROR(
        ForEachUnit(db_, bucket_.tenant, from, [this](const UnitRow& unit) { return ReadUnit(unit); }));
    return std::move(page_);
  }

 private:
  // False when the page is full.
  absl::StatusOr<bool> ReadUnit(const UnitRow& unit) {
    if (unit.service != bucket_.key.hosting_service) return true;
    BucketRowCursor after = BehindKind(-1);
    if (cursor_.has_value()) {
      const ScanCursor& at = cursor_->asset;
      const auto position = std::make_tuple(at.agent_id, at.collector, at.scope_type, at.scope_id);
      if (unit.Position() < position) return true;
      if (unit.Position() == position) after = *cursor_;
    }
    ROLLCALL_RETURN_IF_ERROR(
        ForEachRow(db_, unit, days_, after, content_, [&](const RowView& row) { return ReadRow(unit, row); }));
    return page_.next_cursor.empty();
  }

  absl::StatusOr<bool> ReadRow(const UnitRow& unit, const RowView& view) {
    if (CategoryOf(view.kind()) != bucket_.key.category) return true;
    // One more than fits tells whether the page is the last.
    if (page_.rows.size() == limit_) {
      page_.next_cursor = EncodeBucketRowCursor(last_);
      return false;
    }
    ROLLCALL_ASSIGN_OR_RETURN(BucketRow row, view.Read(unit));
    last_.asset = {unit.agent.agent_id, unit.collector,   unit.scope.type(),
                   unit.scope.id(),     row.version.kind, row.version.asset_key};
    last_.valid_from = view.valid_from();
    page_.rows.push_back(std::move(row));
    return true;
  }

  Connection* const db_;
  const BucketRef& bucket_;
  const DayRange days_;
  const std::optional<BucketRowCursor> cursor_;
  const size_t limit_;
  const RowContent content_;
  BucketRowPage page_;
  BucketRowCursor last_;
};

}  // namespace

DayRange DayRange::Of(const BucketRef& bucket) {
  const absl::CivilDay day = bucket.key.collected_day;
  return {ToNanos(StartOfDay(day, bucket.zone)), ToNanos(EndOfDay(day, bucket.zone) - absl::Nanoseconds(1))};
}

absl::string_view ServiceOf(absl::string_view named) { return named.empty() ? kAllServices : named; }

pb::Category CategoryOf(int kind) {
  const Kind* known = FindKind(kind);
  return known != nullptr ? known->options->category() : pb::CATEGORY_UNSPECIFIED;
}

absl::StatusOr<BucketPage> ReadBuckets(Connection* db, absl::string_view tenant, absl::TimeZone zone,
                                       absl::string_view cursor, size_t limit) {
  if (limit == 0) return absl::InvalidArgumentError("limit is 0");
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<BucketKey> after, DecodeBucketCursor(cursor));
  Tally tally(zone);
  ROLLCALL_RETURN_IF_ERROR(AddAll(db, tenant, std::nullopt, kAlways, &tally));
  BucketPage page;
  for (BucketSummary& bucket : std::move(tally).Take()) {
    if (after.has_value() && !BucketKeyLess(*after, bucket.key)) continue;
    if (page.buckets.size() == limit) {
      page.next_cursor = EncodeBucketCursor(page.buckets.back().key);
      break;
    }
    page.buckets.push_back(std::move(bucket));
  }
  return page;
}

absl::StatusOr<BucketRowPage> ReadBucketRows(Connection* db, const BucketRef& bucket, absl::string_view cursor,
                                             size_t limit, RowContent content) {
  if (limit == 0) return absl::InvalidArgumentError("limit is 0");
  ROLLCALL_ASSIGN_OR_RETURN(std::optional<BucketRowCursor> from, DecodeBucketRowCursor(cursor));
  return RowScanner(db, bucket, std::move(from), limit, content).Run();
}

absl::StatusOr<BucketSummary> ReadBucketSummary(Connection* db, const BucketRef& bucket) {
  Tally tally(bucket.zone);
  ROLLCALL_RETURN_IF_ERROR(AddAll(db, bucket.tenant, bucket.key.hosting_service, DayRange::Of(bucket), &tally));
  for (BucketSummary& found : std::move(tally).Take()) {
    if (found.key == bucket.key) return std::move(found);
  }
  BucketSummary none;
  none.key = bucket.key;
  return none;
}

}  // namespace rollcall

#include "backend/store/sqlite/bucket_unit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/store/purged_run.h"
#include "backend/store/sqlite/agents.h"
#include "backend/store/sqlite/buckets.h"
#include "platform/status_macros.h"
#include "proto/kind_registry.h"

namespace rollcall {

absl::StatusOr<std::unique_ptr<BucketUnit>> BucketUnit::Find(Connection* db, const BucketRow& row) {
  UnitName name = {row.version.agent, row.version.collector, row.scope};
  ROLLCALL_ASSIGN_OR_RETURN(std::optional<ReportedUnit> reported, FindReportedUnit(db, name));
  if (!reported.has_value()) return std::unique_ptr<BucketUnit>();
  Statement agent = db->Prepare("SELECT hosting_service FROM agent WHERE agent_id = ?");
  ROLLCALL_RETURN_IF_ERROR(agent.Int(reported->state.ids.agent_id).Step().status());
  std::string service(ServiceOf(agent.ColumnText(0)));
  return std::unique_ptr<BucketUnit>(new BucketUnit(std::move(name), *std::move(reported), std::move(service)));
}

bool BucketUnit::Has(const BucketRow& row) const {
  return row.version.collector == name_.collector && row.version.agent == name_.agent &&
         row.scope.type() == name_.scope.type() && row.scope.id() == name_.scope.id();
}

Statement& BucketUnit::BindKey(Statement& statement, const StoredVersion& version) const {
  const UnitIds& ids = reported_.state.ids;
  statement.Int(ids.tenant_id).Int(ids.agent_id).Int(ids.unit_id);
  return statement.Int(version.kind).Bytes(version.asset_key);
}

void BucketUnit::Remove(const StoredVersion& version) {
  --kind_differences_[version.kind];
  if (IsSampleKind(version.kind)) return;
  reported_.state.digest.Remove(version.asset_key, version.fingerprint);
  set_changed_ = true;
}

void BucketUnit::Add(const StoredVersion& version) {
  ++kind_differences_[version.kind];
  if (IsSampleKind(version.kind)) return;
  reported_.state.digest.Add(version.asset_key, version.fingerprint);
  set_changed_ = true;
}

absl::Status BucketUnit::Finish(Connection* db, bool purged) {
  for (const auto& [kind, difference] : kind_differences_) {
    ROLLCALL_RETURN_IF_ERROR(AddToKindCount(db, reported_.state.ids.unit_id, kind, difference));
  }
  if (!set_changed_) return absl::OkStatus();
  if (purged) NotePurge(&reported_.last_run);
  return UpdateUnit(db, reported_.state, reported_.last_run, reported_.last_run_received_at);
}

absl::Status PassFence(Connection* db, absl::string_view tenant, uint64_t fence) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<int64_t> tenant_id, FindTenantId(db, tenant));
  if (!tenant_id.has_value()) return absl::NotFoundError(absl::StrCat("no tenant ", tenant));
  {
    Statement row = db->Prepare("SELECT fence FROM tenant_fence WHERE tenant_id = ?");
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, row.Int(*tenant_id).Step());
    if (found && row.ColumnUnsigned(0) > fence) {
      return absl::FailedPreconditionError(absl::StrCat("decided at epoch ", fence, ", but tenant ", tenant,
                                                        " is at epoch ", row.ColumnUnsigned(0), " already"));
    }
    if (found && row.ColumnUnsigned(0) == fence) return absl::OkStatus();
  }
  return db->Prepare("INSERT INTO tenant_fence VALUES (?, ?) ON CONFLICT DO UPDATE SET fence = excluded.fence")
      .Int(*tenant_id)
      .Unsigned(fence)
      .Run();
}

}  // namespace rollcall

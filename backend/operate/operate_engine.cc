#include "backend/operate/operate_engine.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/store/scan_cursor.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxName = 64;
// A call that goes over the whole fleet stops here and is continued with its token.
constexpr absl::Duration kBudget = absl::Seconds(5);

absl::Status CheckName(absl::string_view what, absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat("retract records: no ", what, " is named"));
  if (text.size() <= kMaxName) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("retract records: the ", what, " is longer than ", kMaxName, " bytes"));
}

absl::Status CheckRequest(const pb::RetractRequest& request) {
  ROLLCALL_RETURN_IF_ERROR(CheckName("collector", request.collector()));
  return CheckName("version of the collector", request.collector_version());
}

// Units come in the order of scans, so a scan's cursor says where to go on.
ScanCursor PositionOf(const UnitInfo& unit) {
  return {unit.agent.agent_id, unit.collector, unit.scope.type(), unit.scope.id(), 0, {}};
}

// Whether a call that ended at `position` is done with the unit.
bool IsDone(const UnitInfo& unit, const ScanCursor& position) {
  const ScanCursor at = PositionOf(unit);
  return std::tie(at.agent_id, at.collector, at.scope_type, at.scope_id) <=
         std::tie(position.agent_id, position.collector, position.scope_type, position.scope_id);
}

}  // namespace

absl::Status OperateEngine::Retract(const Access& access, const pb::RetractRequest& request,
                                    pb::RetractResponse* response) const {
  ROLLCALL_RETURN_IF_ERROR(access.CheckChange());
  ROLLCALL_RETURN_IF_ERROR(CheckRequest(request));
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<ScanCursor> from, DecodeScanCursor(request.page_token()));
  ROLLCALL_ASSIGN_OR_RETURN(const HostDirectory hosts, HostDirectory::Load(*store_, access));
  std::vector<std::string> agents;
  if (!request.host().empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(agents, hosts.Resolve(request.host()));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<UnitInfo> units, store_->ListUnits(access, ""));
  const absl::Duration started = clock_->Monotonic();
  const UnitInfo* last = nullptr;
  for (const UnitInfo& unit : units) {
    const bool asked = agents.empty() || std::find(agents.begin(), agents.end(), unit.agent.agent_id) != agents.end();
    if (!asked || unit.collector != request.collector() || (from.has_value() && IsDone(unit, *from))) continue;
    // One host is finished in one call: what names it may be among the records that end.
    if (last != nullptr && agents.empty() && clock_->Monotonic() - started > kBudget) {
      response->set_next_page_token(EncodeScanCursor(PositionOf(*last)));
      return absl::OkStatus();
    }
    ROLLCALL_RETURN_IF_ERROR(RetractUnit(access, unit, request, hosts, response));
    last = &unit;
  }
  return absl::OkStatus();
}

absl::Status OperateEngine::RetractUnit(const Access& access, const UnitInfo& unit, const pb::RetractRequest& request,
                                        const HostDirectory& hosts, pb::RetractResponse* response) const {
  const GuardedUnit name = {unit.agent.agent_id, unit.collector, unit.scope};
  const std::string& version = request.collector_version();
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t records, request.dry_run()
                                                        ? store_->CountWrittenBy(access, name, version)
                                                        : store_->Retract(access, name, version, clock_->Now()));
  if (records == 0) return absl::OkStatus();
  pb::RetractResponse::Unit* listed = response->add_units();
  listed->set_agent_id(unit.agent.agent_id);
  if (const HostEntry* host = hosts.Find(unit.agent.agent_id); host != nullptr) {
    listed->set_host_id(host->row.contact.host_id);
    listed->set_hostname(host->hostname);
  }
  *listed->mutable_scope() = unit.scope;
  listed->set_records(records);
  listed->set_last_version(unit.last_run.collector_version());
  return absl::OkStatus();
}

}  // namespace rollcall

#include "backend/engine/retention_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/engine/deletion_round.h"
#include "backend/engine/tenant_pass.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

std::string TextOf(const BucketNote& note) {
  std::string text = absl::StrCat(note.action, " of tenant ", note.tenant);
  if (note.bucket.has_value()) {
    absl::StrAppend(&text, ", ", note.bucket->hosting_service, " ", pb::Category_Name(note.bucket->category), " ",
                    DayText(note.bucket->collected_day));
  }
  return absl::StrCat(text, ": ", note.status.message());
}

}  // namespace

RetentionEngine::RetentionEngine(EngineParts parts, EngineOptions options)
    : parts_(std::move(parts)), options_(std::move(options)) {}

absl::StatusOr<TickReport> RetentionEngine::Tick(const StopToken& stop) {
  TickReport report;
  const ClockReading reading = parts_.reading();
  report.at = reading.wall;
  ROLLCALL_ASSIGN_OR_RETURN(const ClockVerdict verdict, parts_.lifecycle->Tick(reading));
  report.clock = verdict.status;
  if (report.clock.ok()) {
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::string> tenants, parts_.lifecycle->Tenants());
    DeletionRound round(parts_, options_, stop, &report);
    LookAfterAll(std::move(tenants), reading, stop, &report, &round);
    // What was deleted in part is verified also when there is more to do.
    round.Run();
    DoRegularly(reading, &report);
  }
  Log(report);
  return report;
}

void RetentionEngine::LookAfterAll(std::vector<std::string> tenants, const ClockReading& reading, const StopToken& stop,
                                   TickReport* report, DeletionRound* round) {
  std::rotate(tenants.begin(), std::lower_bound(tenants.begin(), tenants.end(), next_tenant_), tenants.end());
  next_tenant_.clear();
  for (size_t i = 0; i < tenants.size() && !report->stopped; ++i) {
    if (report->steps >= options_.max_steps) {
      report->more = true;
      next_tenant_ = tenants[i];
      return;
    }
    // What one does not use is for those after it.
    const size_t share = std::max<size_t>(1, (options_.max_steps - report->steps) / (tenants.size() - i));
    LookAfter(tenants[i], reading, report->steps + share, stop, report, round);
  }
}

void RetentionEngine::LookAfter(const std::string& tenant, const ClockReading& reading, size_t max_steps,
                                const StopToken& stop, TickReport* report, DeletionRound* round) {
  ++report->tenants;
  const absl::StatusOr<TenantLifecycle> lifecycle = parts_.lifecycle->Tenant(tenant);
  absl::Status status = lifecycle.status();
  if (status.ok())
    status = TenantPass(parts_, options_, stop, *lifecycle, reading, max_steps, &parts_seen_, report, round).Run();
  if (!status.ok()) report->NotDone({tenant, std::nullopt, "look after", status});
}

void RetentionEngine::DoRegularly(const ClockReading& reading, TickReport* report) {
  const absl::CivilDay today = DayOf(reading.wall, options_.policy->zone);
  // What was begun today is not left over for tomorrow.
  const bool has_begun = report->purged + report->late_purged > 0;
  if ((forecast_on_ != today || has_begun) && !report->stopped) {
    const absl::Status stored = parts_.lifecycle->StoreForecast();
    if (forecast_on_ != today) parts_seen_.clear();
    if (stored.ok()) forecast_on_ = today;
    if (!stored.ok()) report->NotDone({"", std::nullopt, "store forecast", stored});
  }
  const absl::Duration now = parts_.clock->Monotonic();
  if (pruned_at_.has_value() && now < *pruned_at_ + absl::Hours(1)) return;
  const absl::Status pruned = parts_.keys->PruneRing(reading.wall);
  if (pruned.ok()) pruned_at_ = now;
  if (!pruned.ok()) report->NotDone({"", std::nullopt, "prune key backups", pruned});
}

void RetentionEngine::Log(const TickReport& report) {
  if (!report.clock.ok()) {
    parts_.logger->Error("retention.clock", "nothing was done: the clock is not trusted", {{"error", report.clock}});
    return;
  }
  const uint64_t done = report.archived + report.emptied + report.restored + report.parts_erased + report.purged +
                        report.late_archived + report.late_purged;
  if (done > 0) {
    parts_.logger->Info("retention.tick", "buckets were dealt with",
                        {{"archived", report.archived},
                         {"emptied", report.emptied},
                         {"restored", report.restored},
                         {"parts_erased", report.parts_erased},
                         {"purged", report.purged},
                         {"late", report.late_archived + report.late_purged},
                         {"rows_deleted", report.rows_deleted}});
  }
  if (!report.missed.empty()) {
    parts_.logger->Error("retention.missed", "data is there whose deletion was certified",
                         {{"count", report.missed.size()}, {"first", TextOf(report.missed.front())}});
  }
  if (!report.refused.empty()) {
    parts_.logger->Warning("retention.refused", "guards stopped deletions",
                           {{"count", report.refused.size()}, {"first", TextOf(report.refused.front())}});
  }
  if (!report.failed.empty()) {
    parts_.logger->Error("retention.failed", "steps did not work, and are tried again",
                         {{"count", report.failed.size()}, {"first", TextOf(report.failed.front())}});
  }
}

}  // namespace rollcall

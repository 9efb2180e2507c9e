#include "backend/engine_home/engine_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/engine/overdue_audit.h"
#include "backend/engine_home/turn_lock.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// What is due in an instant is due a little later as well: no busy loop around a clock that is read twice.
constexpr absl::Duration kShortestPause = absl::Seconds(1);
// Until a backup that is being made is asked after again.
constexpr absl::Duration kTurnPause = absl::Seconds(30);

}  // namespace

EngineLoop::EngineLoop(EngineParts parts, const EngineOptions& engine, const EngineLoopOptions& options,
                       RetentionObserver* observer)
    : parts_(std::move(parts)),
      engine_options_(engine),
      options_(options),
      observer_(observer),
      engine_(parts_, engine_options_) {}

EngineLoop::~EngineLoop() {
  stop_.RequestStop();
  if (thread_.joinable()) thread_.join();
}

void EngineLoop::Start() {
  thread_ = std::thread([this] { Run(); });
}

void EngineLoop::Run() {
  do {
  } while (parts_.clock->WaitFor(RunOnce(), stop_.token()));
}

absl::Duration EngineLoop::RunOnce() {
  absl::StatusOr<ScopedFd> turn = ScopedFd();
  if (!options_.turn_file.empty()) turn = TakeTurn(options_.turn_file);
  if (!turn.ok()) {
    parts_.logger->Warning("retention.waiting", "Nothing is looked after while a backup is made",
                           {{"error", turn.status()}});
    return kTurnPause;
  }
  const absl::StatusOr<TickReport> report = engine_.Tick(stop_.token());
  const absl::Time now = parts_.clock->Now();
  if (!report.ok()) {
    parts_.logger->Error("retention.tick_failed", "Nothing was looked after; it is tried again",
                         {{"error", report.status()}});
    // What is overdue does not wait for the engine to work: it is what tells that it does not.
    if (IsTime(&audited_at_, options_.audit_interval)) Audit(now);
    return options_.interval;
  }
  Figure(*report);
  if (report->clock.ok() && IsTime(&audited_at_, options_.audit_interval)) Audit(now);
  // The ring goes by the names of its files: one of the future would stay, and remove all others.
  if (report->clock.ok() && IsTime(&backed_up_at_, options_.key_backup_interval)) BackUpKeys(now);
  if (report->more) return kShortestPause;
  const absl::Duration due = report->next_due.value_or(absl::InfiniteFuture()) - now;
  return std::clamp(due, kShortestPause, std::max(kShortestPause, options_.interval));
}

void EngineLoop::Figure(const TickReport& report) {
  observer_->OnTick(report);
  if (report.clock.ok() && options_.on_counted) options_.on_counted(report.at);
  const absl::StatusOr<RetentionFigures> figures =
      ComputeFigures(parts_.lifecycle, engine_options_.policy->zone, parts_.clock->Now());
  if (figures.ok()) {
    observer_->OnFigures(*figures);
  } else {
    parts_.logger->Error("retention.figures_failed", "What is due cannot be counted", {{"error", figures.status()}});
  }
}

void EngineLoop::Audit(absl::Time now) {
  const absl::StatusOr<AuditFigures> figures = AuditAll(now);
  if (!figures.ok()) {
    if (!absl::IsCancelled(figures.status())) {
      parts_.logger->Error("retention.audit_failed", "What is overdue cannot be counted",
                           {{"error", figures.status()}});
    }
    return;
  }
  // That some are not known to have anything is not told as if there were nothing: the last count stays.
  if (figures->not_audited == 0 || figures->overdue + figures->misplaced > 0) observer_->OnAudit(*figures);
  if (figures->overdue + figures->misplaced == 0) return;
  parts_.logger->Error("retention.overdue", "Data is there that should be gone",
                       {{"overdue_buckets", figures->overdue}, {"misplaced_buckets", figures->misplaced}});
}

absl::StatusOr<AuditFigures> EngineLoop::AuditAll(absl::Time now) {
  AuditFigures figures;
  figures.at = now;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, parts_.lifecycle->Tenants());
  for (const std::string& name : tenants) {
    const absl::Status audited = AuditTenant(name, now, &figures);
    if (absl::IsCancelled(audited)) return audited;
    if (audited.ok()) continue;
    // The others are looked at all the same.
    ++figures.not_audited;
    parts_.logger->Error("retention.audit_failed", "What of a tenant is overdue cannot be counted",
                         {{"tenant", name}, {"error", audited}});
  }
  return figures;
}

absl::Status EngineLoop::AuditTenant(const std::string& name, absl::Time now, AuditFigures* figures) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, parts_.lifecycle->Tenant(name));
  ROLLCALL_ASSIGN_OR_RETURN(const pb::TenantFacts facts, tenant.Facts());
  if (facts.region() != engine_options_.region) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const OverdueReport found,
                            AuditOverdue({parts_.store, parts_.archive}, *engine_options_.policy, facts,
                                         options_.first_day, now, stop_.token()));
  figures->overdue += found.overdue.size();
  figures->misplaced += found.misplaced.size();
  return absl::OkStatus();
}

void EngineLoop::BackUpKeys(absl::Time now) {
  const absl::Status status = parts_.keys->Backup(now);
  if (!status.ok()) parts_.logger->Error("keys.backup_failed", "Data keys have no new backup", {{"error", status}});
}

bool EngineLoop::IsTime(std::optional<absl::Duration>* last, absl::Duration interval) {
  const absl::Duration now = parts_.clock->Monotonic();
  if (last->has_value() && now < **last + interval) return false;
  *last = now;
  return true;
}

}  // namespace rollcall

// The thread on which a backend enforces retention.
#ifndef ROLLCALL_BACKEND_ENGINE_HOME_ENGINE_LOOP_H_
#define ROLLCALL_BACKEND_ENGINE_HOME_ENGINE_LOOP_H_

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "backend/engine/retention_engine.h"
#include "backend/engine_home/retention_figures.h"

namespace rollcall {

struct EngineLoopOptions {
  // Between two ticks, unless something falls due before. Each tick counts all rows of all tenants.
  absl::Duration interval = absl::Minutes(15);
  // Between two audits of the stores.
  absl::Duration audit_interval = absl::Hours(1);
  // Between two backups of the data keys.
  absl::Duration key_backup_interval = absl::Hours(6);
  // From when on there may be data: the audit asks the archive about each day since.
  absl::CivilDay first_day;
  // Taken for each tick (turn_lock.h): while a backup has it, the engine waits. None if empty.
  std::string turn_file;
  // Called after each tick that counted; nobody if empty.
  std::function<void(absl::Time)> on_counted;
};

// Ticks until it is destroyed.
class EngineLoop {
 public:
  // All of it outlives the loop.
  EngineLoop(EngineParts parts, const EngineOptions& engine, const EngineLoopOptions& options,
             RetentionObserver* observer);
  // Asks the tick that runs to end between two batches, and waits for it.
  ~EngineLoop();
  EngineLoop(const EngineLoop&) = delete;
  EngineLoop& operator=(const EngineLoop&) = delete;

  // Starts the thread. Once.
  void Start();

  // One tick and what goes with it, and how long to wait until the next. What goes wrong is logged and observed: the
  // next one tries again. For the thread, and for tests without one.
  absl::Duration RunOnce();

 private:
  void Run();
  void Figure(const TickReport& report);
  void Audit(absl::Time now);
  absl::StatusOr<AuditFigures> AuditAll(absl::Time now);
  // Adds what it finds of one tenant.
  absl::Status AuditTenant(const std::string& name, absl::Time now, AuditFigures* figures);
  void BackUpKeys(absl::Time now);
  // Whether it is time for something that is done every `interval`; notes that it is.
  bool IsTime(std::optional<absl::Duration>* last, absl::Duration interval);

  const EngineParts parts_;
  const EngineOptions engine_options_;
  const EngineLoopOptions options_;
  RetentionObserver* const observer_;
  RetentionEngine engine_;
  std::optional<absl::Duration> audited_at_;
  std::optional<absl::Duration> backed_up_at_;
  StopSource stop_;
  std::thread thread_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_HOME_ENGINE_LOOP_H_

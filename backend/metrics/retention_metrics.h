// What Prometheus sees of retention.
#ifndef ROLLCALL_BACKEND_METRICS_RETENTION_METRICS_H_
#define ROLLCALL_BACKEND_METRICS_RETENTION_METRICS_H_

#include <memory>

#include "backend/engine_home/retention_figures.h"

namespace prometheus {
class Registry;
}  // namespace prometheus

namespace rollcall {

// Adds to the figures of a registry, of all tenants together: no tenant is a label. Thread-safe.
// docs/man/rollcall-backend.8 lists the metrics.
class RetentionMetrics : public RetentionObserver {
 public:
  explicit RetentionMetrics(std::shared_ptr<prometheus::Registry> registry);
  ~RetentionMetrics() override;

  void OnTick(const TickReport& report) override;
  void OnFigures(const RetentionFigures& figures) override;
  void OnAudit(const AuditFigures& figures) override;

 private:
  struct Families;

  const std::shared_ptr<prometheus::Registry> registry_;
  const std::unique_ptr<Families> families_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_METRICS_RETENTION_METRICS_H_

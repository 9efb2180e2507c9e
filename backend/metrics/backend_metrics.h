// The backend's figures for Prometheus.
#ifndef ROLLCALL_BACKEND_METRICS_BACKEND_METRICS_H_
#define ROLLCALL_BACKEND_METRICS_BACKEND_METRICS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/ingest/ingest_observer.h"
#include "backend/query/query_service.h"

namespace prometheus {
class Registry;
}  // namespace prometheus

namespace rollcall {

// Counts what the server's parts observe. Label values come from closed sets; neither tenants,
// agents nor anything collected is a label. Thread-safe. docs/man/rollcall-backend.8 lists the
// metrics.
class BackendMetrics : public IngestObserver, public QueryObserver, public TokenObserver {
 public:
  explicit BackendMetrics(absl::string_view version);
  ~BackendMetrics() override;

  void OnSessionOpened() override;
  void OnSessionClosed() override;
  void OnSessionRefused(absl::string_view reason) override;
  void OnGreeting(Greeting greeting) override;
  void OnPollAsked() override;
  void OnDrain(pb::Drain::Reason reason) override;
  void OnWindow(bool lowered) override;
  void OnBatchReceived(size_t wire_bytes) override;
  void OnBatchRejected(RejectReason reason) override;
  void OnRedactedAgain(absl::string_view kind, absl::string_view rule, uint64_t values) override;
  void OnResync(pb::Resync::Cause cause) override;
  void OnBatchApplied(const ApplyOutcome& outcome, size_t records, size_t clock_suspects) override;
  void OnCommitted(absl::Duration latency) override;
  void OnGroup(size_t batches, absl::Duration store_time) override;
  void OnStoreRetry() override;
  void OnQueueBytes(size_t shard, size_t bytes) override;
  void OnQuery(absl::string_view method, absl::StatusCode code, absl::Duration time) override;
  void OnPurposeDenied(absl::string_view method) override;
  void OnTokenRefused(absl::string_view reason) override;

  // Units per coverage state (`complete`, `stale`, ...); states left out are 0.
  void SetCoverage(const std::map<std::string, uint64_t>& units_by_state);
  void SetAgents(uint64_t enrolled, uint64_t connected);
  void SetStoreWritable(bool writable);
  // Whether new sessions are told to poll, whether windows are lowered, and the bytes in flight.
  void SetAdmission(bool polling, bool windows_lowered, size_t inflight_bytes);
  void SetInflightLimit(size_t bytes);
  // `which` is `ca` or `server`.
  void SetCertificateExpiry(absl::string_view which, absl::Time not_after);

  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }
  // The text a scrape gets.
  std::string Text() const;

 private:
  struct Families;

  const std::shared_ptr<prometheus::Registry> registry_;
  const std::unique_ptr<Families> families_;
};

// Serves /metrics over HTTP until destroyed.
class MetricsEndpoint {
 public:
  virtual ~MetricsEndpoint() = default;
  // The port in use, also when 0 was asked for.
  virtual int port() const = 0;
};

// `address` is HOST:PORT; only loopback hosts are served, since the figures are not protected.
// InvalidArgument for others, Unavailable if the port is taken.
absl::StatusOr<std::unique_ptr<MetricsEndpoint>> ServeMetrics(const BackendMetrics& metrics,
                                                              const std::string& address);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_METRICS_BACKEND_METRICS_H_

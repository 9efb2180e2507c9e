// The running backend: listens, applies, answers, watches itself.
#ifndef ROLLCALL_BACKEND_SERVER_H_
#define ROLLCALL_BACKEND_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/access/audit_sink.h"
#include "backend/ingest/apply_workers.h"
#include "backend/ingest/ingest_service.h"
#include "backend/lifecycle_service/lifecycle_engine.h"
#include "backend/metrics/backend_metrics.h"
#include "backend/pki/certificate_authority.h"
#include "backend/query/retention_explainer.h"
#include "backend/store/store.h"
#include "backend/tokens/token_book.h"
#include "platform/clock.h"
#include "platform/log.h"

namespace rollcall {

struct ServerOptions {
  // HOST:PORT; port 0 is a free one.
  std::string listen = "127.0.0.1:0";
  // Where people connect who have tokens and no certificates, HOST:PORT; nowhere if empty.
  std::string people_listen;
  // The server's own certificate, and the authority whose clients it accepts.
  CertifiedKey server_pair;
  std::string authority_pem;
  // Loopback HOST:PORT for Prometheus; none if empty.
  std::string metrics_address;
  // Other servers may listen on the same port, in this process or another: the kernel deals
  // connections out. Their stores must be one.
  bool reuse_port = false;
  AdmissionLimits admission;
  // Received and not committed, over all sessions.
  size_t max_inflight_bytes = size_t{128} << 20;
  // When gRPC ends a connection, give or take a tenth.
  absl::Duration connection_age = absl::Hours(4);
  size_t query_threads = 2;
  absl::Duration housekeeping_interval = absl::Seconds(5);
  ApplyWorkers::Options apply;
  SessionSettings session;
};

// What the server works on; all of it outlives the server.
struct ServerParts {
  Store* store;
  const RetentionExplainer* retention;
  const Clock* clock;
  Logger* logger;
  BackendMetrics* metrics;
  // Where denied and bulk reads are kept; the log if nullptr.
  AuditSink* audit = nullptr;
  // Tenants' lives; nullptr if another process keeps them.
  const LifecycleEngine* lifecycle = nullptr;
  // Tokens of people; none is good if nullptr.
  TokenBook* tokens = nullptr;
};

class BackendServer {
 public:
  virtual ~BackendServer() = default;

  // Accepts connections when it returns. Unavailable if the address cannot be listened on,
  // InvalidArgument if the certificates are no good.
  static absl::StatusOr<std::unique_ptr<BackendServer>> Start(const ServerOptions& options, const ServerParts& parts);

  virtual int port() const = 0;
  // 0 if there is no people_listen.
  virtual int people_port() const = 0;
  // 0 if metrics are not served.
  virtual int metrics_port() const = 0;

  // Asks agents to come back later, commits and acknowledges what was received, answers running
  // queries and stops. True if nothing received was left unwritten within `timeout`; what was is
  // not acknowledged, so agents send it again. Idempotent; the destructor does it with one second.
  virtual bool Shutdown(absl::Duration timeout) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_SERVER_H_

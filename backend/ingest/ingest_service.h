// The gRPC side of ingest.
#ifndef ROLLCALL_BACKEND_INGEST_INGEST_SERVICE_H_
#define ROLLCALL_BACKEND_INGEST_INGEST_SERVICE_H_

#include "absl/time/time.h"
#include "backend/ingest/apply_workers.h"
#include "backend/ingest/ingest_observer.h"
#include "backend/ingest/session_registry.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "rollcall/v1/ingest.grpc.pb.h"

namespace rollcall {

struct SessionSettings {
  // What agents are told in Welcome.
  uint32_t window_batches = 32;
  uint64_t window_bytes = uint64_t{4} << 20;
  absl::Duration heartbeat_interval = absl::Minutes(3);
  // Without Hello, or without anything, for this long a session ends.
  absl::Duration hello_timeout = absl::Seconds(20);
  absl::Duration silence_timeout = absl::Minutes(9);
  // Then the agent is asked to come back, so that connections move when backends are added.
  absl::Duration max_age = absl::Hours(3) + absl::Minutes(30);
  absl::Duration contact_interval = absl::Minutes(1);
  // Resyncs that may wait for an agent that does not read.
  size_t max_pending_resyncs = 1000;
};

// What a session needs; everything outlives it.
struct IngestContext {
  ApplyWorkers* workers;
  SessionRegistry* registry;
  const Clock* clock;
  Logger* logger;
  IngestObserver* observer;
  SessionSettings settings;
};

// Thread-safe, as gRPC demands.
class IngestService final : public pb::Ingest::CallbackService {
 public:
  explicit IngestService(const IngestContext& context) : context_(context) {}

  grpc::ServerBidiReactor<pb::AgentMessage, pb::BackendMessage>* Session(grpc::CallbackServerContext* call) override;

 private:
  const IngestContext context_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_INGEST_SERVICE_H_

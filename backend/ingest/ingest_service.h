// The gRPC side of ingest.
#ifndef ROLLCALL_BACKEND_INGEST_INGEST_SERVICE_H_
#define ROLLCALL_BACKEND_INGEST_INGEST_SERVICE_H_

#include "absl/time/time.h"
#include "backend/ingest/apply_workers.h"
#include "backend/ingest/byte_budget.h"
#include "backend/ingest/credit_window.h"
#include "backend/ingest/ingest_observer.h"
#include "backend/ingest/session_registry.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "rollcall/v1/ingest.grpc.pb.h"

namespace rollcall {

struct SessionSettings {
  // What agents are told in Welcome, so that a round trip does not pace them; and the smaller window
  // that takes its place while memory is tight. Never fewer than four batches.
  WindowSize window{32, uint64_t{4} << 20};
  WindowSize tight_window{4, uint64_t{1} << 20};
  absl::Duration heartbeat_interval = absl::Minutes(3);
  // Without Hello, or without anything, for this long a session ends.
  absl::Duration hello_timeout = absl::Seconds(20);
  absl::Duration silence_timeout = absl::Minutes(9);
  // At this age at the latest, and up to a seventh earlier, the agent is asked to come back, so that
  // connections move when backends are added. Before gRPC ends the connection at nine tenths of
  // ServerOptions::connection_age.
  absl::Duration max_age = absl::Hours(3) + absl::Minutes(30);
  // When agents that poll come back, at the latest, and how long a stream was unused to be idle.
  absl::Duration poll_interval = absl::Minutes(5);
  absl::Duration idle_after = absl::Seconds(10);
  // An agent that was asked to leave, or does not read, is put up with for this long.
  absl::Duration drain_patience = absl::Minutes(1);
  absl::Duration write_timeout = absl::Minutes(2);
  // Then a finished session whose last answers are not read is broken off.
  absl::Duration finish_patience = absl::Seconds(10);
  // For a session whose agent has opened another one: two hosts with one identity take turns.
  absl::Duration superseded_pause = absl::Minutes(1);
  absl::Duration contact_interval = absl::Minutes(1);
  // Resyncs that may wait for an agent that does not read.
  size_t max_pending_resyncs = 1000;
  // Of one message: a batch with a body of 4 MiB. gRPC itself must let twice that pass.
  size_t max_message_bytes = (size_t{4} << 20) + (size_t{128} << 10);
  // Heartbeats an agent may send at once, and again one a second: each may name 1,000 units.
  uint64_t heartbeat_burst = 10;
};

// What a session needs; everything outlives it.
struct IngestContext {
  ApplyWorkers* workers;
  SessionRegistry* registry;
  ByteBudget* budget;
  const Clock* clock;
  Logger* logger;
  IngestObserver* observer;
  SessionSettings settings;
};

// Messages pass as bytes: gRPC would take one that does not parse for the end of the stream, and one
// that is too large would leave no trace.
using IngestReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// Thread-safe, as gRPC demands.
class IngestService final : public pb::Ingest::WithRawCallbackMethod_Session<pb::Ingest::Service> {
 public:
  explicit IngestService(const IngestContext& context) : context_(context) {}

  IngestReactor* Session(grpc::CallbackServerContext* call) override;

 private:
  const IngestContext context_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_INGEST_SERVICE_H_

#include "agent/transport/grpc_session.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/identity/local_file.h"
#include "agent/transport/backoff.h"
#include "agent/transport/http_proxy.h"
#include "agent/transport/session_stream.h"
#include "agent/transport/stream_pump.h"
#include "grpcpp/security/credentials.h"

namespace rollcall {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;
// After a session that worked, the first pause is drawn from [0, 4 s]: a backend that restarts
// loses all its agents in one instant.
constexpr uint32_t kAttemptAfterSession = 2;
constexpr size_t kMaxCredentialsBytes = 4096;

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

bool IsRefusal(const absl::Status& status) {
  return status.code() == absl::StatusCode::kPermissionDenied || status.code() == absl::StatusCode::kUnauthenticated;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ReadCredentials(const GrpcSession::Options& options) {
  grpc::SslCredentialsOptions ssl;
  const std::pair<const std::string*, std::string*> files[] = {{&options.ca_path, &ssl.pem_root_certs},
                                                               {&options.cert_path, &ssl.pem_cert_chain},
                                                               {&options.key_path, &ssl.pem_private_key}};
  for (const auto& [path, pem] : files) {
    absl::StatusOr<std::string> bytes = ReadLocalFile(*path, kMaxPemBytes);
    if (!bytes.ok()) return bytes.status();
    *pem = *std::move(bytes);
  }
  return grpc::SslCredentials(ssl);
}

absl::StatusOr<std::string> ReadProxyUri(const GrpcSession::Options& options) {
  if (options.proxy.empty() || options.proxy_credentials_path.empty()) return options.proxy;
  const absl::StatusOr<std::string> credentials = ReadLocalFile(options.proxy_credentials_path, kMaxCredentialsBytes);
  return credentials.ok() ? ProxyUri(options.proxy, *credentials) : credentials.status();
}

}  // namespace

struct GrpcSession::Ended {
  absl::Status status;
  // A backend was asked for a stream.
  bool tried = false;
  bool welcomed = false;
  std::optional<absl::Duration> asked_wait;
  std::optional<UploadSession::DrainRequest> drain;
  // It was a poll, and all was said.
  std::optional<absl::Duration> poll_interval;
};

GrpcSession::GrpcSession(Options options, UploadSession* upload, const Clock* clock, Logger* logger,
                         std::function<double()> random)
    : options_(std::move(options)),
      upload_(upload),
      clock_(clock),
      logger_(logger),
      random_(std::move(random)),
      events_(std::make_unique<StreamEvents>()) {}

GrpcSession::~GrpcSession() { Stop(); }

void GrpcSession::Start() {
  thread_ = std::thread([this] { Run(); });
}

void GrpcSession::Stop() {
  stop_.RequestStop();
  events_->Stop();
  if (thread_.joinable()) thread_.join();
}

void GrpcSession::Wake() { events_->Wake(); }

SessionStatus GrpcSession::Status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

void GrpcSession::Publish(const std::function<void(SessionStatus&)>& change) {
  const std::lock_guard lock(status_mutex_);
  status_.progress = upload_->progress();
  change(status_);
}

void GrpcSession::Run() {
  if (options_.addresses.empty()) return;
  AddressOrder order(options_.addresses, random_);
  absl::Duration pause = options_.first_contact_within * random_();
  while (true) {
    Publish([&](SessionStatus& s) { s.next_attempt = clock_->Now() + pause; });
    if (!clock_->WaitFor(pause, stop_.token())) return;
    const std::string address = order.current();
    Publish([&](SessionStatus& s) {
      s.address = address;
      s.next_attempt = absl::InfinitePast();
      ++s.attempts;
    });
    const Ended ended = RunStream(order);
    pause = PauseAfter(ended);
    ChooseNext(ended, &order);
    Publish([&](SessionStatus& s) { s.last_error = ended.status; });
    if (ended.status.code() != absl::StatusCode::kCancelled) LogEnd(address, ended, pause);
  }
}

GrpcSession::Ended GrpcSession::RunStream(const AddressOrder& order) {
  Ended ended;
  const auto credentials = ReadCredentials(options_);
  const auto proxy_uri = ReadProxyUri(options_);
  ended.status = credentials.status();
  ended.status.Update(proxy_uri.status());
  if (!ended.status.ok()) return ended;
  events_->Take(absl::ZeroDuration());  // nothing of the last stream
  const auto channel = MakeSessionChannel(order.current(), options_.server_name, *proxy_uri, *credentials);
  const auto stub = pb::Ingest::NewStub(channel);
  SessionStream stream(events_.get());
  stream.Start(stub.get());
  ended.tried = true;

  const uint64_t welcomes_before = upload_->progress().welcomes;
  StreamPump pump(&stream, upload_, events_.get(), clock_, clock_->Monotonic() + order.StayFor());
  const StreamNews last = pump.Run(&ended.status, [&] {
    Publish([](SessionStatus&) {});
    if (ended.welcomed || upload_->progress().welcomes == welcomes_before) return;
    ended.welcomed = true;
    last_logged_ = absl::OkStatus();
    logger_->Info("session.connected", "the backend accepted the session",
                  {{"address", order.current()}, {"clock_offset_seconds", upload_->progress().clock_offset}});
  });
  if (ended.status.ok()) ended.status = ToAbsl(last.status);
  ended.asked_wait = last.asked_wait;
  ended.drain = upload_->drain();
  if (ended.drain.has_value()) ended.asked_wait = ended.drain->reconnect_after;
  if (ended.status.ok() && upload_->polled()) ended.poll_interval = upload_->poll_interval();
  upload_->Close();
  return ended;
}

void GrpcSession::ChooseNext(const Ended& ended, AddressOrder* order) {
  if (!ended.tried) return;  // no other address helps against a file that cannot be read
  const bool goes_on = ended.welcomed && ended.status.ok();
  const pb::Drain::Reason reason = ended.drain.has_value() ? ended.drain->reason : pb::Drain::REASON_UNSPECIFIED;
  if (!goes_on || reason == pb::Drain::SHUTDOWN) {
    order->Advance();
  } else if (reason == pb::Drain::CONNECTION_AGE) {
    order->Shuffle();
  } else {
    order->GoHome();
  }
}

absl::Duration GrpcSession::PauseAfter(const Ended& ended) {
  if (ended.welcomed) failures_ = 0;
  // Every address gets its turn before the pauses grow.
  const uint32_t round = failures_ / static_cast<uint32_t>(options_.addresses.size());
  const uint32_t attempt = ended.welcomed ? kAttemptAfterSession : round;
  ++failures_;
  if (IsRefusal(ended.status)) return RefusalBackoff(options_.max_backoff, random_());
  const absl::Duration own = UploadBackoff(attempt, options_.max_backoff, random_());
  if (ended.asked_wait.has_value()) return RespectAskedWait(own, *ended.asked_wait, random_());
  return ended.poll_interval.has_value() ? PollPause(*ended.poll_interval, random_()) : own;
}

void GrpcSession::LogEnd(const std::string& address, const Ended& ended, absl::Duration pause) {
  // A backend that is away for a day is one line, not a thousand.
  const bool repeated = ended.status.code() == last_logged_.code() && !last_logged_.ok();
  last_logged_ = ended.status;
  const LogLevel level = repeated ? LogLevel::kDebug : ended.status.ok() ? LogLevel::kInfo : LogLevel::kWarning;
  const absl::string_view message =
      IsRefusal(ended.status) ? "the backend refuses this agent; check its certificate and that it is enrolled"
      : ended.poll_interval.has_value() ? "everything is sent; the backend asked to come back later"
      : ended.welcomed                  ? "the session ended; collection goes on and the spool keeps what it finds"
                       : "cannot reach the backend; collection goes on and the spool keeps what it finds";
  logger_->Log(level, IsRefusal(ended.status) ? "session.refused" : "session.ended", message,
               {LogField("address", address), LogField("cause", ended.status), LogField("retry_in_seconds", pause)});
}

}  // namespace rollcall

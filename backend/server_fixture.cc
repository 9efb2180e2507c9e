#include "backend/server_fixture.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/wire_time.h"

namespace rollcall {

gpr_timespec InOneMinute() {
  return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(60, GPR_TIMESPAN));
}

TestSession::TestSession(const std::shared_ptr<grpc::Channel>& channel) : stub_(pb::Ingest::NewStub(channel)) {
  context_.set_deadline(InOneMinute());
  stream_ = stub_->Session(&context_);
}

pb::Hello TestSession::HelloOf(const std::string& agent_id) {
  pb::Hello hello;
  hello.set_agent_id(agent_id);
  hello.set_epoch(1);
  hello.set_host_id("host-1");
  *hello.mutable_sent_at() = ToWire(SystemClock().Now());
  return hello;
}

bool TestSession::Send(const pb::Hello& hello) {
  pb::AgentMessage message;
  *message.mutable_hello() = hello;
  return stream_->Write(message);
}

bool TestSession::Send(const pb::Batch& batch) {
  pb::AgentMessage message;
  *message.mutable_batch() = batch;
  return stream_->Write(message);
}

bool TestSession::Send(const pb::Heartbeat& heartbeat) {
  pb::AgentMessage message;
  *message.mutable_heartbeat() = heartbeat;
  return stream_->Write(message);
}

std::optional<pb::Welcome> TestSession::Greet(const std::string& agent_id) {
  pb::BackendMessage message;
  if (!Send(HelloOf(agent_id)) || !Read(&message) || !message.has_welcome()) return std::nullopt;
  return message.welcome();
}

bool TestSession::AwaitAck(uint64_t sequence) {
  pb::BackendMessage message;
  while (Read(&message)) {
    if (message.has_resync()) return false;
    if (message.has_ack() && message.ack().sequence() >= sequence) return true;
  }
  return false;
}

grpc::Status TestSession::Close() {
  stream_->WritesDone();
  return Result();
}

grpc::Status TestSession::Result() {
  pb::BackendMessage message;
  while (stream_->Read(&message)) {
  }
  return stream_->Finish();
}

std::string TestSession::Trailer(const std::string& name) const {
  const auto& trailers = context_.GetServerTrailingMetadata();
  const auto it = trailers.find(name);
  return it == trailers.end() ? "" : std::string(it->second.data(), it->second.size());
}

void ServerFixture::SetUp() {
  EXPECT_TRUE(store_.EnrollAgent(agent_, clock_.Now()).ok());
  options_.server_pair = authority_.IssueServer({"localhost", "127.0.0.1"}, validity_).value();
  options_.authority_pem = authority_.pem().certificate_pem;
  options_.housekeeping_interval = absl::Milliseconds(20);
  options_.apply.retry_first = absl::Milliseconds(1);
  options_.apply.retry_last = absl::Milliseconds(5);
}

void ServerFixture::Start() {
  auto server = BackendServer::Start(options_, ServerParts{store(), &retention_, &clock_, &logger_, &metrics_});
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

std::shared_ptr<grpc::Channel> ServerFixture::Connect(const CertifiedKey& pair) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = authority_.pem().certificate_pem;
  tls.pem_cert_chain = pair.certificate_pem;
  tls.pem_private_key = pair.key_pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Windows that do not grow with the delay: a client that does not read is full soon, however slow the machine.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::SslCredentials(tls), arguments);
}

std::shared_ptr<grpc::Channel> ServerFixture::ConnectAs(const PeerIdentity& identity) {
  return Connect(authority_.IssuePeer(identity, validity_).value());
}

std::shared_ptr<grpc::Channel> ServerFixture::ConnectAgent(const std::string& agent_id) {
  return ConnectAs({"acme", PeerRole::kAgent, agent_id});
}

std::string ServerFixture::Enroll(int number) {
  std::string id = absl::StrFormat("00000000-0000-4000-8000-%012d", number);
  EXPECT_TRUE(store()->EnrollAgent({"acme", id}, clock_.Now()).ok());
  return id;
}

std::string ServerFixture::Log() {
  const std::lock_guard lock(log_mutex_);
  return log_;
}

pb::Batch ServerFixture::Good(uint64_t sequence) {
  return TestFullBatch(sequence, sequence, {TestPackage("bash", clock_.Now() - absl::Seconds(1))});
}

bool ServerFixture::Eventually(const std::function<bool()>& condition) {
  const StopToken never;
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    never.WaitFor(absl::Milliseconds(10));
  }
  return false;
}

bool ServerFixture::AwaitMetric(const std::string& line) {
  if (Eventually([&] { return absl::StrContains(metrics_.Text(), line + "\n"); })) return true;
  ADD_FAILURE() << "no " << line << " in\n" << metrics_.Text();
  return false;
}

}  // namespace rollcall

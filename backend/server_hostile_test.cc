// Agents that do harm, over real gRPC and mutual TLS against a real store, while an honest one works.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backend/ingest/bounded_zstd.h"
#include "backend/server_fixture.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/host_root.h"
#include "platform/self_usage.h"
#include "platform/testing/slow_build.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr size_t kInflightLimit = size_t{16} << 20;

// Sanitizers keep what was freed, and shadows of the rest.
constexpr size_t kMemoryFactor = kSlowBuild ? 6 : 1;

// Of this process now. 0 if it cannot be read.
size_t ResidentBytes() {
  const auto root = HostRoot::Create("/");
  if (!root.ok()) return 0;
  const auto usage = ReadSelfUsage(**root);
  return usage.ok() ? usage->resident_bytes : 0;
}

class HostileAgentTest : public ServerFixture {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/hostile_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto sqlite = SqliteStore::Open({.path = folder + "/rollcall.db"});
    ASSERT_TRUE(sqlite.ok()) << sqlite.status();
    sqlite_ = *std::move(sqlite);
    ASSERT_TRUE(sqlite_->AddTenant("acme", clock_.Now()).ok());
    ASSERT_TRUE(sqlite_->AddTenant("other", clock_.Now()).ok());
    ASSERT_TRUE(sqlite_->EnrollAgent(agent_, clock_.Now()).ok());
    ServerFixture::SetUp();
    options_.max_inflight_bytes = kInflightLimit;
    options_.session.write_timeout = absl::Seconds(2);
    Start();
    honest_id_ = Enroll(1);
    honest_ = std::thread([this] { WorkHonestly(); });
  }

  // The honest agent must have come through everything, in time and without a single refusal.
  void TearDown() override {
    const uint64_t before = acknowledged_;
    EXPECT_TRUE(Eventually([&] { return acknowledged_ >= before + 2; })) << "the honest agent was held up";
    stop_ = true;
    honest_.join();
    const auto units = sqlite_->ListUnits("acme", honest_id_);
    ASSERT_TRUE(units.ok());
    ASSERT_EQ(units->size(), 1u);
    EXPECT_EQ(units->front().generation, acknowledged_);
    EXPECT_TRUE(AwaitMetric("rollcall_inflight_bytes 0"));
    server_.reset();
    sqlite_.reset();
    std::filesystem::remove_all(folder_);
  }

  Store* store() override { return sqlite_.get(); }

  void WorkHonestly() {
    TestSession session(ConnectAgent(honest_id_));
    EXPECT_TRUE(session.Open(honest_id_));
    for (uint64_t i = 1; !stop_; ++i) {
      EXPECT_TRUE(session.Send(Good(i))) << "the honest agent was cut off";
      if (!session.AwaitAck(i)) {
        ADD_FAILURE() << "the honest agent was not answered";
        return;
      }
      acknowledged_ = i;
      StopToken().WaitFor(absl::Milliseconds(5));
    }
    EXPECT_TRUE(session.Close().ok());
  }

  // A batch whose body expands to `size` bytes of nothing.
  pb::Batch Bomb(uint64_t sequence, size_t size) {
    pb::Batch batch = Good(sequence);
    batch.set_body(CompressZstd(std::string(size, '\0')));
    batch.set_body_size(static_cast<uint32_t>(size));
    return batch;
  }
  // A batch that is in order and expands from a few hundred bytes to 3.6 MiB of records.
  pb::Batch Inflated() {
    std::vector<pb::Record> records;
    for (int i = 0; i < 60; ++i) {
      records.push_back(TestPackage(absl::StrCat("package-", i), clock_.Now() - absl::Seconds(1)));
      records.back().mutable_os_package()->set_summary(std::string(60'000, 'x'));
    }
    return TestFullBatch(1, 1, records);
  }
  pb::Heartbeat Confirmations(int number) {
    pb::Heartbeat heartbeat;
    for (int i = 0; i < 1000; ++i) {
      pb::UnitConfirmation* confirmation = heartbeat.add_confirmations();
      confirmation->set_collector("ports");
      confirmation->mutable_scope()->set_type(pb::Scope::CONTAINER);
      confirmation->mutable_scope()->set_id(absl::StrCat(std::string(200, 'c'), number, "-", i));
      confirmation->set_epoch(1);
      confirmation->set_generation(1);
    }
    return heartbeat;
  }
  void ExpectRefused(TestSession& session, grpc::StatusCode code, const std::string& reason, int times = 1) {
    const grpc::Status status = session.Result();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_FALSE(status.error_message().empty());
    EXPECT_TRUE(AwaitMetric(absl::StrCat("rollcall_sessions_refused_total{reason=\"", reason, "\"} ", times)));
  }

  std::string folder_;
  std::unique_ptr<SqliteStore> sqlite_;
  std::string honest_id_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> acknowledged_{0};
  std::thread honest_;
};

TEST_F(HostileAgentTest, OversizedMessages) {
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  pb::Batch large = Good(1);
  large.set_body(std::string(5 << 20, 'x'));
  session.Send(large);
  ExpectRefused(session, grpc::StatusCode::RESOURCE_EXHAUSTED, "oversized");
  // Far beyond that gRPC does not even take it in.
  TestSession again(ConnectAgent());
  ASSERT_TRUE(again.Open());
  large.set_body(std::string(40 << 20, 'x'));
  again.Send(large);
  EXPECT_EQ(again.Result().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(HostileAgentTest, MalformedMessages) {
  grpc::GenericStub stub(ConnectAgent());
  grpc::ClientContext context;
  context.set_deadline(InOneMinute());
  grpc::CompletionQueue queue;
  const auto await = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, "/rollcall.v1.Ingest/Session", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(await());
  const grpc::Slice garbage("\xff\xff\xff\xff not a message");
  call->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  ASSERT_TRUE(await());
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(await());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("cannot be parsed"));
  EXPECT_TRUE(AwaitMetric("rollcall_sessions_refused_total{reason=\"malformed\"} 1"));
  queue.Shutdown();
}

TEST_F(HostileAgentTest, MalformedBatchesAreCountedByTheirFault) {
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  pb::Batch garbage = Good(1);
  garbage.set_body("this is not zstd");
  ASSERT_TRUE(session.Send(garbage));
  ASSERT_TRUE(session.Send(Bomb(2, 4 << 20)));
  pb::Batch liar = Bomb(3, 4 << 20);
  liar.set_body_size(100);
  ASSERT_TRUE(session.Send(liar));
  pb::Batch named = Good(4);
  named.set_collector("../../etc/passwd");
  ASSERT_TRUE(session.Send(named));
  pb::BackendMessage message;
  uint64_t acknowledged = 0;
  while (acknowledged < 4 && session.Read(&message)) {
    if (message.has_ack()) acknowledged = message.ack().sequence();
    if (message.has_resync()) {
      EXPECT_EQ(message.resync().cause(), pb::Resync::REJECTED);
    }
  }
  EXPECT_TRUE(AwaitMetric("rollcall_resyncs_total{cause=\"rejected\"} 4"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_batches_rejected_total{reason=\"encoding\"}"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_batches_rejected_total{reason=\"name\"} 1"));
  EXPECT_TRUE(session.Close().ok()) << "a fault in a batch ends no session";
}

TEST_F(HostileAgentTest, OutOfOrderStreams) {
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  ASSERT_TRUE(session.Send(Good(5)));
  session.Send(Good(5));
  ExpectRefused(session, grpc::StatusCode::INVALID_ARGUMENT, "out_of_order");
  TestSession early(ConnectAgent());
  early.Send(Good(1));
  ExpectRefused(early, grpc::StatusCode::INVALID_ARGUMENT, "protocol");
  // A run whose first part never came.
  TestSession parts(ConnectAgent());
  ASSERT_TRUE(parts.Open());
  pb::Batch second = Good(100);
  second.set_part(1);
  ASSERT_TRUE(parts.Send(second));
  pb::BackendMessage message;
  ASSERT_TRUE(parts.Read(&message));
  EXPECT_EQ(message.resync().cause(), pb::Resync::MISSING_PART);
  EXPECT_TRUE(AwaitMetric("rollcall_resyncs_total{cause=\"missing_part\"} 1"));
}

TEST_F(HostileAgentTest, ForeignTenants) {
  // A certificate of another tenant for an agent of this one, and a Hello in another's name.
  TestSession foreign(ConnectAs({"other", PeerRole::kAgent, kTestAgentId}));
  foreign.Send(TestSession::HelloOf(kTestAgentId));
  ExpectRefused(foreign, grpc::StatusCode::PERMISSION_DENIED, "not_enrolled");
  TestSession impostor(ConnectAgent());
  impostor.Send(TestSession::HelloOf(honest_id_));
  ExpectRefused(impostor, grpc::StatusCode::PERMISSION_DENIED, "identity");
  TestSession person(ConnectOperator());
  ExpectRefused(person, grpc::StatusCode::PERMISSION_DENIED, "wrong_role");
  EXPECT_TRUE(sqlite_->ListUnits("other", "")->empty());
}

TEST_F(HostileAgentTest, ReplayedStreamsChangeNothing) {
  for (int round = 0; round < 3; ++round) {
    TestSession session(ConnectAgent());
    ASSERT_TRUE(session.Open());
    for (uint64_t i = 1; i <= 4; ++i) ASSERT_TRUE(session.Send(Good(i)));
    EXPECT_TRUE(session.AwaitAck(4));
    EXPECT_TRUE(session.Close().ok());
  }
  EXPECT_TRUE(AwaitMetric("rollcall_batches_applied_total{verdict=\"duplicate\"} 8"));
  EXPECT_EQ(sqlite_->ListUnits("acme", kTestAgentId)->front().generation, 4u);
}

TEST_F(HostileAgentTest, SlowReaders) {
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  // Each asks for a thousand complete sets, and none of the answers is read.
  for (int i = 0; i < 10; ++i) session.Send(Confirmations(i));
  EXPECT_TRUE(AwaitMetric("rollcall_sessions_refused_total{reason=\"slow_reader\"} 1"));
  EXPECT_FALSE(session.Result().ok());
}

TEST_F(HostileAgentTest, HeartbeatsWithoutEnd) {
  TestSession session(ConnectAgent());
  ASSERT_TRUE(session.Open());
  for (int i = 0; i < 200; ++i) session.Send(pb::Heartbeat());
  ExpectRefused(session, grpc::StatusCode::RESOURCE_EXHAUSTED, "heartbeat_rate");
}

TEST_F(HostileAgentTest, ManyAtOnceFillNoMemory) {
  const size_t before = ResidentBytes();
  ASSERT_GT(before, 0u);
  std::atomic<bool> done{false};
  std::atomic<size_t> most{0};
  std::thread watcher([&] {
    while (!done) {
      most = std::max<size_t>(most, ResidentBytes());
      StopToken().WaitFor(absl::Milliseconds(10));
    }
  });
  // Six agents send windows full of small batches that become large, and never read.
  std::vector<std::string> ids;
  for (int i = 10; i < 16; ++i) ids.push_back(Enroll(i));
  std::atomic<size_t> sent{0};
  std::vector<std::thread> attackers;
  for (const std::string& id : ids) {
    attackers.emplace_back([this, &id, &sent] {
      pb::Batch batch = Inflated();
      TestSession session(ConnectAgent(id));
      if (!session.Open(id)) {
        ADD_FAILURE() << "no session for " << id;
        return;
      }
      for (uint64_t i = 1; i <= 60; ++i) {
        batch.set_sequence(i);
        batch.set_generation(i);
        if (!session.Send(batch)) break;
        ++sent;
      }
      session.Result();
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  // There was an attack: of every attacker something came in and became large, while it was watched.
  EXPECT_GE(sent, ids.size());
  for (const std::string& id : ids) {
    EXPECT_TRUE(Eventually([&] { return !sqlite_->ListUnits("acme", id)->empty(); })) << id;
  }
  const auto counts = sqlite_->CountRecords("acme");
  ASSERT_TRUE(counts.ok());
  for (const Store::KindCount& count : *counts) {
    if (count.agent_id != honest_id_) EXPECT_EQ(count.count, 60u) << count.agent_id;
  }
  done = true;
  watcher.join();
  EXPECT_GT(most, before + Inflated().body_size());
  // One group's bodies, what is in flight, and the client side of this very process.
  EXPECT_LT(most - before, kMemoryFactor * (size_t{300} << 20));
}

}  // namespace
}  // namespace rollcall

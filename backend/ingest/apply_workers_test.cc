#include "backend/ingest/apply_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "absl/strings/match.h"
#include "backend/ingest/session_outbox.h"
#include "backend/ingest/testing/test_batches.h"
#include "backend/store/testing/fake_store.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const AgentName kAgent{"acme", "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10"};
const AgentName kOther{"acme", "aaaaaaaa-9d4a-4c55-8f0e-6b1d2a7c9e10"};

class TestOwner : public JobOwner {
 public:
  void OnWelcome(std::vector<UnitInfo> units) override { Note(absl::StrCat("welcome ", units.size())); }
  void OnCommitted(uint64_t sequence) override { Note(absl::StrCat("ack ", sequence)); }
  void OnResync(pb::Resync resync) override {
    Note(absl::StrCat("resync ", pb::Resync::Cause_Name(resync.cause()), " ", resync.epoch()));
  }
  void OnRefused(absl::Status status) override { Note(absl::StatusCodeToString(status.code())); }
  void OnJobDone() override {
    const std::lock_guard lock(mutex_);
    ++done_;
    changed_.notify_all();
  }

  bool AwaitDone(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return done_ >= count; });
  }
  std::vector<std::string> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  void Note(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int done_ = 0;
  std::vector<std::string> events_;
};

class TestObserver : public IngestObserver {
 public:
  void OnGreeting(Greeting greeting) override {
    const std::lock_guard lock(mutex_);
    greetings_.push_back(greeting);
  }
  void OnResync(pb::Resync::Cause cause) override {
    const std::lock_guard lock(mutex_);
    resyncs_.push_back(cause);
  }
  std::vector<Greeting> greetings() {
    const std::lock_guard lock(mutex_);
    return greetings_;
  }
  std::vector<pb::Resync::Cause> resyncs() {
    const std::lock_guard lock(mutex_);
    return resyncs_;
  }

 private:
  std::mutex mutex_;
  std::vector<Greeting> greetings_;
  std::vector<pb::Resync::Cause> resyncs_;
};

class ApplyWorkersTest : public ::testing::Test {
 protected:
  ApplyWorkersTest() {
    options_.threads = 2;
    options_.retry_first = absl::Milliseconds(1);
    options_.retry_last = absl::Milliseconds(4);
    EXPECT_TRUE(store_.EnrollAgent(kAgent, clock_.Now()).ok());
  }

  void Start() { workers_ = std::make_unique<ApplyWorkers>(&store_, &clock_, &logger_, &observer_, options_); }

  Job BatchOf(pb::Batch batch, const AgentName& agent = kAgent) {
    const size_t bytes = batch.ByteSizeLong();
    return Job{owner_, agent, BatchJob{std::move(batch), clock_.Now(), absl::ZeroDuration()}, bytes};
  }
  Job Good(uint64_t sequence) {
    return BatchOf(TestFullBatch(sequence, sequence, {TestPackage("bash", clock_.Now() - absl::Seconds(1))}));
  }
  bool Enqueue(Job job) {
    return workers_->Enqueue(&job, [] {});
  }

  SystemClock clock_;
  NullLogger logger_;
  TestObserver observer_;
  FakeStore store_;
  ApplyWorkers::Options options_;
  std::shared_ptr<TestOwner> owner_ = std::make_shared<TestOwner>();
  std::unique_ptr<ApplyWorkers> workers_;
};

// What is stored is redacted; what the sets of agent and backend are compared by is what was sent.
TEST_F(ApplyWorkersTest, SecretsAreReplacedBehindTheFingerprint) {
  pb::Record record = TestPackage("bash", clock_.Now());
  record.mutable_process()->set_pid(7);
  for (const char* argument : {"mysql", "-ptulipKiosk"}) record.mutable_process()->add_argv(argument);
  store_.SetVerdict([](const PreparedBatch& batch) {
    SetDigest digest;
    for (const PreparedRecord& prepared : batch.records) digest.Add(prepared.asset_key, prepared.fingerprint);
    ApplyOutcome outcome;
    if (!(digest == batch.after)) outcome.verdict = ApplyVerdict::kResync;
    return outcome;
  });
  for (const bool again : {true, false}) {
    options_.second_redaction = again;
    Start();
    ASSERT_TRUE(Enqueue(BatchOf(TestFullBatch(again ? 1 : 2, again ? 1 : 2, {record}))));
    ASSERT_TRUE(owner_->AwaitDone(again ? 1 : 2));
    const std::vector<PreparedBatch> applied = store_.Applied();
    const std::string& payload = applied.back().records.at(0).payload;
    EXPECT_EQ(absl::StrContains(payload, "tulipKiosk"), !again);
  }
  EXPECT_THAT(owner_->events(), ElementsAre("ack 1", "ack 2"));
}

TEST_F(ApplyWorkersTest, AcknowledgesOnlyAfterCommit) {
  store_.HoldApplies(true);
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  EXPECT_THAT(owner_->events(), IsEmpty());
  store_.HoldApplies(false);
  ASSERT_TRUE(owner_->AwaitDone(1));
  EXPECT_THAT(owner_->events(), ElementsAre("ack 1"));
}

TEST_F(ApplyWorkersTest, WhatPilesUpBecomesOneGroupWithOneAcknowledgement) {
  store_.HoldApplies(true);
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  for (uint64_t i = 2; i <= 10; ++i) ASSERT_TRUE(Enqueue(Good(i)));
  store_.HoldApplies(false);
  ASSERT_TRUE(owner_->AwaitDone(10));
  EXPECT_THAT(store_.GroupSizes(), ElementsAre(1, 9));
  EXPECT_THAT(owner_->events(), ElementsAre("ack 1", "ack 10"));
}

TEST_F(ApplyWorkersTest, UnavailableStoreIsTriedAgainAndNothingIsAcknowledgedBefore) {
  store_.FailNextApplies(3, absl::UnavailableError("write: disk full"));
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(owner_->AwaitDone(1));
  EXPECT_THAT(owner_->events(), ElementsAre("ack 1"));
  EXPECT_EQ(store_.Applied().size(), 1u);
}

TEST_F(ApplyWorkersTest, StoppedWhileUnavailableAcknowledgesNothing) {
  store_.FailNextApplies(1'000'000, absl::UnavailableError("write: disk full"));
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(2));
  EXPECT_FALSE(workers_->Drain(absl::Milliseconds(10)));
  EXPECT_THAT(owner_->events(), IsEmpty());
}

TEST_F(ApplyWorkersTest, DrainFinishesWhatWasTaken) {
  Start();
  for (uint64_t i = 1; i <= 200; ++i) ASSERT_TRUE(Enqueue(Good(i)));
  EXPECT_TRUE(workers_->Drain(absl::Seconds(20)));
  EXPECT_EQ(store_.Applied().size(), 200u);
  EXPECT_EQ(owner_->events().back(), "ack 200");
  EXPECT_FALSE(Enqueue(Good(201)));
}

TEST_F(ApplyWorkersTest, RefusedBatchAsksForTheFullSetAndDoesNotHoldUpOthers) {
  store_.HoldApplies(true);
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  pb::Batch bad = TestFullBatch(2, 2, {});
  bad.set_body("not zstd");
  bad.set_body_size(100);
  ASSERT_TRUE(Enqueue(BatchOf(bad)));
  ASSERT_TRUE(Enqueue(Good(3)));
  store_.HoldApplies(false);
  ASSERT_TRUE(owner_->AwaitDone(3));
  EXPECT_THAT(owner_->events(), ElementsAre("ack 1", "resync REJECTED 0", "ack 3"));
}

TEST_F(ApplyWorkersTest, ABatchTheStoreCannotTakeIsIsolated) {
  store_.HoldApplies(true);
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(store_.AwaitApplyCalls(1));
  ASSERT_TRUE(Enqueue(Good(2)));
  ASSERT_TRUE(Enqueue(Good(3)));
  // Fails the call that waits, its repetition alone, and nothing else.
  store_.FailNextApplies(2, absl::InvalidArgumentError("store: no"));
  store_.HoldApplies(false);
  ASSERT_TRUE(owner_->AwaitDone(3));
  EXPECT_THAT(owner_->events(), ElementsAre("resync REJECTED 0", "ack 1", "ack 3"));
}

TEST_F(ApplyWorkersTest, ResyncOfTheStoreReachesTheAgentBeforeTheAcknowledgement) {
  store_.SetVerdict([](const PreparedBatch&) {
    ApplyOutcome outcome;
    outcome.verdict = ApplyVerdict::kResync;
    outcome.cause = pb::Resync::BASE_MISMATCH;
    return outcome;
  });
  Start();
  ASSERT_TRUE(Enqueue(Good(5)));
  ASSERT_TRUE(owner_->AwaitDone(1));
  EXPECT_THAT(owner_->events(), ElementsAre("resync BASE_MISMATCH 0", "ack 5"));
}

TEST_F(ApplyWorkersTest, ReplayIsAcknowledgedAndAppliedOnce) {
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(owner_->AwaitDone(2));
  EXPECT_EQ(store_.Applied().size(), 1u);
  EXPECT_EQ(owner_->events().back(), "ack 1");
}

TEST_F(ApplyWorkersTest, WelcomeComesAfterWhatWasQueuedBefore) {
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  ASSERT_TRUE(Enqueue(Job{owner_, kAgent, HelloJob{AgentContact{kAgent}}, 10}));
  ASSERT_TRUE(owner_->AwaitDone(2));
  EXPECT_THAT(owner_->events(), ElementsAre("ack 1", "welcome 0"));
  EXPECT_EQ(store_.Contacts().size(), 1u);
}

TEST_F(ApplyWorkersTest, AConfirmationOfWhatTheStoreDoesNotHoldAsksForEverything) {
  UnitInfo unit;
  unit.agent = kAgent;
  unit.collector = "ports";
  unit.scope.set_type(pb::Scope::HOST);
  unit.epoch = 1;
  unit.generation = 5;
  store_.AddUnit(unit);
  Start();
  ContactJob heartbeat{AgentContact{kAgent}, /*record_contact=*/false, {}};
  heartbeat.confirmations.push_back({"ports", unit.scope, 1, 5, 0, clock_.Now()});
  heartbeat.confirmations.push_back({"packages", unit.scope, 1, 5, 0, clock_.Now()});
  ASSERT_TRUE(Enqueue(Job{owner_, kAgent, std::move(heartbeat), 10}));
  ASSERT_TRUE(owner_->AwaitDone(1));
  EXPECT_THAT(owner_->events(), ElementsAre("resync UNCONFIRMED 0"));
  EXPECT_TRUE(store_.Contacts().empty());
}

// The same life of the agent at an earlier run: its next runs would pass for those the store has.
TEST_F(ApplyWorkersTest, AConfirmationOfAnEarlierRunRaisesTheEpoch) {
  UnitInfo unit;
  unit.agent = kAgent;
  unit.collector = "ports";
  unit.scope.set_type(pb::Scope::HOST);
  unit.epoch = 3;
  unit.generation = 200;
  store_.AddUnit(unit);
  Start();
  PreparedConfirmation earlier{"ports", unit.scope, 3, 7, 0, clock_.Now()};
  PreparedConfirmation later{"ports", unit.scope, 3, 201, 0, clock_.Now()};
  ASSERT_TRUE(Enqueue(Job{owner_, kAgent, ContactJob{AgentContact{kAgent}, false, {earlier, later}}, 1}));
  ASSERT_TRUE(owner_->AwaitDone(1));
  EXPECT_THAT(owner_->events(), ElementsAre("resync EPOCH_BEHIND 3", "resync UNCONFIRMED 0"));
  EXPECT_THAT(observer_.resyncs(), ElementsAre(pb::Resync::EPOCH_BEHIND, pb::Resync::UNCONFIRMED));
}

TEST_F(ApplyWorkersTest, AGreetingTellsWhichLifeOfTheAgentItIs) {
  Start();
  const auto greet = [&](uint64_t epoch, int nth) {
    AgentContact contact{kAgent};
    contact.epoch = epoch;
    EXPECT_TRUE(Enqueue(Job{owner_, kAgent, HelloJob{contact}, 1}));
    EXPECT_TRUE(owner_->AwaitDone(nth));
  };
  greet(5, 1);
  UnitInfo unit;
  unit.agent = kAgent;
  unit.collector = "ports";
  unit.epoch = 5;
  store_.AddUnit(unit);
  greet(5, 2);
  greet(6, 3);
  greet(4, 4);
  EXPECT_THAT(observer_.greetings(),
              ElementsAre(Greeting::kNew, Greeting::kContinued, Greeting::kLaterLife, Greeting::kEarlierLife));
}

TEST_F(ApplyWorkersTest, UnknownAgentIsRefused) {
  Start();
  ASSERT_TRUE(Enqueue(Job{owner_, kOther, HelloJob{AgentContact{kOther}}, 10}));
  ASSERT_TRUE(owner_->AwaitDone(1));
  EXPECT_THAT(owner_->events(), ElementsAre("PERMISSION_DENIED"));
}

TEST_F(ApplyWorkersTest, AFullQueueSaysWhenThereIsRoomAgain) {
  options_.threads = 1;
  options_.queue_bytes = 1;
  store_.HoldApplies(true);
  Start();
  ASSERT_TRUE(Enqueue(Good(1)));
  std::atomic<int> calls = 0;
  Job second = Good(2);
  EXPECT_FALSE(workers_->Enqueue(&second, [&] { ++calls; }));
  EXPECT_TRUE(std::holds_alternative<BatchJob>(second.work)) << "a job that was not taken stays whole";
  EXPECT_EQ(calls, 0);
  store_.HoldApplies(false);
  ASSERT_TRUE(owner_->AwaitDone(1));
  for (int i = 0; i < 1000 && calls == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(workers_->Enqueue(&second, [] {}));
}

TEST(SessionOutbox, CoalescesAndKeepsOrder) {
  SessionOutbox outbox(2);
  EXPECT_TRUE(outbox.empty());
  outbox.PutAck(4);
  outbox.PutAck(9);
  outbox.PutAck(7);
  pb::Resync resync;
  resync.set_collector("ports");
  EXPECT_TRUE(outbox.PutResync(resync));
  EXPECT_TRUE(outbox.PutResync(resync));
  resync.set_collector("processes");
  EXPECT_TRUE(outbox.PutResync(resync));
  resync.set_collector("hosts");
  EXPECT_FALSE(outbox.PutResync(resync)) << "bounded";
  outbox.PutDrain({});
  pb::Window window;
  window.set_batches(8);
  outbox.PutWindow(window);
  window.set_batches(4);
  outbox.PutWindow(window);
  outbox.PutWelcome({});
  std::vector<std::string> order;
  pb::BackendMessage message;
  while (outbox.Take(&message)) {
    order.push_back(message.has_welcome()  ? "welcome"
                    : message.has_window() ? absl::StrCat("window ", message.window().batches())
                    : message.has_resync() ? message.resync().collector()
                    : message.has_ack()    ? absl::StrCat("ack ", message.ack().sequence())
                                           : "drain");
  }
  EXPECT_THAT(order, ElementsAre("welcome", "window 4", "ports", "processes", "ack 9", "drain"));
  EXPECT_TRUE(outbox.empty());
}

}  // namespace
}  // namespace rollcall

#include "backend/engine_home/engine_home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <mutex>

#include "absl/time/clock.h"
#include "backend/engine/testing/engine_world.h"
#include "backend/engine_home/turn_lock.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr absl::CivilDay kOld(2023, 6, 1);
// The service ended on the first of February: data of the year before is kept until the second of March.
constexpr absl::CivilDay kDue(2024, 3, 3);

class Observed : public RetentionObserver {
 public:
  void OnTick(const TickReport& report) override {
    const std::lock_guard lock(mutex_);
    ++ticks_;
    tick_ = report;
  }
  void OnFigures(const RetentionFigures& figures) override {
    const std::lock_guard lock(mutex_);
    figures_ = figures;
  }
  void OnAudit(const AuditFigures& figures) override {
    const std::lock_guard lock(mutex_);
    ++audits_;
    audit_ = figures;
  }

  int ticks() const { return Locked(ticks_); }
  int audits() const { return Locked(audits_); }
  TickReport tick() const { return Locked(tick_); }
  RetentionFigures figures() const { return Locked(figures_); }
  AuditFigures audit() const { return Locked(audit_); }

 private:
  template <typename T>
  T Locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  int ticks_ = 0;
  int audits_ = 0;
  TickReport tick_;
  RetentionFigures figures_;
  AuditFigures audit_;
};

class EngineHomeTest : public testing::Test {
 protected:
  EngineHomeTest() {
    EXPECT_TRUE(world_.Open().ok());
    EXPECT_TRUE(world_.Enrol().ok());
    std::filesystem::create_directory(data_dir());
  }

  std::string data_dir() const { return world_.folder() + "/data"; }
  std::unique_ptr<EngineLoop> MakeLoop() {
    EngineParts parts;
    parts.lifecycle = world_.lifecycle();
    parts.store = world_.store();
    parts.agents = world_.store();
    parts.archive = world_.archive();
    parts.keys = world_.keys();
    parts.clock = world_.clock();
    parts.reading = [this] { return world_.Reading(); };
    parts.logger = world_.logger();
    EngineOptions engine;
    engine.policy = &world_.policy();
    engine.region = "eu-frankfurt";
    engine.pace.pause = absl::ZeroDuration();  // nobody moves the clock meanwhile
    engine.enforce = enforce_;
    EngineLoopOptions options;
    options.first_day = kOld;
    options.turn_file = turn_file_;
    options.on_counted = [this](absl::Time at) { counted_at_ = at; };
    return std::make_unique<EngineLoop>(parts, engine, options, &observed_);
  }
  absl::StatusOr<std::unique_ptr<EngineHome>> OpenHome() {
    EngineHomeOptions options;
    options.data_dir = data_dir();
    options.region = "eu-frankfurt";
    options.pace.pause = absl::ZeroDuration();
    options.enforce = true;
    options.policy = &world_.policy();
    EngineHomeParts parts;
    parts.lifecycle = world_.lifecycle();
    parts.ledger = world_.ledger();
    parts.store = world_.store();
    parts.agents = world_.store();
    parts.clock = world_.clock();
    parts.reading = [this] { return world_.Reading(); };
    parts.logger = world_.logger();
    parts.observer = &observed_;
    return EngineHome::Open(options, parts);
  }

  bool enforce_ = true;
  std::string turn_file_;
  std::optional<absl::Time> counted_at_;
  EngineWorld world_;
  Observed observed_;
};

TEST_F(EngineHomeTest, WaitsForWhatIsDueAndNoLonger) {
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  const auto loop = MakeLoop();
  EXPECT_EQ(loop->RunOnce(), EngineLoopOptions().interval) << "nothing is to come";
  ASSERT_TRUE(world_.End("end").ok());
  loop->RunOnce();
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  EXPECT_EQ(observed_.tick().archived, 1u);
  EXPECT_EQ(observed_.tick().rows_deleted, 1u);
  world_.GoTo(kDue - 3);
  loop->RunOnce();
  EXPECT_EQ(observed_.figures().due_next_1d, 0u);
  EXPECT_EQ(observed_.figures().due_next_7d, 1u);
  // Ten minutes before it falls due.
  world_.GoTo(kDue - 1);
  world_.clock()->Advance(absl::Hours(12) - absl::Minutes(10));
  EXPECT_EQ(loop->RunOnce(), absl::Minutes(10));
  EXPECT_EQ(observed_.figures().due_next_1d, 1u);
  EXPECT_EQ(observed_.figures().oldest_due_age, absl::ZeroDuration());
  world_.clock()->Advance(absl::Minutes(40));
  loop->RunOnce();
  EXPECT_EQ(observed_.tick().refused.size(), 1u) << "nobody has looked at a list";
  EXPECT_EQ(observed_.figures().due_next_1d, 1u);
  EXPECT_EQ(observed_.figures().oldest_due_age, absl::Minutes(30));
  ASSERT_TRUE(world_.AcknowledgeDryRun(kDue).ok());
  loop->RunOnce();
  EXPECT_EQ(observed_.tick().purged, 1u);
  EXPECT_EQ(observed_.figures().due_next_30d, 0u);
  EXPECT_EQ(world_.Certificates().size(), 1u);
}

TEST_F(EngineHomeTest, WhatShouldBeGoneIsFoundInTheStores) {
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  ASSERT_TRUE(world_.End("end").ok());
  const auto loop = MakeLoop();
  loop->RunOnce();
  EXPECT_EQ(observed_.audits(), 1);
  EXPECT_EQ(observed_.audit().overdue, 0u);
  loop->RunOnce();
  EXPECT_EQ(observed_.audits(), 1) << "hourly";
  // Nobody acknowledges anything, and the window goes by.
  world_.GoTo(kDue + 1);
  loop->RunOnce();
  EXPECT_EQ(observed_.audits(), 2);
  EXPECT_EQ(observed_.audit().overdue, 1u);
  EXPECT_THAT(world_.logger()->lines(), Contains(HasSubstr("retention.overdue")));
}

// The audit asks the stores: it does not need an engine that works, and one tenant does not keep it from the others.
TEST_F(EngineHomeTest, WhatIsOverdueIsFoundBesideWhatFails) {
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  ASSERT_TRUE(world_.End("end").ok());
  const auto loop = MakeLoop();
  loop->RunOnce();
  auto lifecycle = Connection::Open(world_.folder() + "/lifecycle.db", Connection::Mode::kReadWrite);
  ASSERT_TRUE(lifecycle.ok());
  world_.GoTo(kDue + 1);
  ASSERT_TRUE((*lifecycle)->Execute("ALTER TABLE clock RENAME TO broken").ok());
  const int ticks = observed_.ticks();
  EXPECT_EQ(loop->RunOnce(), EngineLoopOptions().interval);
  EXPECT_EQ(observed_.ticks(), ticks) << "the tick failed";
  EXPECT_EQ(observed_.audits(), 2);
  EXPECT_EQ(observed_.audit().overdue, 1u);
  // A tenant that comes first, and cannot be read.
  ASSERT_TRUE((*lifecycle)
                  ->Execute("INSERT INTO tenant VALUES (99, 'aaa', 'eu-frankfurt', 0);"
                            "INSERT INTO event VALUES (99, 'e', 0, x'ffff')")
                  .ok());
  world_.clock()->Advance(absl::Hours(2));
  loop->RunOnce();
  EXPECT_EQ(observed_.audits(), 3);
  EXPECT_EQ(observed_.audit().overdue, 1u);
  EXPECT_EQ(observed_.audit().not_audited, 1u);
  EXPECT_THAT(world_.logger()->lines(), Contains(HasSubstr("retention.audit_failed")));
}

TEST_F(EngineHomeTest, WhileABackupIsMadeTheEngineWaits) {
  turn_file_ = world_.folder() + "/engine.lock";
  const auto loop = MakeLoop();
  {
    const auto turn = TakeTurn(turn_file_);
    ASSERT_TRUE(turn.ok()) << turn.status();
    EXPECT_LT(loop->RunOnce(), absl::Minutes(1)) << "it asks again soon";
    EXPECT_EQ(observed_.ticks(), 0);
    EXPECT_THAT(world_.logger()->lines(), Contains(HasSubstr("retention.waiting")));
  }
  loop->RunOnce();
  EXPECT_EQ(observed_.ticks(), 1);
  EXPECT_TRUE(TakeTurn(turn_file_).ok()) << "between two ticks it is free";
}

TEST_F(EngineHomeTest, AHeldBucketIsCounted) {
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  ASSERT_TRUE(world_.Hold("court").ok());
  MakeLoop()->RunOnce();
  EXPECT_EQ(observed_.figures().held, 1u);
}

TEST_F(EngineHomeTest, DataKeysAreBackedUp) {
  const std::filesystem::path ring = world_.folder() + "/ring";
  const auto loop = MakeLoop();
  const auto backups = [&] {
    return std::distance(std::filesystem::directory_iterator(ring), std::filesystem::directory_iterator());
  };
  const auto before = std::filesystem::exists(ring) ? backups() : 0;
  loop->RunOnce();
  ASSERT_TRUE(std::filesystem::exists(ring));
  const auto once = backups();
  EXPECT_GT(once, before);
  loop->RunOnce();
  EXPECT_EQ(backups(), once);
}

TEST_F(EngineHomeTest, AClockThatIsNotTrustedStopsAuditAndBackup) {
  const auto loop = MakeLoop();
  world_.set_synchronised(false);
  loop->RunOnce();
  EXPECT_FALSE(observed_.tick().clock.ok());
  EXPECT_FALSE(counted_at_.has_value());
  EXPECT_EQ(observed_.audits(), 0);
  const std::filesystem::path ring = world_.folder() + "/ring";
  EXPECT_TRUE(!std::filesystem::exists(ring) || std::filesystem::is_empty(ring));
}

TEST_F(EngineHomeTest, AHomeIsPrivateAndHasAKeyForEachTenant) {
  const auto home = OpenHome();
  ASSERT_TRUE(home.ok()) << home.status();
  for (const char* folder : {"/keys", "/archive"}) {
    struct stat info {};
    ASSERT_EQ(::stat((data_dir() + folder).c_str(), &info), 0) << folder;
    EXPECT_EQ(info.st_mode & 0777, 0700U) << folder;
  }
  struct stat info {};
  ASSERT_EQ(::stat((data_dir() + "/keys/kek/eu-frankfurt/acme.kek").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  // Another process would delete behind this one's back.
  EXPECT_EQ(OpenHome().status().code(), absl::StatusCode::kFailedPrecondition);
}

// Only the archive has it, and it is older than the ledger.
TEST_F(EngineHomeTest, TheAuditBeginsWithTheEarliestBucket) {
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  ASSERT_TRUE(world_.End("end").ok());
  const auto look = [this] {
    const auto home = OpenHome();
    ASSERT_TRUE(home.ok()) << home.status();
    const int before = observed_.audits();
    (*home)->Start();
    while (observed_.audits() == before) absl::SleepFor(absl::Milliseconds(5));
  };
  look();
  ASSERT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  world_.GoTo(kDue + 1);
  look();
  EXPECT_EQ(observed_.tick().refused.size(), 1u) << "nobody has looked at a list";
  EXPECT_EQ(observed_.audit().overdue, 1u);
}

TEST_F(EngineHomeTest, WithoutEnforcementItOnlyCounts) {
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  ASSERT_TRUE(world_.End("end").ok());
  enforce_ = false;
  const auto loop = MakeLoop();
  loop->RunOnce();
  EXPECT_EQ(world_.tenant().Buckets()->size(), 1u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_ACTIVE);
  EXPECT_EQ(counted_at_, world_.clock()->Now());
  ASSERT_TRUE(world_.AcknowledgeDryRun(kDue).ok());
  world_.GoTo(kDue + 1);
  loop->RunOnce();
  EXPECT_EQ(world_.InStores(kOld).size(), 1u);
  EXPECT_EQ(observed_.figures().due_next_1d, 1u);
  EXPECT_EQ(observed_.audit().overdue, 1u);
  EXPECT_TRUE(world_.Certificates().empty());
}

TEST_F(EngineHomeTest, AKeyThatIsAwayIsNotReplaced) {
  ASSERT_TRUE(OpenHome().ok());
  const std::filesystem::path keys = data_dir() + "/keys/kek";
  std::filesystem::rename(keys, data_dir() + "/unmounted");
  EXPECT_TRUE(OpenHome().ok()) << "nothing is archived";
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  ASSERT_TRUE(world_.End("end").ok());
  MakeLoop()->RunOnce();
  std::filesystem::remove_all(keys);
  const absl::Status refused = OpenHome().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("is the folder of keys mounted"));
  EXPECT_FALSE(std::filesystem::exists(keys));
}

TEST_F(EngineHomeTest, TheThreadTicksAndEndsWhenAsked) {
  auto home = OpenHome();
  ASSERT_TRUE(home.ok()) << home.status();
  ASSERT_TRUE(world_.Found({"bob"}, kOld).ok());
  (*home)->Start();
  ASSERT_TRUE(world_.clock()->AwaitWaiters(1));
  EXPECT_EQ(observed_.ticks(), 1);
  ASSERT_TRUE(world_.End("end").ok());
  world_.clock()->Advance(EngineLoopOptions().interval);
  while (observed_.ticks() < 2) absl::SleepFor(absl::Milliseconds(5));
  home->reset();
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  // And again from what is there.
  home = OpenHome();
  ASSERT_TRUE(home.ok()) << home.status();
}

}  // namespace
}  // namespace rollcall

#include "agent/pipeline/batch_reducer.h"

#include <random>

#include "agent/pipeline/batch_writer.h"
#include "agent/pipeline/change_filter_sink.h"
#include "agent/pipeline/pipeline_test_util.h"
#include "agent/pipeline/spooled_runs.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

// What a host has: packages, and processes that have ended. Names stand for whole records.
struct Host {
  std::map<std::string, std::string> packages;
  // Found by the next run only.
  std::vector<std::string> ended;
};

pb::Record EndedProcess(const std::string& name) {
  pb::Record record = ProcessRecord(static_cast<uint32_t>(std::hash<std::string>()(name)), {name});
  record.mutable_scope()->set_type(pb::Scope::HOST);
  record.mutable_process()->mutable_ended_at()->set_seconds(1700000001);
  return record;
}

class BatchReducerTest : public testing::Test {
 protected:
  static constexpr char kCollector[] = "packages";

  // One run, as payloads; the filter and the writer are the real ones.
  std::vector<std::string> Run(Host* host, pb::RunResult::Status status = pb::RunResult::COMPLETE) {
    std::vector<pb::Record> records;
    for (const auto& [name, version] : host->packages) records.push_back(PackageRecord(name, version));
    for (const std::string& name : host->ended) records.push_back(EndedProcess(name));
    host->ended.clear();
    EXPECT_TRUE(RunThrough(filter_.get(), RunOf(kCollector, status), std::move(records)).ok());
    std::vector<std::string> payloads;
    for (const FakeSpool::Entry& entry : spool_.Entries()) payloads.push_back(entry.payload);
    EXPECT_TRUE(spool_.Acknowledge(UINT64_MAX).ok());
    return payloads;
  }

  static pb::Batch Parsed(const std::string& payload) {
    pb::Batch batch;
    EXPECT_TRUE(batch.ParseFromString(payload));
    return batch;
  }

  // What the backend says to the payloads; nothing if all is well.
  std::optional<pb::Resync::Cause> Deliver(const std::vector<std::string>& payloads) {
    for (const std::string& payload : payloads) {
      const pb::Batch batch = Parsed(payload);
      const pb::BatchBody body = BodyOf(batch);
      for (const pb::Record& record : body.records()) {
        if (record.has_process()) arrived_.insert(record.process().argv(0));
      }
      const std::optional<pb::Resync::Cause> cause = backend_.Apply(batch);
      if (cause.has_value()) return cause;
    }
    return std::nullopt;
  }

  static std::vector<std::string> PayloadsOf(const std::vector<SpoolItem>& items) {
    std::vector<std::string> payloads;
    for (const SpoolItem& item : items) payloads.push_back(item.payload);
    return payloads;
  }

  SetDigest BackendDigest() const {
    const ModelBackend::Unit* unit = backend_.Find({kCollector, "host"});
    return unit == nullptr ? SetDigest() : unit->digest;
  }

  FakeSpool spool_;
  UnitStates states_;
  BatchWriter writer_{[] { return 1; }, &spool_, &states_};
  std::unique_ptr<ChangeFilterSink> filter_ = std::make_unique<ChangeFilterSink>(&states_, &spool_, &writer_);
  ModelBackend backend_;
  std::set<std::string> arrived_;
  BatchReducer reducer_;
};

void Join(const std::vector<std::string>& more, std::vector<std::string>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

TEST_F(BatchReducerTest, DeltasBecomeOneFromTheFirstBaseToTheLastSet) {
  Host host{{{"a", "1"}, {"b", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  host.packages = {{"a", "2"}, {"b", "1"}, {"c", "1"}};
  Join(Run(&host), &pending);
  host.packages = {{"a", "3"}, {"c", "1"}};
  Join(Run(&host), &pending);
  host.packages = {{"a", "3"}, {"c", "2"}};
  Join(Run(&host), &pending);
  ASSERT_EQ(pending.size(), 3u);
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  ASSERT_EQ(items->size(), 1u);
  const pb::Batch one = Parsed(items->front().payload);
  EXPECT_EQ(one.mode(), pb::DELTA);
  EXPECT_EQ(one.generation(), Parsed(pending.back()).generation());
  EXPECT_EQ(one.run_result().SerializeAsString(), Parsed(pending.back()).run_result().SerializeAsString());
  EXPECT_EQ(BodyOf(one).records_size(), 2) << "the latest a and c";
  EXPECT_EQ(BodyOf(one).retired_size(), 1) << "b";
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
  EXPECT_EQ(BackendDigest(), SetDigest(Parsed(pending.back()).after()));
}

TEST_F(BatchReducerTest, CreatedAndGoneAgainIsNothing) {
  Host host{{{"a", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  host.packages["short"] = "1";
  Join(Run(&host), &pending);
  host.packages.erase("short");
  Join(Run(&host), &pending);
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  const pb::Batch one = Parsed(items->front().payload);
  EXPECT_EQ(one.body_size(), 0u);
  EXPECT_EQ(SetDigest(one.base()), SetDigest(one.after()));
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
}

TEST_F(BatchReducerTest, GoneAndThereAgainIsAChange) {
  Host host{{{"a", "1"}, {"b", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  host.packages.erase("b");
  Join(Run(&host), &pending);
  host.packages["b"] = "2";
  Join(Run(&host), &pending);
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  EXPECT_EQ(BodyOf(Parsed(items->front().payload)).retired_size(), 0);
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
}

TEST_F(BatchReducerTest, WhatCannotBeFoundAgainGoesBeforeAsARunOfItsOwn) {
  Host host{{{"a", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  for (const char* name : {"cron", "backup", "probe"}) {
    host.ended = {name};
    host.packages["a"] += "1";
    Join(Run(&host), &pending);
  }
  host.packages["z"] = "1";
  Join(Run(&host), &pending);
  ASSERT_EQ(pending.size(), 4u);
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  ASSERT_EQ(items->size(), 2u);
  EXPECT_EQ((*items)[0].entry_class, EntryClass::kKept);
  EXPECT_EQ(Parsed((*items)[0].payload).mode(), pb::MERGE);
  EXPECT_EQ(Parsed((*items)[0].payload).run_result().status(), pb::RunResult::PARTIAL);
  EXPECT_LT(Parsed((*items)[0].payload).generation(), Parsed((*items)[1].payload).generation());
  EXPECT_EQ((*items)[1].entry_class, EntryClass::kState);
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
  EXPECT_EQ(arrived_.size(), 3u);
  EXPECT_EQ(BackendDigest(), SetDigest(Parsed(pending.back()).after()));
}

TEST_F(BatchReducerTest, AGapBetweenDigestsStays) {
  Host host{{{"a", "1"}}, {}};
  std::vector<std::string> first = Run(&host);  // FULL
  host.packages["b"] = "1";
  Join(Run(&host), &first);
  host.packages["c"] = "1";
  Run(&host);  // lost
  host.packages["d"] = "1";
  Join(Run(&host), &first);
  host.packages["e"] = "1";
  Join(Run(&host), &first);
  const auto items = reducer_.Coalesce(first);
  ASSERT_TRUE(items.has_value());
  ASSERT_EQ(items->size(), 3u) << "the FULL, the one before the gap, the two after it";
  EXPECT_EQ((*items)[0].payload, first[0]);
  EXPECT_EQ((*items)[1].payload, first[1]);
  EXPECT_EQ(Deliver(PayloadsOf(*items)), pb::Resync::BASE_MISMATCH) << "as it would have been";
}

TEST_F(BatchReducerTest, AResultIsNotMadeBetterThanItWas) {
  Host host{{{"a", "1"}, {"b", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  host.packages.erase("b");
  Join(Run(&host), &pending);
  host.packages["c"] = "1";
  Join(Run(&host, pb::RunResult::PARTIAL), &pending);
  EXPECT_EQ(reducer_.Coalesce(pending), std::nullopt) << "a partial run cannot retire b";
  host.packages["d"] = "1";
  Join(Run(&host, pb::RunResult::PARTIAL), &pending);
  Join(Run(&host, pb::RunResult::FAILED), &pending);
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  ASSERT_EQ(items->size(), 2u);
  EXPECT_EQ(Parsed(items->back().payload).run_result().status(), pb::RunResult::FAILED);
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
  EXPECT_EQ(BackendDigest(), SetDigest(Parsed(pending.back()).after()));
}

TEST_F(BatchReducerTest, MergesAreJoined) {
  std::vector<std::string> pending;
  for (int i = 0; i < 3; ++i) {
    Host host{{{absl::StrCat("p", i), "1"}}, {absl::StrCat("ended", i)}};
    Join(Run(&host, pb::RunResult::PARTIAL), &pending);
  }
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ(items->front().entry_class, EntryClass::kEvents);
  EXPECT_EQ(BodyOf(Parsed(items->front().payload)).records_size(), 6);
}

TEST_F(BatchReducerTest, ARunThatIsNotWholeIsLeftAloneAtTheEndAndForgottenBefore) {
  Host host{{{"a", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  for (const char* version : {"2", "3", "4"}) {
    host.packages["a"] = version;
    Join(Run(&host), &pending);
  }
  pb::Batch cut = Parsed(pending.back());
  cut.set_last(false);
  cut.clear_run_result();
  pending.back() = cut.SerializeAsString();
  EXPECT_FALSE(reducer_.EndsRun(pending.back()));
  EXPECT_EQ(reducer_.Coalesce(pending), std::nullopt);
  std::swap(pending[1], pending[2]);  // its generation never went on
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
}

TEST_F(BatchReducerTest, KeepCutsOutWhatCannotBeFoundAgainAndFitsAnySet) {
  Host host{{{"a", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  host.packages["lost"] = "1";
  Run(&host);  // so the next one's base is not what the backend has
  std::vector<std::string> pending;
  host.ended = {"cron"};
  Join(Run(&host), &pending);
  host.ended = {"backup", "probe"};
  Join(Run(&host), &pending);
  Join(Run(&host), &pending);
  const std::vector<SpoolItem> kept = reducer_.Keep(pending, pending.back());
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].entry_class, EntryClass::kKept);
  EXPECT_EQ(Parsed(kept[0].payload).generation(), Parsed(pending.back()).generation());
  EXPECT_EQ(Parsed(kept[0].payload).mode(), pb::MERGE);
  EXPECT_EQ(Deliver(PayloadsOf(kept)), std::nullopt);
  EXPECT_EQ(arrived_, (std::set<std::string>{"backup", "cron", "probe"}));
  EXPECT_EQ(Deliver(PayloadsOf(kept)), std::nullopt) << "twice does no harm";
}

TEST_F(BatchReducerTest, KeepTakesMoreThanIsUnpackedAtOnce) {
  Host host{{}, {}};
  std::vector<std::string> pending;
  size_t unpacked = 0;
  int runs = 0;
  for (; unpacked <= BatchReducer::kMaxUnpackedBytes; ++runs) {
    for (int i = 0; i < 6; ++i) {
      host.packages[absl::StrCat("large", i)] = absl::StrCat(runs, std::string(500 << 10, 'x'));
    }
    host.ended = {absl::StrCat("job", runs)};
    const std::vector<std::string> payloads = Run(&host);
    for (const std::string& payload : payloads) unpacked += Parsed(payload).body_size();
    Join(payloads, &pending);
    ASSERT_LT(runs, 20);
  }
  std::set<std::string> jobs;
  for (const SpoolItem& item : reducer_.Keep(pending, pending.back())) {
    const pb::BatchBody body = BodyOf(Parsed(item.payload));
    for (const pb::Record& record : body.records()) jobs.insert(record.process().argv(0));
  }
  EXPECT_EQ(jobs.count("job0"), 1u);
  EXPECT_EQ(jobs.size(), static_cast<size_t>(runs)) << "of all runs";
}

TEST_F(BatchReducerTest, LargeRunsAreCutAgain) {
  Host host{{{"a", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  std::vector<std::string> pending;
  for (int run = 0; run < 4; ++run) {
    for (int i = 0; i < 400; ++i) host.packages[absl::StrCat("p", run * 200 + i)] = absl::StrCat(run);
    Join(Run(&host), &pending);
  }
  const auto items = reducer_.Coalesce(pending);
  ASSERT_TRUE(items.has_value());
  EXPECT_EQ(items->size(), 2u) << "1,000 packages";
  EXPECT_EQ(Deliver(PayloadsOf(*items)), std::nullopt);
  EXPECT_EQ(BackendDigest(), SetDigest(Parsed(pending.back()).after()));
}

TEST_F(BatchReducerTest, ARunThatLacksAPartIsNotFolded) {
  Host host{{{"a", "1"}}, {}};
  ASSERT_EQ(Deliver(Run(&host)), std::nullopt);
  for (int i = 0; i < 600; ++i) host.packages[absl::StrCat("p", i)] = "1";
  std::vector<std::string> pending = Run(&host);
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_TRUE(reducer_.BeginsRun(pending[0]));
  EXPECT_FALSE(reducer_.BeginsRun(pending[1]));
  for (const char* version : {"2", "3"}) {
    host.packages["a"] = version;
    Join(Run(&host), &pending);
  }
  ASSERT_TRUE(reducer_.Coalesce(pending).has_value());
  pending.erase(pending.begin());
  EXPECT_EQ(reducer_.Coalesce(pending), std::nullopt) << "a receiver may have the first part";
  EXPECT_FALSE(reducer_.BeginsRun("\xff\xff no batch"));
}

TEST_F(BatchReducerTest, WhatIsNoBatchIsLeftAlone) {
  Host host{{{"a", "1"}}, {}};
  Run(&host);
  std::vector<std::string> pending;
  for (const char* version : {"2", "3"}) {
    host.packages["a"] = version;
    Join(Run(&host), &pending);
  }
  ASSERT_TRUE(reducer_.Coalesce(pending).has_value());
  std::vector<std::string> damaged = pending;
  damaged[0] = "\xff\xff no batch";
  EXPECT_EQ(reducer_.Coalesce(damaged), std::nullopt);
  EXPECT_TRUE(reducer_.Keep(damaged, damaged.back()).empty());
  pb::Batch batch = Parsed(pending[0]);
  batch.mutable_body()->resize(batch.body().size() / 2);
  damaged[0] = batch.SerializeAsString();
  EXPECT_EQ(reducer_.Coalesce(damaged), std::nullopt);
  batch.set_body_size(UINT32_MAX);
  damaged[0] = batch.SerializeAsString();
  EXPECT_EQ(reducer_.Coalesce(damaged), std::nullopt) << "a size that nobody declared in earnest";
  EXPECT_EQ(reducer_.Coalesce({}), std::nullopt);
}

// Whatever happened on the host, however often it is folded: one backend gets everything, another
// what is left, and they agree.
TEST_F(BatchReducerTest, RandomHistoriesLeadToTheSameSet) {
  std::mt19937 random(7);
  const auto below = [&](uint32_t bound) { return random() % bound; };
  for (int history = 0; history < 60; ++history) {
    ModelBackend everything;
    backend_ = ModelBackend();
    filter_ = std::make_unique<ChangeFilterSink>(&states_, &spool_, &writer_);
    arrived_.clear();
    Host host;
    std::vector<std::string> pending;
    std::vector<std::string> all;
    std::set<std::string> ended;
    for (int run = 0; run < 25; ++run) {
      for (uint32_t i = below(5); i > 0; --i) host.packages[absl::StrCat("p", below(12))] = absl::StrCat(below(3));
      for (uint32_t i = below(4); i > 0; --i) host.packages.erase(absl::StrCat("p", below(12)));
      for (uint32_t i = below(3); i > 0; --i) host.ended.push_back(absl::StrCat("e", history, "-", run, "-", i));
      ended.insert(host.ended.begin(), host.ended.end());
      const bool complete = run == 0 || below(6) > 0;
      const std::vector<std::string> payloads = Run(&host, complete ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL);
      Join(payloads, &all);
      Join(payloads, &pending);
      if (below(4) != 0) continue;
      if (const auto items = reducer_.Coalesce(pending); items.has_value()) {
        EXPECT_LT(items->size(), pending.size());
        // As the spool does: what is kept stays where it is, what follows may be folded again.
        pending.clear();
        for (const SpoolItem& item : *items) {
          pending.push_back(item.payload);
          if (item.entry_class != EntryClass::kKept) continue;
          ASSERT_EQ(Deliver(pending), std::nullopt);
          pending.clear();
        }
        if (below(3) == 0) {
          ASSERT_EQ(Deliver(pending), std::nullopt) << history << "/" << run;
          pending.clear();
        }
      }
    }
    for (const std::string& payload : all) ASSERT_EQ(everything.Apply(Parsed(payload)), std::nullopt);
    ASSERT_EQ(Deliver(pending), std::nullopt) << history;
    EXPECT_EQ(BackendDigest(), everything.Find({kCollector, "host"})->digest);
    EXPECT_EQ(arrived_, ended) << "each of them arrived";
  }
}

}  // namespace
}  // namespace rollcall

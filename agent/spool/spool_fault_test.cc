// Operations of the disk that fail: each in turn, in every way, in a scripted run of an agent. What must
// hold each time: the process goes on, and a unit that is not marked leads the backend to what the
// host has, now, after a restart and after a power loss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/spool/testing/spool_host.h"

namespace rollcall {
namespace {

using ::testing::IsEmpty;

constexpr DirectorySpoolOptions kOptions{.max_bytes = 8 * 1024,
                                         .segment_bytes = 1024,
                                         .min_free_bytes = 1 << 20,
                                         .marks_slot_bytes = 1024,
                                         .coalesce_after = 5};

// A working day: more than fits, folded, dropped, acknowledged and asked for again. Says what was wrong
// on the way.
void Work(SpoolHost& host) {
  for (int i = 0; i < 48; ++i) {
    host.ChangeAndAppend(i % 6 == 5);
    if (i % 5 == 2) host.AppendSample();
    if (i % 7 == 6) host.Sync();
    if (i == 15 || i == 38) host.Deliver(6, true);
    if (i == 22) host.Deliver(3, false);
    if (i == 29) host.RequestFull();
  }
}

struct Fault {
  const char* name;
  absl::Status status;
  FaultPlan::Only only;
  double written_share;
};

const Fault kFaults[] = {
    {"ENOSPC", absl::ErrnoToStatus(ENOSPC, "write"), FaultPlan::Only::kAll, 0.5},
    {"EDQUOT", absl::ErrnoToStatus(EDQUOT, "write"), FaultPlan::Only::kAll, 0.5},
    {"EIO", absl::DataLossError("write: input/output error"), FaultPlan::Only::kAll, 0.5},
    {"EROFS", absl::ErrnoToStatus(EROFS, "write"), FaultPlan::Only::kAll, 0},
    {"a write of nothing", absl::ErrnoToStatus(ENOSPC, "write"), FaultPlan::Only::kWrites, 0},
    {"a write all but its last bytes", absl::DataLossError("write: input/output error"), FaultPlan::Only::kWrites,
     0.98},
    {"a write of all that fails after", absl::DataLossError("write: input/output error"), FaultPlan::Only::kWrites, 1},
    {"a failed fsync", absl::DataLossError("sync: input/output error"), FaultPlan::Only::kSyncs, 0},
    {"a read error", absl::DataLossError("read: input/output error"), FaultPlan::Only::kReads, 0},
};

std::shared_ptr<FaultPlan> PlanOf(const Fault& fault, uint64_t first, uint64_t length) {
  auto plan = std::make_shared<FaultPlan>();
  plan->only = fault.only;
  plan->written_share = fault.written_share;
  plan->FailAt(first, length == UINT64_MAX ? UINT64_MAX : first + length - 1, fault.status);
  return plan;
}

// What was lost for good is known to be: reading failed, and the spool counts it.
bool KnowsOfUnreadable(DirectorySpool& spool) {
  for (const SpoolDrops& drops : spool.Stats().drops) {
    if (drops.reason == SpoolDropReason::kUnreadable) return true;
  }
  return !spool.recovery_problems().empty();
}

class SpoolFaultTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(SpoolFaultTest, EveryOperationFailsInEveryWay) {
  for (const Fault& fault : kFaults) {
    for (uint64_t first = 1;; ++first) {
      const std::string what = absl::StrCat(fault.name, " x ", GetParam(), " at operation ", first);
      SpoolHost host(1, kOptions);
      const auto plan = PlanOf(fault, first, GetParam());
      host.Start(plan);
      Work(host);
      plan->Clear();
      if (KnowsOfUnreadable(host.spool())) host.ForgiveLostEvents(host.spool());
      ASSERT_EQ(host.WhatIsWrong(host.spool()), "") << what;
      ASSERT_EQ(host.WhatDiffersInTheEnd(), "") << what << ": the process goes on";
      if (!plan->fired()) break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OnceOrForAWhile, SpoolFaultTest, ::testing::Values(1, 4, UINT64_MAX));

TEST(SpoolFaultRestartTest, ARestartAfterAFaultKnowsWhatTheProcessKnew) {
  for (const Fault& fault : kFaults) {
    for (uint64_t first = 1;; ++first) {
      const std::string what = absl::StrCat(fault.name, " at operation ", first);
      SpoolHost host(2, kOptions);
      const auto plan = PlanOf(fault, first, 1);
      host.Start(plan);
      Work(host);
      // The fault may hit this Sync, which then poisons the segment; the next one must work.
      if (!host.spool().Sync().ok()) {
        ASSERT_TRUE(host.spool().Sync().ok()) << what;
      }
      plan->Clear();
      if (KnowsOfUnreadable(host.spool())) host.ForgiveLostEvents(host.spool());
      ASSERT_EQ(host.WhatIsWrongAfterRestart(), "") << what;
      if (!plan->fired()) break;
    }
  }
}

// What could not be synced is written anew before a sync succeeds, and before what it replaced goes.
TEST(SpoolFaultRestartTest, WhatASyncThatWorksSaysSurvivesThatAnEarlierOneFailed) {
  const Fault fault = {"a failed fsync", absl::DataLossError("sync: input/output error"), FaultPlan::Only::kSyncs, 0};
  for (const uint64_t length : {1, 3}) {
    for (uint64_t first = 1;; ++first) {
      const std::string what = absl::StrCat(fault.name, " x ", length, " at operation ", first);
      SpoolHost host(4, kOptions);
      const auto plan = PlanOf(fault, first, length);
      host.Start(plan);
      Work(host);
      plan->Clear();
      host.LosePower(0);
      host.Start();
      ASSERT_EQ(host.WhatIsWrong(host.spool()), "") << what;
      ASSERT_EQ(host.WhatDiffersInTheEnd(), "") << what;
      if (!plan->fired()) break;
    }
  }
}

TEST(SpoolFaultRestartTest, AWriteThatFailedIsNoDamageOfWhatIsRewrittenLater) {
  const Fault fault = {"ENOSPC", absl::ErrnoToStatus(ENOSPC, "write"), FaultPlan::Only::kWrites, 0.5};
  for (uint64_t first = 1;; ++first) {
    const std::string what = absl::StrCat(fault.name, " at operation ", first);
    SpoolHost host(5, kOptions);
    const auto plan = PlanOf(fault, first, 1);
    host.Start(plan);
    Work(host);
    plan->Clear();
    // Until nothing is left to be given up: what was written then is rewritten.
    for (int i = 0; i < 60; ++i) host.ChangeAndAppend(true);
    host.Sync();
    host.Start();
    ASSERT_THAT(host.spool().recovery_problems(), IsEmpty()) << what;
    if (!plan->fired()) break;
  }
}

TEST(SpoolFaultRestartTest, PowerLossAtEveryOperationKeepsWhatWasSynced) {
  const Fault dead = {"no power", absl::DataLossError("no power"), FaultPlan::Only::kAll, 0.5};
  for (const size_t unsynced_bytes : {size_t{0}, size_t{13}, size_t{300}}) {
    for (uint64_t first = 1;; ++first) {
      const std::string what = absl::StrCat("power lost at operation ", first, " + ", unsynced_bytes);
      SpoolHost host(3, kOptions);
      const auto plan = PlanOf(dead, first, UINT64_MAX);  // from here on nothing reaches the disk
      host.Start(plan);
      Work(host);
      host.LosePower(unsynced_bytes);
      host.Start();
      ASSERT_EQ(host.WhatIsWrong(host.spool()), "") << what;
      ASSERT_EQ(host.WhatDiffersInTheEnd(), "") << what;
      if (!plan->fired()) break;
    }
  }
}

TEST(SpoolFaultRestartTest, FullDiskFromTheStartRefusesEntriesAndNotTheStart) {
  const SpoolUnit ports{"ports", "host"};
  const SpoolUnit packages{"os_packages", "host"};
  MemoryDisk disk;
  auto plan = std::make_shared<FaultPlan>();
  plan->FailAt(1, UINT64_MAX, absl::ResourceExhaustedError("no space"));
  auto spool = DirectorySpool::Open(WithFaults(disk.Mount(), plan), kOptions);
  ASSERT_TRUE(spool.ok());
  EXPECT_TRUE(absl::IsUnavailable((*spool)->Append(ports, "x").status()));
  EXPECT_TRUE((*spool)->NeedsFull(ports));
  EXPECT_EQ(LostEntries((*spool)->Stats(), "ports"), 1u) << "refused, and counted";
  EXPECT_FALSE((*spool)->MarkNeedsFull(packages).ok()) << "it is not durable";
  EXPECT_TRUE((*spool)->NeedsFull(packages));
  plan->Clear();
  EXPECT_TRUE((*spool)->MarkNeedsFull(packages).ok());
  EXPECT_TRUE((*spool)->Append(ports, "x").ok());
}

}  // namespace
}  // namespace rollcall

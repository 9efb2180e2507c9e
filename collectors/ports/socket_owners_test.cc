#include "collectors/ports/socket_owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/ports/fake_host_test_support.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class SocketOwnersTest : public ::testing::Test {
 protected:
  void AddProcess(uint32_t pid, uint64_t start_ticks = 500) {
    host_.AddProcess(pid, "app", FakeHost::kHostNamespace, start_ticks);
    processes_.push_back({pid, start_ticks, "app"});
  }
  SocketOwners::Owners Find(const std::unordered_set<uint64_t>& wanted) {
    const absl::StatusOr<SocketOwners::Owners> owners = owners_.Find(host_.tree, processes_, wanted, StopToken());
    EXPECT_TRUE(owners.ok()) << owners.status();
    return owners.value_or(SocketOwners::Owners());
  }

  FakeHost host_;
  std::vector<ProcessEntry> processes_;
  SocketOwners owners_;
};

TEST_F(SocketOwnersTest, FindsEveryOwnerWhateverTheDescriptorNumber) {
  AddProcess(10);
  AddProcess(20);
  AddProcess(30);
  host_.OpenSocket(10, 3, 77);
  host_.OpenSocket(20, 100'000, 77);
  host_.OpenSocket(20, 4, 77);  // a duplicate in the same process
  host_.OpenSocket(30, 5, 88);
  host_.OpenSocket(30, 6, 99);  // not wanted
  host_.tree.SetSymlink("/proc/30/fd/0", "/dev/null");
  host_.tree.SetSymlink("/proc/30/fd/1", "pipe:[77]");
  const auto owners = Find({77, 88, 1234});
  EXPECT_THAT(owners.pids, UnorderedElementsAre(Pair(77, ElementsAre(10, 20)), Pair(88, ElementsAre(30))));
  EXPECT_FALSE(owners.incomplete);
}

TEST_F(SocketOwnersTest, RescanReadsOnlyKnownListeners) {
  AddProcess(10);
  AddProcess(20);
  host_.OpenSocket(10, 3, 77);
  Find({77});
  EXPECT_EQ(owners_.walked_processes(), 2U);
  EXPECT_THAT(Find({77}).pids, UnorderedElementsAre(Pair(77, ElementsAre(10))));
  EXPECT_EQ(owners_.walked_processes(), 0U);
}

TEST_F(SocketOwnersTest, ANewProcessAloneIsWalked) {
  AddProcess(10);
  host_.OpenSocket(10, 3, 77);
  Find({77});
  AddProcess(20);  // a forked worker with the same socket
  host_.OpenSocket(20, 3, 77);
  EXPECT_THAT(Find({77}).pids, UnorderedElementsAre(Pair(77, ElementsAre(10, 20))));
  EXPECT_EQ(owners_.walked_processes(), 1U);
}

TEST_F(SocketOwnersTest, ANewSocketOfAKnownProcessIsFound) {
  AddProcess(10);
  AddProcess(20);
  Find({});
  host_.OpenSocket(20, 3, 88);
  EXPECT_THAT(Find({88}).pids, UnorderedElementsAre(Pair(88, ElementsAre(20))));
  EXPECT_EQ(owners_.walked_processes(), 2U);
}

TEST_F(SocketOwnersTest, ASocketNobodyOwnsIsNotSearchedForEveryTime) {
  AddProcess(10);
  EXPECT_THAT(Find({5}).pids, IsEmpty());
  EXPECT_THAT(Find({5}).pids, IsEmpty());
  EXPECT_EQ(owners_.walked_processes(), 0U);
  Find({5, 6});  // a second one is
  EXPECT_EQ(owners_.walked_processes(), 1U);
}

TEST_F(SocketOwnersTest, AReusedPidIsAnotherProcess) {
  AddProcess(10, 500);
  host_.OpenSocket(10, 3, 77);
  Find({77});
  processes_[0].start_ticks = 900;
  host_.CloseDescriptor(10, 3);
  EXPECT_THAT(Find({77}).pids, IsEmpty());
}

TEST_F(SocketOwnersTest, AClosedDescriptorIsNoOwner) {
  AddProcess(10);
  AddProcess(20);
  host_.OpenSocket(10, 3, 77);
  host_.OpenSocket(20, 3, 77);
  Find({77});
  host_.CloseDescriptor(20, 3);
  EXPECT_THAT(Find({77}).pids, UnorderedElementsAre(Pair(77, ElementsAre(10))));
  host_.OpenSocket(10, 3, 88);  // the number is another socket now
  EXPECT_THAT(Find({77}).pids, IsEmpty());
}

TEST_F(SocketOwnersTest, ASocketPassedToAKnownProcessIsFoundInTime) {
  AddProcess(10);
  AddProcess(20);
  host_.OpenSocket(10, 3, 77);
  Find({77});
  host_.OpenSocket(20, 9, 77);
  std::vector<uint32_t> pids;
  for (int run = 0; run < SocketOwners::kFullWalkInterval && pids.size() < 2; ++run) pids = Find({77}).pids.at(77);
  EXPECT_THAT(pids, ElementsAre(10, 20));
}

TEST_F(SocketOwnersTest, SaysThatOwnersAreMissingWithoutPermission) {
  AddProcess(10);
  AddProcess(20);
  host_.OpenSocket(20, 3, 77);
  host_.tree.SetError("/proc/10/fd", absl::PermissionDeniedError("permission denied"));
  for (int run = 0; run < 2; ++run) {
    const auto owners = Find({77, 88});
    EXPECT_TRUE(owners.incomplete);
    EXPECT_THAT(owners.pids, UnorderedElementsAre(Pair(77, ElementsAre(20))));
  }
}

TEST_F(SocketOwnersTest, ListingADescriptorWithoutBeingAllowedToFollowItIsNotEnough) {
  AddProcess(10);
  host_.OpenSocket(10, 3, 77);
  host_.tree.SetError("/proc/10/fd/3", absl::PermissionDeniedError("permission denied"));
  EXPECT_TRUE(Find({77}).incomplete);
}

TEST_F(SocketOwnersTest, AProcessThatEndsMeanwhileIsNotAProblem) {
  AddProcess(10);
  processes_.push_back({20, 500, "gone"});
  host_.OpenSocket(10, 3, 77);
  const auto owners = Find({77});
  EXPECT_FALSE(owners.incomplete);
  EXPECT_THAT(owners.pids, UnorderedElementsAre(Pair(77, ElementsAre(10))));
}

TEST_F(SocketOwnersTest, StopsWhenAsked) {
  AddProcess(10);
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(owners_.Find(host_.tree, processes_, {77}, source.token()).status()));
  host_.OpenSocket(10, 3, 77);  // and the stop must not have made the process known
  EXPECT_THAT(Find({77}).pids, UnorderedElementsAre(Pair(77, ElementsAre(10))));
}

}  // namespace
}  // namespace rollcall

#include "backend/operate/operate_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "backend/access/testing/test_access.h"
#include "backend/store/testing/fake_store.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OperateEngineTest : public ::testing::Test {
 protected:
  // A host with `count` packages of each version, on a unit whose last run was of `last_version`.
  AgentName AddHost(const std::string& tenant, int number, const std::map<std::string, int>& versions,
                    const std::string& last_version) {
    const AgentName agent{tenant, absl::StrCat("agent-", number)};
    AgentRow row;
    row.contact.agent = agent;
    row.contact.host_id = absl::StrCat("host-", number);
    row.contacted = true;
    store_.AddAgent(row);
    UnitInfo unit;
    unit.agent = agent;
    unit.collector = "os_packages";
    unit.scope.set_type(pb::Scope::HOST);
    unit.last_run.set_status(pb::RunResult::COMPLETE);
    unit.last_run.set_collector_version(last_version);
    for (const auto& [version, count] : versions) {
      for (int i = 0; i < count; ++i) AddPackage(agent, version, i);
    }
    store_.AddUnit(unit);
    return agent;
  }

  absl::Status Retract(const pb::RetractRequest& request) {
    response_.Clear();
    return engine_.Retract(TestAccess("acme", pb::RetractRequest::descriptor()), request, &response_);
  }
  static pb::RetractRequest Request(const std::string& version) {
    pb::RetractRequest request;
    request.set_purpose(pb::PROVIDE_FEATURE);
    request.set_collector("os_packages");
    request.set_collector_version(version);
    return request;
  }
  // `agent: records` of the answer.
  std::vector<std::string> Answer() const {
    std::vector<std::string> lines;
    for (const auto& unit : response_.units()) lines.push_back(absl::StrCat(unit.agent_id(), ": ", unit.records()));
    return lines;
  }

  FakeClock clock_;
  FakeStore store_;
  GuardedStore guarded_{&store_};
  OperateEngine engine_{&guarded_, &clock_};
  pb::RetractResponse response_;

 private:
  void AddPackage(const AgentName& agent, const std::string& version, int number) {
    StoredVersion stored;
    stored.agent = agent;
    stored.collector = "os_packages";
    stored.collector_version = version;
    stored.kind = pb::Record::kOsPackage;
    stored.asset_key[0] = static_cast<uint8_t>(number);
    stored.asset_key[1] = static_cast<uint8_t>(version[0]);
    stored.valid_from = stored.first_seen = stored.last_seen = clock_.Now();
    store_.AddVersion(stored);
  }
};

TEST_F(OperateEngineTest, EndsTheRecordsOfTheVersionOnEveryHostOfTheTenant) {
  AddHost("acme", 1, {{"1", 3}, {"2", 1}}, "2");
  AddHost("acme", 2, {{"2", 4}}, "2");
  AddHost("acme", 3, {{"1", 2}}, "1");
  AddHost("other", 4, {{"1", 5}}, "1");
  ASSERT_TRUE(Retract(Request("1")).ok());
  EXPECT_THAT(Answer(), ElementsAre("agent-1: 3", "agent-3: 2"));
  EXPECT_EQ(response_.units(0).host_id(), "host-1");
  EXPECT_EQ(response_.units(0).last_version(), "2");
  EXPECT_EQ(response_.units(1).last_version(), "1") << "this host will write them again";
  EXPECT_EQ(response_.next_page_token(), "");
  UnitName foreign = {{"other", "agent-4"}, "os_packages", {}};
  foreign.scope.set_type(pb::Scope::HOST);
  EXPECT_EQ(*store_.CountWrittenBy(foreign, "1"), 5u) << "another tenant's";
  ASSERT_TRUE(Retract(Request("1")).ok());
  EXPECT_THAT(Answer(), IsEmpty()) << "twice is once";
}

TEST_F(OperateEngineTest, ADryRunOnlySays) {
  AddHost("acme", 1, {{"1", 3}}, "1");
  pb::RetractRequest request = Request("1");
  request.set_dry_run(true);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Retract(request).ok());
    EXPECT_THAT(Answer(), ElementsAre("agent-1: 3"));
  }
}

TEST_F(OperateEngineTest, OneHostOnly) {
  AddHost("acme", 1, {{"1", 3}}, "1");
  AddHost("acme", 2, {{"1", 3}}, "1");
  pb::RetractRequest request = Request("1");
  request.set_host("host-2");
  ASSERT_TRUE(Retract(request).ok());
  EXPECT_THAT(Answer(), ElementsAre("agent-2: 3"));
  request.set_host("nowhere");
  EXPECT_EQ(Retract(request).code(), absl::StatusCode::kNotFound);
}

// A clock that moves three seconds each time it is asked.
class SlowClock : public FakeClock {
 public:
  absl::Duration Monotonic() const override { return absl::Seconds(3) * asked_++; }

 private:
  mutable int asked_ = 0;
};

TEST_F(OperateEngineTest, AFleetTakesSeveralCallsThatMissNothing) {
  for (int i = 1; i <= 9; ++i) AddHost("acme", i, {{"1", i}}, "1");
  SlowClock slow;
  const OperateEngine engine(&guarded_, &slow);
  for (const bool dry_run : {true, false}) {
    pb::RetractRequest request = Request("1");
    request.set_dry_run(dry_run);
    uint64_t records = 0;
    int calls = 0;
    do {
      pb::RetractResponse response;
      ASSERT_TRUE(engine.Retract(TestAccess("acme", pb::RetractRequest::descriptor()), request, &response).ok());
      for (const auto& unit : response.units()) records += unit.records();
      request.set_page_token(response.next_page_token());
      ++calls;
    } while (!request.page_token().empty());
    EXPECT_EQ(records, 45u);
    EXPECT_GT(calls, 2);
  }
}

TEST_F(OperateEngineTest, AnAccessToAMethodThatReadsChangesNothing) {
  AddHost("acme", 1, {{"1", 3}}, "1");
  const Access reading = TestAccess("acme", pb::ListRecordsRequest::descriptor());
  EXPECT_EQ(engine_.Retract(reading, Request("1"), &response_).code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(Retract(Request("1")).ok());
  EXPECT_THAT(Answer(), ElementsAre("agent-1: 3"));
}

TEST_F(OperateEngineTest, SenselessRequestsAreRefused) {
  AddHost("acme", 1, {{"1", 3}}, "1");
  pb::RetractRequest request = Request("1");
  EXPECT_EQ(Retract(Request("")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Retract(Request(std::string(65, '1'))).code(), absl::StatusCode::kInvalidArgument);
  request = Request("1");
  request.clear_collector();
  EXPECT_THAT(std::string(Retract(request).message()), HasSubstr("no collector is named"));
  request = Request("1");
  request.set_page_token("x");
  EXPECT_EQ(Retract(request).code(), absl::StatusCode::kInvalidArgument);
  request = Request("1");
  request.set_dry_run(true);
  ASSERT_TRUE(Retract(request).ok());
  EXPECT_THAT(Answer(), ElementsAre("agent-1: 3")) << "nothing was ended";
}

}  // namespace
}  // namespace rollcall

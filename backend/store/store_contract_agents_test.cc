// Tenants, agents and their contacts, and whether the store can be written.
#include <gmock/gmock.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

TEST_P(StoreContractTest, EnrollmentIsIdempotentAndNeedsATenant) {
  ASSERT_TRUE(store().EnrollAgent(agent_, start_ + absl::Hours(9)).ok());
  ASSERT_TRUE(store().AddTenant("acme", start_ + absl::Hours(9)).ok());
  EXPECT_TRUE(*store().IsEnrolled(agent_));
  EXPECT_FALSE(*store().IsEnrolled({"acme", "nobody"}));
  EXPECT_FALSE(*store().IsEnrolled({"globex", "agent-2"}));
  EXPECT_EQ(store().EnrollAgent({"nobody", "agent-1"}, start_).code(), absl::StatusCode::kNotFound);
  const auto agents = store().ListAgents("acme");
  ASSERT_EQ(agents->size(), 2);
  EXPECT_EQ(agents->front().contact.agent, agent_);
  EXPECT_EQ(agents->front().enrolled_at, start_);
  EXPECT_FALSE(agents->front().contacted);
}

AgentContact ContactOf(const AgentName& agent, const std::string& host, const std::string& boot, absl::Time at) {
  AgentContact contact;
  contact.agent = agent;
  contact.agent_version = "0.1.0";
  contact.host_id = host;
  contact.boot_id = boot;
  contact.hosting_service = "cvm:ins-1";
  contact.region = "eu";
  contact.epoch = 5;
  contact.clock_offset = absl::Milliseconds(-1500);
  contact.at = at;
  return contact;
}

TEST_P(StoreContractTest, ContactsAreKept) {
  ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", "b1", start_)).ok());
  ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", "b2", start_ + absl::Hours(1))).ok());
  Reopen();
  const AgentRow row = store().ListAgents("acme")->front();
  EXPECT_TRUE(row.contacted);
  EXPECT_EQ(row.first_contact, start_);
  EXPECT_EQ(row.last_contact, start_ + absl::Hours(1));
  EXPECT_EQ(row.contact.at, row.last_contact);
  EXPECT_EQ(row.contact.agent_version, "0.1.0");
  EXPECT_EQ(row.contact.host_id, "h");
  EXPECT_EQ(row.contact.boot_id, "b2");
  EXPECT_EQ(row.contact.hosting_service, "cvm:ins-1");
  EXPECT_EQ(row.contact.region, "eu");
  EXPECT_EQ(row.contact.epoch, 5);
  EXPECT_EQ(row.contact.clock_offset, absl::Milliseconds(-1500));
  EXPECT_FALSE(row.clone_suspected);
  EXPECT_EQ(store().RecordContact(ContactOf({"acme", "nobody"}, "h", "b", start_)).code(), absl::StatusCode::kNotFound);
}

TEST_P(StoreContractTest, IdentityThatGoesBackSuggestsAClone) {
  struct Case {
    const char* what;
    std::vector<std::pair<const char*, const char*>> host_and_boot;
    bool suspected;
  };
  const Case cases[] = {
      {"one machine", {{"h", "1"}, {"h", "1"}}, false},
      {"reboots", {{"h", "1"}, {"h", "2"}, {"h", "3"}, {"h", "3"}}, false},
      {"reinstalled", {{"h", "1"}, {"i", "2"}}, false},
      {"boot id goes back", {{"h", "1"}, {"h", "2"}, {"h", "1"}}, true},
      {"host id goes back", {{"h", "1"}, {"i", "2"}, {"h", "3"}}, true},
      {"three machines", {{"h", "1"}, {"h", "2"}, {"h", "3"}, {"h", "1"}}, true},
      {"unknown is not a value", {{"h", "1"}, {"", ""}, {"h", "1"}}, false},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    const AgentName agent{"acme", absl::StrCat("clone-", i)};
    ASSERT_TRUE(store().EnrollAgent(agent, start_).ok());
    absl::Time at = start_;
    for (const auto& [host, boot] : cases[i].host_and_boot) {
      ASSERT_TRUE(store().RecordContact(ContactOf(agent, host, boot, at)).ok());
      at += absl::Minutes(1);
    }
    const auto agents = store().ListAgents("acme");
    const auto row = std::find_if(agents->begin(), agents->end(),
                                  [&](const AgentRow& candidate) { return candidate.contact.agent == agent; });
    EXPECT_EQ(row->clone_suspected, cases[i].suspected) << cases[i].what;
  }
}

TEST_P(StoreContractTest, CloneSuspicionEnds) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", i == 1 ? "2" : "1", start_ + absl::Minutes(i))).ok());
  }
  EXPECT_TRUE(store().ListAgents("acme")->front().clone_suspected);
  ASSERT_TRUE(store().RecordContact(ContactOf(agent_, "h", "1", start_ + kCloneSuspicionPeriod)).ok());
  EXPECT_TRUE(store().ListAgents("acme")->front().clone_suspected);
  ASSERT_TRUE(
      store().RecordContact(ContactOf(agent_, "h", "1", start_ + kCloneSuspicionPeriod + absl::Minutes(2))).ok());
  EXPECT_FALSE(store().ListAgents("acme")->front().clone_suspected);
}

TEST_P(StoreContractTest, CheckWritable) {
  EXPECT_TRUE(store().CheckWritable().ok());
  EXPECT_TRUE(store().CheckWritable().ok());
}

}  // namespace
}  // namespace rollcall

#include "backend/store/store_property_test.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST_P(StorePropertyTest, AgreesWithTheModelAtEveryInstant) {
  for (int i = 0; i < 2000; ++i) {
    RandomRun();
    if (HasFatalFailure()) return;
    if (i % 100 != 99) continue;
    for (const AgentName& agent : {agent_, other_agent_, other_tenant_}) {
      ASSERT_EQ(StoredAt(agent, std::nullopt), ExpectedAt(agent, now_));
      const absl::Time past = start_ + absl::Seconds(static_cast<int64_t>(Pick(static_cast<size_t>(i) * 60 + 60)));
      ASSERT_EQ(StoredAt(agent, past), ExpectedAt(agent, past)) << past;
    }
  }
  for (const auto& [key, unit] : model_) {
    EXPECT_EQ(Unit(key.agent, key.collector).digest, unit.Digest());
    EXPECT_EQ(Unit(key.agent, key.collector).generation, unit.generation);
    for (const auto& [name, versions] : unit.history) {
      std::vector<StoredVersion> stored;
      const auto history = store().History(key.agent.tenant, TestKey(name));
      ASSERT_TRUE(history.ok()) << history.status();
      for (const StoredVersion& version : *history) {
        if (version.agent == key.agent && version.collector == key.collector) stored.push_back(version);
      }
      ASSERT_EQ(stored.size(), versions.size());
      for (size_t i = 0; i < stored.size(); ++i) {
        EXPECT_EQ(stored[i].payload, versions[i].content);
        EXPECT_EQ(stored[i].valid_from, versions[i].from);
        EXPECT_EQ(stored[i].ended_at, versions[i].to);
        EXPECT_EQ(stored[i].first_seen, versions.front().from);
      }
    }
  }
}

}  // namespace
}  // namespace rollcall

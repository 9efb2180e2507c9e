#include "tests/e2e/delivered.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <tuple>

#include "backend/store/sqlite/sqlite_store.h"
#include "proto/kind_registry.h"
#include "proto/set_digest.h"

namespace rollcall {
namespace {

void ExpectCleanHistory(Store& store, const std::string& tenant, const AssetKey& key) {
  const auto history = store.History(tenant, key);
  ASSERT_TRUE(history.ok()) << history.status();
  int without_end = 0;
  for (size_t i = 0; i < history->size(); ++i) {
    without_end += (*history)[i].ended_at.has_value() ? 0 : 1;
    const bool repeats = i > 0 && (*history)[i].fingerprint == (*history)[i - 1].fingerprint &&
                         (*history)[i - 1].end_reason == pb::StoredRecord::CHANGED;
    EXPECT_FALSE(repeats) << "a version was written twice";
    if (i == 0) continue;
    EXPECT_LE((*history)[i - 1].ended_at.value_or(absl::InfiniteFuture()), (*history)[i].valid_from)
        << "two versions at one time";
  }
  EXPECT_EQ(without_end, 1);
}

}  // namespace

void ExpectNothingDoubled(Store& store, const std::string& tenant) {
  std::map<std::pair<std::string, std::string>, SetDigest> digests;  // by agent and collector, of the host's scope
  std::string cursor;
  do {
    const auto page = store.Scan({.tenant = tenant}, cursor, 1000);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const StoredVersion& current : page->versions) {
      ExpectCleanHistory(store, tenant, current.asset_key);
      if (IsSampleKind(current.kind)) continue;  // in no digest
      digests[{current.agent.agent_id, current.collector}].Add(current.asset_key, current.fingerprint);
    }
    cursor = page->next_cursor;
  } while (!cursor.empty());
  const auto units = store.ListUnits(tenant, "");
  ASSERT_TRUE(units.ok()) << units.status();
  EXPECT_FALSE(units->empty());
  for (const UnitInfo& unit : *units) {
    const SetDigest computed = digests[std::pair(unit.agent.agent_id, unit.collector)];
    EXPECT_TRUE(unit.digest == computed) << unit.collector << ": the store's digest says " << unit.digest.count()
                                         << " records, there are " << computed.count();
  }
}

void ExpectNothingDoubled(const std::string& data_dir) {
  std::string database;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir)) {
    if (entry.path().extension() == ".db") database = entry.path().string();
  }
  const auto store = SqliteStore::Open({.path = database});
  ASSERT_TRUE(store.ok()) << store.status();
  ExpectNothingDoubled(**store);
}

}  // namespace rollcall

// The SQLite engine against the suites every engine passes.
#include <gtest/gtest.h>

#include "backend/store/sqlite/sqlite_store.h"
#include "backend/store/store_bucket_property_test.h"
#include "backend/store/store_bucket_test.h"
#include "backend/store/store_contract_test.h"
#include "backend/store/store_property_test.h"

namespace rollcall {
namespace {

StoreEngine Sqlite() {
  return {"Sqlite",
          [](const std::string& folder) -> std::unique_ptr<Store> {
            auto store = SqliteStore::Open({folder + "/rollcall.db"});
            EXPECT_TRUE(store.ok()) << store.status();
            if (!store.ok()) return nullptr;
            return *std::move(store);
          },
          [](Store* store) { return static_cast<SqliteStore*>(store); }};
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContractTest, testing::Values(Sqlite()), StoreEngineName);
INSTANTIATE_TEST_SUITE_P(Engines, StoreBucketTest, testing::Values(Sqlite()), StoreEngineName);
INSTANTIATE_TEST_SUITE_P(Engines, StoreBucketPropertyTest, testing::Values(Sqlite()), StoreEngineName);
INSTANTIATE_TEST_SUITE_P(Engines, StorePropertyTest, testing::Values(Sqlite()), StoreEngineName);

}  // namespace
}  // namespace rollcall

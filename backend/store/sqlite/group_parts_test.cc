// Runs in parts, applied in groups: as if each batch had come alone, but without the detour.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "backend/store/store_contract_test.h"

namespace rollcall {
namespace {

const AgentName kAgent{"acme", "agent-1"};
const AgentName kOther{"acme", "agent-2"};

// A store in a folder of its own.
class OwnStore {
 public:
  OwnStore() {
    folder_ = testing::TempDir() + "/group_parts_XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    store_ = SqliteStore::Open({path()}).value();
    EXPECT_TRUE(store_->AddTenant("acme", absl::UnixEpoch()).ok());
    for (const AgentName& agent : {kAgent, kOther}) EXPECT_TRUE(store_->EnrollAgent(agent, absl::UnixEpoch()).ok());
  }
  ~OwnStore() { std::filesystem::remove_all(folder_); }

  SqliteStore* operator->() { return store_.get(); }

  // `verdict cause` of each batch of the group.
  std::vector<std::string> Apply(absl::Span<const PreparedBatch> group) {
    std::vector<std::string> answers;
    const auto outcomes = store_->ApplyGroup(group);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    if (!outcomes.ok()) return answers;
    for (const ApplyOutcome& outcome : *outcomes) {
      answers.push_back(absl::StrCat(static_cast<int>(outcome.verdict), " ", pb::Resync::Cause_Name(outcome.cause), " ",
                                     outcome.inserted, " ", outcome.changed, " ", outcome.retired, " ",
                                     outcome.digest.low()));
    }
    return answers;
  }

  // Every record, and every staged part, as text.
  std::vector<std::string> Everything() {
    std::vector<std::string> all;
    const ScanPage page = store_->Scan({.tenant = "acme"}, "", 100000).value();
    for (const StoredVersion& version : page.versions) {
      all.push_back(absl::StrCat(version.agent.agent_id, " ", version.collector, " ", version.payload));
    }
    auto connection = Connection::Open(path(), Connection::Mode::kReadOnly).value();
    Statement rows = connection->Prepare("SELECT unit_id, hex(run), part, hex(body) FROM staged_part ORDER BY 1, 2, 3");
    while (rows.Step().value()) {
      all.push_back(absl::StrCat("staged ", rows.ColumnInt(0), " ", rows.ColumnText(1), " ", rows.ColumnInt(2), " ",
                                 rows.ColumnText(3)));
    }
    return all;
  }

 private:
  std::string path() const { return folder_ + "/rollcall.db"; }

  std::string folder_;
  std::unique_ptr<SqliteStore> store_;
};

RunBuilder Packages(uint64_t generation, int count, const std::string& value) {
  RunBuilder run(kAgent, "packages", generation);
  for (int i = 0; i < count; ++i) run.Record(absl::StrCat("asset", i), value);
  return run;
}

TEST(GroupPartsTest, ARunThatComesWholeWritesItsRecordsOnly) {
  OwnStore store;
  store.Apply({Packages(1, 30, "1").Batch()});
  const int64_t before = store->rows_written();
  store.Apply(Packages(2, 60, "1").Parts(3));
  // Thirty new records, their count by kind, the unit.
  EXPECT_EQ(store->rows_written() - before, 32);
}

TEST(GroupPartsTest, ARefusedRunsPartsOutliveTheGroup) {
  OwnStore store;
  store.Apply({Packages(1, 3, "1").Batch()});
  const std::vector<PreparedBatch> parts =
      Packages(2, 6, "2").Base(Packages(1, 9, "9").OwnDigest()).After(Packages(2, 6, "2").OwnDigest()).Parts(3);
  const std::vector<std::string> answers = store.Apply(parts);
  EXPECT_THAT(answers.back(), testing::HasSubstr("BASE_MISMATCH"));
  EXPECT_EQ(store.Apply({parts[2]}).front(), answers.back()) << "the last part alone is answered alike";
}

// Random parts of random runs, some missing, repeated, out of order or against a wrong base: a store
// that takes them in groups answers and ends as one that takes them one by one.
TEST(GroupPartsTest, GroupsAreAsGoodAsSingleBatches) {
  std::mt19937_64 random(7);
  const auto below = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
  OwnStore singles;
  OwnStore groups;
  uint64_t generation = 0;
  std::vector<PreparedBatch> waiting;
  for (int round = 0; round < 300; ++round) {
    for (size_t runs = 1 + below(3); runs > 0; --runs) {
      RunBuilder run(below(2) == 0 ? kAgent : kOther, below(2) == 0 ? "packages" : "ports", ++generation - below(2));
      run.Epoch(1 + generation / 200);
      for (size_t i = below(9); i > 0; --i) run.Record(absl::StrCat("asset", below(12)), absl::StrCat(below(3)));
      if (below(4) == 0) run.Base(SetDigest()).After(run.OwnDigest());
      for (PreparedBatch& part : run.Parts(static_cast<uint32_t>(1 + below(4)))) {
        const size_t fate = below(12);
        if (fate == 0) continue;
        if (fate == 1) waiting.push_back(part);
        waiting.push_back(std::move(part));
      }
    }
    if (below(5) == 0 && waiting.size() > 1) std::swap(waiting[below(waiting.size())], waiting[below(waiting.size())]);
    const size_t take = below(waiting.size() + 1);
    const std::vector<PreparedBatch> group(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(take));
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(take));
    std::vector<std::string> alone;
    for (const PreparedBatch& batch : group) alone.push_back(singles.Apply({batch}).front());
    ASSERT_EQ(groups.Apply(group), alone) << "round " << round;
    ASSERT_EQ(groups.Everything(), singles.Everything()) << "round " << round;
  }
}

}  // namespace
}  // namespace rollcall

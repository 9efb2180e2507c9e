#include "backend/access/guarded_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "backend/access/testing/test_access.h"
#include "backend/store/testing/fake_store.h"
#include "proto/kind_registry.h"
#include "rollcall/v1/operate.pb.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Hosts for the feature, packages for the feature and for whom the data is about, accounts for the latter only.
const pb::KindOptions* MadeUpKinds(int kind) {
  static const auto* const kinds = [] {
    auto* made = new std::map<int, pb::KindOptions>;
    (*made)[pb::Record::kHost].add_purposes(pb::PROVIDE_FEATURE);
    (*made)[pb::Record::kOsPackage].add_purposes(pb::PROVIDE_FEATURE);
    (*made)[pb::Record::kOsPackage].add_purposes(pb::DATA_SUBJECT_REQUEST);
    (*made)[pb::Record::kAccount].add_purposes(pb::DATA_SUBJECT_REQUEST);
    return made;
  }();
  const auto it = kinds->find(kind);
  return it == kinds->end() ? nullptr : &it->second;
}

constexpr int kUnknownKind = 4711;

class GuardedStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tenant : {"acme", "other"}) {
      const AgentName agent{tenant, absl::StrCat("agent-of-", tenant)};
      AgentRow row;
      row.contact.agent = agent;
      store_.AddAgent(row);
      UnitInfo unit;
      unit.agent = agent;
      unit.collector = "os_packages";
      store_.AddUnit(unit);
      Add(agent, pb::Record::kHost, 0x10);
      Add(agent, pb::Record::kOsPackage, 0x20);
      Add(agent, pb::Record::kAccount, 0x21);
      Add(agent, kUnknownKind, 0x30);
    }
  }
  void Add(const AgentName& agent, int kind, uint8_t first_byte) {
    StoredVersion version;
    version.agent = agent;
    version.kind = kind;
    version.collector = "os_packages";
    version.collector_version = "1";
    version.asset_key[0] = first_byte;
    store_.AddVersion(version);
  }
  static AssetKey Key(uint8_t first_byte) {
    AssetKey key{};
    key[0] = first_byte;
    return key;
  }
  static std::vector<int> KindsOf(const absl::StatusOr<ScanPage>& page) {
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<int> kinds;
    if (!page.ok()) return kinds;
    for (const StoredVersion& version : page->versions) {
      EXPECT_EQ(version.agent.tenant, "acme");
      kinds.push_back(version.kind);
    }
    return kinds;
  }

  FakeStore store_;
  GuardedStore guarded_{&store_, &MadeUpKinds};
  const Access feature_ = TestAccess("acme", pb::ListRecordsRequest::descriptor());
  const Access subject_ = TestAccess("acme", pb::ListRecordsRequest::descriptor(), pb::DATA_SUBJECT_REQUEST);
  const Access legal_ = TestAccess("acme", pb::ListRecordsRequest::descriptor(), pb::LEGAL_OBLIGATION);
};

// Nobody gets the store out of it, or what it reads without an Access.
static_assert(!std::is_convertible_v<GuardedStore, Store*>);
static_assert(!std::is_base_of_v<Store, GuardedStore>);

TEST_F(GuardedStoreTest, AScanOfAllKindsYieldsThoseThatMayBeRead) {
  EXPECT_THAT(KindsOf(guarded_.Scan(feature_, {}, "", 100)), ElementsAre(pb::Record::kHost, pb::Record::kOsPackage));
  EXPECT_THAT(KindsOf(guarded_.Scan(subject_, {}, "", 100)), ElementsAre(pb::Record::kOsPackage, pb::Record::kAccount));
  EXPECT_THAT(KindsOf(guarded_.Scan(legal_, {}, "", 100)), IsEmpty());
}

TEST_F(GuardedStoreTest, AScanOfAKindThatMayNotBeReadIsDenied) {
  for (const int kind : {static_cast<int>(pb::Record::kAccount), kUnknownKind, -1}) {
    GuardedScan query;
    query.kind = kind;
    EXPECT_EQ(guarded_.Scan(feature_, query, "", 100).status().code(), absl::StatusCode::kPermissionDenied) << kind;
  }
}

TEST_F(GuardedStoreTest, PagesAreFilteredOneByOneAndGoOn) {
  std::vector<int> kinds;
  std::string cursor;
  do {
    const auto page = guarded_.Scan(subject_, {}, cursor, 1);
    for (const int kind : KindsOf(page)) kinds.push_back(kind);
    cursor = page->next_cursor;
  } while (!cursor.empty());
  EXPECT_THAT(kinds, ElementsAre(pb::Record::kOsPackage, pb::Record::kAccount));
}

TEST_F(GuardedStoreTest, AnAgentOfAnotherTenantIsNotThere) {
  GuardedScan query;
  query.agent_ids = {"agent-of-other"};
  EXPECT_THAT(KindsOf(guarded_.Scan(feature_, query, "", 100)), IsEmpty());
  EXPECT_THAT(*guarded_.ListUnits(feature_, "agent-of-other"), IsEmpty());
  EXPECT_EQ(*guarded_.CountWrittenBy(feature_, {"agent-of-other", "os_packages", {}}, "1"), 0u);
  const Access change = TestAccess("acme", pb::RetractRequest::descriptor());
  EXPECT_EQ(*guarded_.Retract(change, {"agent-of-other", "os_packages", {}}, "1", absl::UnixEpoch()), 0u);
  EXPECT_EQ(*guarded_.Retract(change, {"agent-of-acme", "os_packages", {}}, "1", absl::UnixEpoch()), 4u);
}

TEST_F(GuardedStoreTest, KeysOfWhatMayNotBeReadAreNotFound) {
  EXPECT_THAT(*guarded_.FindAssets(feature_, "2", 6), ElementsAre(Key(0x20))) << "the account's is not";
  EXPECT_THAT(*guarded_.FindAssets(subject_, "2", 6), ElementsAre(Key(0x20), Key(0x21)));
  EXPECT_THAT(*guarded_.FindAssets(feature_, "ff", 6), IsEmpty());
  EXPECT_EQ(guarded_.FindAssets(feature_, "21", 6).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(guarded_.FindAssets(legal_, "2", 6).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(GuardedStoreTest, KeysBehindManyThatMayNotBeReadAreFound) {
  const AgentName agent{"acme", "agent-of-acme"};
  for (int i = 0; i < 40; ++i) Add(agent, pb::Record::kAccount, static_cast<uint8_t>(0x80 + i));
  Add(agent, pb::Record::kOsPackage, 0xb0);
  EXPECT_THAT(*guarded_.FindAssets(feature_, "", 3), ElementsAre(Key(0x10), Key(0x20), Key(0xb0)));
}

TEST_F(GuardedStoreTest, AHistoryIsOfKindsThatMayBeRead) {
  EXPECT_THAT(*guarded_.History(feature_, Key(0x20)), SizeIs(1));
  EXPECT_EQ(guarded_.History(feature_, Key(0x21)).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(guarded_.History(feature_, Key(0x30)).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(*guarded_.History(feature_, Key(0x77)), IsEmpty());
  // Two kinds with one key: only one of them comes.
  Add({"acme", "agent-of-acme"}, pb::Record::kAccount, 0x20);
  ASSERT_THAT(*guarded_.History(feature_, Key(0x20)), SizeIs(1));
  EXPECT_EQ(guarded_.History(feature_, Key(0x20))->front().kind, pb::Record::kOsPackage);
  EXPECT_THAT(*guarded_.History(subject_, Key(0x20)), SizeIs(2));
}

TEST_F(GuardedStoreTest, AgentsUnitsAndCountsAreForThoseWhoMayReadHosts) {
  EXPECT_THAT(*guarded_.ListAgents(feature_), SizeIs(1));
  EXPECT_THAT(*guarded_.ListUnits(feature_, ""), SizeIs(1));
  EXPECT_THAT(*guarded_.CountRecords(feature_), SizeIs(2)) << "of accounts not even how many there are";
  EXPECT_EQ(guarded_.ListAgents(subject_).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(guarded_.ListUnits(subject_, "").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(guarded_.CountRecords(subject_).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(guarded_.CountWrittenBy(subject_, {"agent-of-acme", "os_packages", {}}, "1").status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(GuardedStoreTest, AMethodThatReadsChangesNothing) {
  EXPECT_EQ(guarded_.Retract(feature_, {"agent-of-acme", "os_packages", {}}, "1", absl::UnixEpoch()).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(*guarded_.CountWrittenBy(feature_, {"agent-of-acme", "os_packages", {}}, "1"), 4u);
}

// A store that answers every tenant with another's rows.
class MixedUpStore : public FakeStore {
 public:
  absl::StatusOr<ScanPage> Scan(const ScanQuery& query, absl::string_view cursor, size_t limit) override {
    ScanQuery other = query;
    other.tenant = "other";
    return FakeStore::Scan(other, cursor, limit);
  }
  absl::StatusOr<std::vector<StoredVersion>> History(absl::string_view, const AssetKey& key) override {
    return FakeStore::History("other", key);
  }
  absl::StatusOr<std::vector<AgentRow>> ListAgents(absl::string_view) override {
    return FakeStore::ListAgents("other");
  }
  absl::StatusOr<std::vector<UnitInfo>> ListUnits(absl::string_view, absl::string_view) override {
    return FakeStore::ListUnits("other", "");
  }
};

TEST(GuardedStore, AStoreThatMixesTenantsUpIsNotBelieved) {
  MixedUpStore store;
  const AgentName agent{"other", "agent"};
  StoredVersion version;
  version.agent = agent;
  version.kind = pb::Record::kHost;
  store.AddVersion(version);
  AgentRow row;
  row.contact.agent = agent;
  store.AddAgent(row);
  UnitInfo unit;
  unit.agent = agent;
  store.AddUnit(unit);
  const GuardedStore guarded(&store);
  const Access access = TestAccess("acme", pb::ListRecordsRequest::descriptor());
  EXPECT_EQ(guarded.Scan(access, {}, "", 10).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(guarded.History(access, version.asset_key).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(guarded.ListAgents(access).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(guarded.ListUnits(access, "").status().code(), absl::StatusCode::kInternal);
}

TEST(GuardedStore, EveryDeclaredKindIsReadForItsPurposesAndNoOther) {
  FakeStore store;
  const GuardedStore guarded(&store);
  for (const Kind& kind : AllKinds()) {
    for (const pb::Purpose purpose : {pb::PROVIDE_FEATURE, pb::DATA_SUBJECT_REQUEST, pb::LEGAL_OBLIGATION}) {
      const Access access = TestAccess("acme", pb::ListRecordsRequest::descriptor(), purpose);
      bool declared = false;
      for (const int p : kind.options->purposes()) declared |= p == purpose;
      EXPECT_EQ(guarded.MayRead(access, kind.number), declared) << kind.options->name();
    }
  }
}

}  // namespace
}  // namespace rollcall

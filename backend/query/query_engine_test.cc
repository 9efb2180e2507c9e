// Queries over a store that was filled the way agents fill it.
#include "backend/query/query_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/escaping.h"
#include "backend/access/testing/test_access.h"
#include "backend/ingest/batch_validator.h"
#include "backend/ingest/testing/test_batches.h"
#include "backend/query/host_directory.h"
#include "backend/query/policy_retention.h"
#include "backend/query/record_filter.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/testing/fake_clock.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const AgentName kWeb{"acme", "11111111-9d4a-4c55-8f0e-6b1d2a7c9e10"};
const AgentName kDb{"acme", "22222222-9d4a-4c55-8f0e-6b1d2a7c9e10"};
const AgentName kForeign{"other", "33333333-9d4a-4c55-8f0e-6b1d2a7c9e10"};

// Of somebody who may do everything in the tenant, for the purpose the request names.
template <typename Request>
Access Alice(const Request& request) {
  return TestAccess("acme", Request::descriptor(), request.purpose());
}

class QueryEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall_query_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    SqliteStoreOptions options;
    options.path = folder_ + "/rollcall.db";
    store_ = SqliteStore::Open(options).value();
    guarded_ = std::make_unique<GuardedStore>(store_.get());
    retention_ = std::make_unique<PolicyRetention>(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value());
    engine_ = std::make_unique<QueryEngine>(guarded_.get(), retention_.get(), &clock_,
                                            [](const AgentName& agent) { return agent == kWeb; });
    for (const AgentName& agent : {kWeb, kDb, kForeign}) {
      ASSERT_TRUE(store_->AddTenant(agent.tenant, clock_.Now()).ok());
      ASSERT_TRUE(store_->EnrollAgent(agent, clock_.Now()).ok());
    }
    Contact(kWeb, "host-web");
    Contact(kForeign, "host-foreign");
    Report(kWeb, "host", {HostRecord("web-1", "host-web")});
    Report(kWeb, "os_packages", {Package("bash", "5.2"), Package("nginx", "1.22")});
    Report(kForeign, "os_packages", {Package("secret-package", "1")});
    clock_.Advance(absl::Hours(1));
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Contact(const AgentName& agent, const std::string& host_id) {
    AgentContact contact{agent};
    contact.host_id = host_id;
    contact.epoch = 1;
    contact.at = clock_.Now();
    ASSERT_TRUE(store_->RecordContact(contact).ok());
  }
  pb::Record HostRecord(const std::string& hostname, const std::string& host_id) {
    pb::Record record;
    record.mutable_scope()->set_type(pb::Scope::HOST);
    *record.mutable_collected_at() = ToWire(clock_.Now());
    record.mutable_host()->set_host_id(host_id);
    record.mutable_host()->set_hostname(hostname);
    record.mutable_host()->mutable_os()->set_pretty_name("Debian GNU/Linux 12");
    return record;
  }
  pb::Record Package(const std::string& name, const std::string& version) {
    pb::Record record = TestPackage(name, clock_.Now());
    record.mutable_os_package()->set_summary("about " + name);
    record.mutable_os_package()->set_upstream_version(version);
    return record;
  }
  // A complete run, through the validator as over the wire.
  void Report(const AgentName& agent, const std::string& collector, const std::vector<pb::Record>& records) {
    pb::Batch batch = TestFullBatch(1, ++generation_, records);
    batch.set_collector(collector);
    batch.mutable_run_result()->set_collector(collector);
    const ValidatedBatch valid = ValidateBatch(batch, {agent, clock_.Now(), absl::ZeroDuration()}, {});
    ASSERT_TRUE(valid.status.ok()) << valid.status;
    const auto outcome = store_->ApplyGroup({valid.batch});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(outcome->at(0).verdict, ApplyVerdict::kApplied);
  }

  absl::Status List(const std::function<void(pb::ListRecordsRequest*)>& edit, pb::ListRecordsResponse* response) {
    pb::ListRecordsRequest request;
    request.set_purpose(pb::PROVIDE_FEATURE);
    request.set_kind("os_package");
    edit(&request);
    response->Clear();
    return engine_->ListRecords(Alice(request), request, response);
  }
  static std::vector<std::string> Names(const pb::ListRecordsResponse& response) {
    std::vector<std::string> names;
    for (const pb::StoredRecord& record : response.records()) names.push_back(record.record().os_package().name());
    return names;
  }
  static void Where(const std::string& field, pb::Filter::Operator op, const std::string& value,
                    pb::ListRecordsRequest* request) {
    pb::Filter* filter = request->add_filters();
    filter->set_field(field);
    filter->set_op(op);
    filter->set_value(value);
  }
  std::string KeyOf(const std::string& package) {
    pb::ListRecordsResponse response;
    EXPECT_TRUE(List([&](auto* r) { Where("name", pb::Filter::EQUALS, package, r); }, &response).ok());
    return response.records_size() == 0 ? "" : response.records(0).record().asset_key();
  }

  FakeClock clock_;
  std::string folder_;
  uint64_t generation_ = 0;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<GuardedStore> guarded_;
  std::unique_ptr<PolicyRetention> retention_;
  std::unique_ptr<QueryEngine> engine_;
};

TEST_F(QueryEngineTest, RecordsComeWithDerivedFieldsHostAndRetention) {
  pb::ListRecordsResponse response;
  ASSERT_TRUE(List([](auto*) {}, &response).ok());
  EXPECT_THAT(Names(response), UnorderedElementsAre("bash", "nginx")) << "and none of the other tenant";
  const pb::StoredRecord& record = response.records(0);
  EXPECT_EQ(record.hostname(), "web-1");
  EXPECT_EQ(record.host_id(), "host-web");
  EXPECT_EQ(record.record().kind(), "os_package");
  EXPECT_EQ(record.record().asset_key().size(), 32u);
  EXPECT_EQ(record.record().category(), pb::ASSET_BASIC);
  EXPECT_TRUE(record.retention().has_not_before());
  EXPECT_FALSE(record.retention().has_deadline()) << "the service runs";
  EXPECT_TRUE(record.retention().has_deadline_if_ended_now());
  EXPECT_GT(record.retention().clauses_size(), 0);
}

TEST_F(QueryEngineTest, PurposeIsCheckedEverywhere) {
  pb::ListRecordsResponse records;
  for (const pb::Purpose purpose : {pb::DATA_SUBJECT_REQUEST, pb::LEGAL_OBLIGATION}) {
    EXPECT_EQ(List([&](auto* r) { r->set_purpose(purpose); }, &records).code(), absl::StatusCode::kPermissionDenied);
    pb::GetAssetRequest asset;
    asset.set_purpose(purpose);
    asset.set_asset_key(KeyOf("bash"));
    pb::GetAssetResponse asset_response;
    EXPECT_EQ(engine_->GetAsset(Alice(asset), asset, &asset_response).code(), absl::StatusCode::kPermissionDenied);
    pb::DiffHostRequest diff;
    diff.set_purpose(purpose);
    pb::DiffHostResponse diff_response;
    EXPECT_EQ(engine_->DiffHost(Alice(diff), diff, &diff_response).code(), absl::StatusCode::kPermissionDenied);
    pb::GetCoverageRequest coverage;
    coverage.set_purpose(purpose);
    pb::GetCoverageResponse coverage_response;
    EXPECT_EQ(engine_->GetCoverage(Alice(coverage), coverage, &coverage_response).code(),
              absl::StatusCode::kPermissionDenied);
  }
}

TEST_F(QueryEngineTest, FiltersOnKindAndEnvelope) {
  pb::ListRecordsResponse response;
  const struct {
    const char* field;
    pb::Filter::Operator op;
    const char* value;
    size_t found;
  } cases[] = {
      {"name", pb::Filter::EQUALS, "bash", 1},       {"name", pb::Filter::MATCHES, "^b", 1},
      {"name", pb::Filter::MATCHES, "s", 1},         {"name", pb::Filter::EQUALS, "BASH", 0},
      {"scope.type", pb::Filter::EQUALS, "HOST", 2}, {"hostname", pb::Filter::EQUALS, "web-1", 2},
      {"held", pb::Filter::EQUALS, "false", 2},      {"licence", pb::Filter::EQUALS, "", 2},
      {"collector", pb::Filter::EQUALS, "ports", 0},
  };
  for (const auto& c : cases) {
    const absl::Status status = List([&](auto* r) { Where(c.field, c.op, c.value, r); }, &response);
    ASSERT_TRUE(status.ok()) << c.field << ": " << status;
    EXPECT_EQ(Names(response).size(), c.found) << c.field << " " << c.value;
  }
}

TEST_F(QueryEngineTest, BadFiltersAreExplained) {
  pb::ListRecordsResponse response;
  const absl::Status unknown = List([](auto* r) { Where("nmae", pb::Filter::EQUALS, "x", r); }, &response);
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("name"));
  EXPECT_EQ(List([](auto* r) { Where("name", pb::Filter::MATCHES, "(", r); }, &response).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(List([](auto* r) { Where("name", pb::Filter::OPERATOR_UNSPECIFIED, "x", r); }, &response).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(List([](auto* r) { r->set_kind("nonsense"); }, &response).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(QueryEngineTest, PagesCoverEverythingOnce) {
  std::vector<pb::Record> many;
  for (int i = 0; i < 57; ++i) many.push_back(Package(absl::StrCat("p", i), "1"));
  Report(kWeb, "os_packages", many);
  std::vector<std::string> seen;
  std::string token;
  do {
    pb::ListRecordsResponse response;
    ASSERT_TRUE(List(
                    [&](auto* r) {
                      r->set_page_size(10);
                      r->set_page_token(token);
                    },
                    &response)
                    .ok());
    EXPECT_LE(response.records_size(), 10);
    for (const std::string& name : Names(response)) seen.push_back(name);
    token = response.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(seen.size(), 57u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 57u);
}

TEST_F(QueryEngineTest, AnEmptyAnswerSaysWhy) {
  pb::ListRecordsResponse response;
  ASSERT_TRUE(List([](auto* r) { r->set_kind("listening_port"); }, &response).ok());
  EXPECT_EQ(response.records_size(), 0);
  std::vector<std::string> states;
  for (const pb::UnitCoverage& unit : response.coverage()) {
    states.push_back(absl::StrCat(unit.agent_id().substr(0, 1), " ", pb::UnitCoverage::State_Name(unit.state())));
  }
  EXPECT_THAT(states, UnorderedElementsAre("1 COVERAGE_STALE", "1 COVERAGE_STALE", "2 COVERAGE_UNKNOWN"));
}

TEST_F(QueryEngineTest, HostsAreFoundByAnyOfTheirNames) {
  pb::ListRecordsResponse response;
  for (const std::string& name :
       {std::string("web-1"), std::string("web"), std::string("host-web"), kWeb.agent_id, std::string("1111")}) {
    ASSERT_TRUE(List([&](auto* r) { r->set_host(name); }, &response).ok()) << name;
    EXPECT_EQ(response.records_size(), 2) << name;
  }
  EXPECT_EQ(List([](auto* r) { r->set_host("nowhere"); }, &response).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(List([](auto* r) { r->set_host("host-foreign"); }, &response).code(), absl::StatusCode::kNotFound);
}

TEST(HostDirectory, AmbiguousPrefixesAreExplainedAndSharedNamesAreAll) {
  std::vector<HostEntry> entries(3);
  for (size_t i = 0; i < 3; ++i) entries[i].row.contact.agent = {"acme", absl::StrCat("agent-", i)};
  entries[0].hostname = "web-1";
  entries[1].hostname = "web-2";
  entries[2].hostname = "web-2";
  const HostDirectory directory(entries);
  EXPECT_EQ(directory.Resolve("web").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(directory.Resolve("web").status().message()), HasSubstr("web-1"));
  EXPECT_EQ(directory.Resolve("web-2").value().size(), 2u);
  EXPECT_EQ(directory.Resolve("web-1").value().size(), 1u);
  EXPECT_EQ(directory.Resolve("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(QueryEngineTest, HistoryDiffAndTimeTravelAgree) {
  const std::string bash = KeyOf("bash");
  const std::string nginx = KeyOf("nginx");
  const absl::Time before = clock_.Now();
  clock_.Advance(absl::Hours(1));
  Report(kWeb, "os_packages", {Package("bash", "5.3"), Package("curl", "8")});
  clock_.Advance(absl::Hours(1));

  pb::GetHistoryRequest history;
  history.set_purpose(pb::PROVIDE_FEATURE);
  history.set_asset_key(bash.substr(0, 8));
  pb::GetHistoryResponse versions;
  ASSERT_TRUE(engine_->GetHistory(Alice(history), history, &versions).ok());
  ASSERT_EQ(versions.versions_size(), 2);
  EXPECT_EQ(versions.versions(0).end_reason(), pb::StoredRecord::CHANGED);
  EXPECT_FALSE(versions.versions(1).has_ended_at());

  pb::GetAssetRequest asset;
  asset.set_purpose(pb::PROVIDE_FEATURE);
  asset.set_asset_key(nginx);
  pb::GetAssetResponse gone;
  ASSERT_TRUE(engine_->GetAsset(Alice(asset), asset, &gone).ok());
  ASSERT_EQ(gone.records_size(), 1);
  EXPECT_EQ(gone.records(0).end_reason(), pb::StoredRecord::GONE);

  pb::DiffHostRequest diff;
  diff.set_purpose(pb::PROVIDE_FEATURE);
  diff.set_host("web-1");
  *diff.mutable_from() = ToWire(before);
  pb::DiffHostResponse changes;
  ASSERT_TRUE(engine_->DiffHost(Alice(diff), diff, &changes).ok());
  std::vector<std::string> summary;
  for (const auto& change : changes.changes()) {
    summary.push_back(absl::StrCat(change.has_before() ? change.before().record().os_package().name() : "-", ">",
                                   change.has_after() ? change.after().record().os_package().name() : "-"));
  }
  EXPECT_THAT(summary, UnorderedElementsAre("bash>bash", "nginx>-", "->curl"));

  pb::ListRecordsResponse then;
  ASSERT_TRUE(List([&](auto* r) { *r->mutable_at() = ToWire(before); }, &then).ok());
  EXPECT_THAT(Names(then), UnorderedElementsAre("bash", "nginx"));
  ASSERT_TRUE(List([](auto*) {}, &then).ok());
  EXPECT_THAT(Names(then), UnorderedElementsAre("bash", "curl"));
}

TEST_F(QueryEngineTest, ARetractionMovesNoDateOfRetention) {
  Report(kWeb, "os_packages", {Package("bash", "5.2"), Package("nginx", "1.22")});
  pb::GetAssetRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  request.set_asset_key(KeyOf("bash"));
  pb::GetAssetResponse before;
  ASSERT_TRUE(engine_->GetAsset(Alice(request), request, &before).ok());
  UnitName unit = {kWeb, "os_packages", {}};
  unit.scope.set_type(pb::Scope::HOST);
  ASSERT_EQ(*store_->Retract(unit, "1", clock_.Now()), 2u);
  pb::GetAssetResponse after;
  ASSERT_TRUE(engine_->GetAsset(Alice(request), request, &after).ok());
  ASSERT_EQ(after.records_size(), 1);
  EXPECT_EQ(after.records(0).end_reason(), pb::StoredRecord::RETRACTED);
  EXPECT_TRUE(before.records(0).retention().has_not_before());
  EXPECT_EQ(after.records(0).retention().SerializeAsString(), before.records(0).retention().SerializeAsString());

  pb::GetCoverageRequest coverage;
  coverage.set_purpose(pb::PROVIDE_FEATURE);
  coverage.set_host("web-1");
  pb::GetCoverageResponse units;
  ASSERT_TRUE(engine_->GetCoverage(Alice(coverage), coverage, &units).ok());
  for (const pb::UnitCoverage& state : units.units()) {
    const bool retracted = state.collector() == "os_packages";
    EXPECT_EQ(state.state() == pb::UnitCoverage::COVERAGE_PARTIAL, retracted) << state.ShortDebugString();
  }
}

TEST_F(QueryEngineTest, AssetKeysAreCheckedAndForeignOnesDoNotExist) {
  pb::GetAssetRequest asset;
  asset.set_purpose(pb::PROVIDE_FEATURE);
  pb::GetAssetResponse response;
  for (const char* bad : {"", "abc", "xyz1", "0123456789abcdef0123456789abcdef0"}) {
    asset.set_asset_key(bad);
    EXPECT_EQ(engine_->GetAsset(Alice(asset), asset, &response).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  asset.set_asset_key("0000000000000000");
  EXPECT_EQ(engine_->GetAsset(Alice(asset), asset, &response).code(), absl::StatusCode::kNotFound);
  const AssetKey key = AssetKeyOf(Package("secret-package", "1")).value();
  asset.set_asset_key(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(key.data()), key.size())));
  EXPECT_EQ(engine_->GetAsset(Alice(asset), asset, &response).code(), absl::StatusCode::kNotFound);
}

TEST_F(QueryEngineTest, ExplainsRetentionStepByStep) {
  pb::ExplainRetentionRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  request.set_asset_key(KeyOf("bash"));
  pb::ExplainRetentionResponse response;
  ASSERT_TRUE(engine_->ExplainRetention(Alice(request), request, &response).ok());
  ASSERT_EQ(response.explanations_size(), 1);
  EXPECT_GT(response.explanations(0).steps_size(), 1);
}

TEST_F(QueryEngineTest, HostsListCountsAndConnections) {
  pb::ListHostsRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  pb::ListHostsResponse response;
  ASSERT_TRUE(engine_->ListHosts(Alice(request), request, &response).ok());
  ASSERT_EQ(response.hosts_size(), 2);
  EXPECT_EQ(response.hosts(0).hostname(), "web-1");
  EXPECT_TRUE(response.hosts(0).connected());
  EXPECT_EQ(response.hosts(0).records_by_kind().at("os_package"), 2u);
  EXPECT_FALSE(response.hosts(1).has_last_contact()) << "never connected";
}

HostEntry Entry(const std::string& agent_id, const std::string& host_id, const std::string& boot_id,
                absl::Duration first, absl::Duration last) {
  HostEntry entry;
  entry.row.contact.agent = {"acme", agent_id};
  entry.row.contact.host_id = host_id;
  entry.row.contact.boot_id = boot_id;
  entry.row.contacted = true;
  entry.row.first_contact = absl::FromUnixSeconds(1'700'000'000) + first;
  entry.row.last_contact = absl::FromUnixSeconds(1'700'000'000) + last;
  return entry;
}

TEST(MarkSharedHostIds, TellsCopiesOfADiskFromAgentsEnrolledAnew) {
  const absl::Duration day = absl::Hours(24);
  const HostEntry first = Entry("a", "h", "boot-1", 0 * day, 20 * day);
  const struct {
    const char* what;
    HostEntry second;
    bool shared;
  } kCases[] = {
      {"two machines at the same time", Entry("b", "h", "boot-2", 10 * day, 20 * day), true},
      {"another host id", Entry("b", "i", "boot-2", 10 * day, 20 * day), false},
      {"two agents on one machine", Entry("b", "h", "boot-1", 10 * day, 20 * day), false},
      {"enrolled anew, and booted since", Entry("b", "h", "boot-2", 21 * day, 30 * day), false},
      {"one of them is long gone", Entry("b", "h", "boot-2", 1 * day, 12 * day), false},
      {"nothing known", Entry("b", "", "", 10 * day, 20 * day), false},
  };
  for (const auto& c : kCases) {
    std::map<std::string, HostEntry> entries = {{"a", first}, {"b", c.second}};
    MarkSharedHostIds(&entries);
    EXPECT_EQ(entries.at("a").host_id_shared, c.shared) << c.what;
    EXPECT_EQ(entries.at("b").host_id_shared, c.shared) << c.what;
  }
}

// 100,000 copies of an image: their square would take a minute, this takes less than a second.
TEST(MarkSharedHostIds, AnImageUsedOftenDoesNotCostItsSquare) {
  std::map<std::string, HostEntry> entries;
  for (int i = 0; i < 100'000; ++i) {
    const std::string name = absl::StrCat("agent-", i);
    entries[name] = Entry(name, "h", absl::StrCat("boot-", i), absl::ZeroDuration(), absl::Hours(24));
  }
  const absl::Time begin = SystemClock().Now();
  MarkSharedHostIds(&entries);
  EXPECT_LT(SystemClock().Now() - begin, absl::Seconds(20));
  for (const auto& [name, entry] : entries) ASSERT_TRUE(entry.host_id_shared) << name;
}

TEST_F(QueryEngineTest, HostsListNamesClones) {
  for (const char* boot : {"boot-1", "boot-2"}) {
    AgentContact contact{boot == absl::string_view("boot-1") ? kWeb : kDb};
    contact.host_id = "host-web";
    contact.boot_id = boot;
    contact.at = clock_.Now();
    ASSERT_TRUE(store_->RecordContact(contact).ok());
  }
  pb::Record record = HostRecord("web-2", "host-web");
  record.mutable_host()->set_clone_of("host-golden");
  Report(kDb, "host", {record});
  pb::ListHostsRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  pb::ListHostsResponse response;
  ASSERT_TRUE(engine_->ListHosts(Alice(request), request, &response).ok());
  ASSERT_EQ(response.hosts_size(), 2);
  EXPECT_TRUE(response.hosts(0).host_id_shared());
  EXPECT_TRUE(response.hosts(1).host_id_shared());
  EXPECT_EQ(response.hosts(0).clone_of(), "");
  EXPECT_EQ(response.hosts(1).clone_of(), "host-golden");
}

}  // namespace
}  // namespace rollcall

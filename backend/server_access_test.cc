// Who may read what for which purpose, asked of the real server over gRPC and mutual TLS.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <random>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/access/audit_sink.h"
#include "backend/lifecycle/testing/lifecycle_world.h"
#include "backend/server_fixture.h"
#include "google/protobuf/text_format.h"
#include "rollcall/v1/lifecycle_service.grpc.pb.h"
#include "rollcall/v1/operate.pb.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::MethodDescriptor;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kKey[] = "20000000000000000000000000000000";

// The system's clock, moved on by hand.
class MovedClock : public SystemClock {
 public:
  absl::Time Now() const override { return SystemClock::Now() + absl::Seconds(seconds.load()); }
  std::atomic<int64_t> seconds{0};
};

// What an operator can call, from the descriptors.
std::vector<const MethodDescriptor*> MethodsOfPeople() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* file : {pb::ListHostsRequest::descriptor()->file(), pb::RetractRequest::descriptor()->file(),
                           pb::ListServicesRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
    }
  }
  return methods;
}

// Methods of Lifecycle, who may call them (viewer, operator, privacy officer, auditor) for which purposes (their
// numbers), and a request beside purpose and request id. Written down a second time, from the security model.
struct LifecycleMethod {
  const char* name;
  const char* may;
  const char* request;
};
constexpr LifecycleMethod kLifecycleMethods[] = {
    {"ListServices", "o1 p3 p4", ""},
    {"AddService", "o1", "hosting_service: 'cvm:9'"},
    {"ScheduleTermination", "o1", "subscription { feature: true } effective_at { seconds: 1717243200 }"},
    {"ChangeTermination", "o1", "subscription { feature: true } effective_at { seconds: 1719835200 }"},
    {"CancelTermination", "o1", "subscription { feature: true }"},
    {"Resume", "o1", "subscription { feature: true } effective_at { seconds: 1717243200 } expected_epoch: 1"},
    {"PlaceHold", "p4", "hold { legal_basis: 'order' review_by: '2025-01-01' }"},
    {"ApproveHold", "p4", "hold_id: 'none'"},
    {"AskRelease", "p4", "hold_id: 'none'"},
    {"ApproveRelease", "p4", "hold_id: 'none'"},
    {"ListHolds", "p4 a4", ""},
    {"RequestDeletion", "o1 p3", "reason: 'asked'"},
    {"CancelDeletion", "o1 p3", "deletion_id: 'none'"},
    {"RequestExport", "o1 p3", "reason: 'asked'"},
    {"ListRequests", "o1 p3 p4", ""},
    {"ListCertificates", "o1 p3 p4 a4", ""},
    {"GetCertificate", "o1 p3 p4 a4",
     "certificate_id: '0000000000000000000000000000000000000000000000000000000000000000'"},
    {"GetRetentionStatus", "v1 o1 p3 p4 a4", ""},
    {"MakeDryRun", "o1 p3 p4", ""},
    // These two concern all tenants: who may call them in one only is denied all the same.
    {"AcknowledgeDryRun", "", ""},
    {"ConfirmClock", "", ""},
};

const LifecycleMethod* FindLifecycleMethod(const MethodDescriptor& method) {
  for (const LifecycleMethod& known : kLifecycleMethods) {
    if (method.service()->name() == "Lifecycle" && method.name() == known.name) return &known;
  }
  return nullptr;
}

// Whether somebody with these roles may call a method of Lifecycle.
bool MayCall(const LifecycleMethod& method, const std::set<PeerRole>& roles, int purpose) {
  constexpr std::pair<PeerRole, char> kLetters[] = {{PeerRole::kViewer, 'v'},
                                                    {PeerRole::kOperator, 'o'},
                                                    {PeerRole::kPrivacyOfficer, 'p'},
                                                    {PeerRole::kAuditor, 'a'}};
  return std::any_of(std::begin(kLetters), std::end(kLetters), [&](const auto& known) {
    return roles.count(known.first) == 1 &&
           absl::StrContains(method.may, absl::StrCat(std::string(1, known.second), purpose));
  });
}

// What a call that is allowed may come to, whatever was called before.
bool IsAnswered(grpc::StatusCode code) {
  return code == grpc::StatusCode::OK || code == grpc::StatusCode::FAILED_PRECONDITION ||
         code == grpc::StatusCode::NOT_FOUND || code == grpc::StatusCode::ABORTED;
}

// A sensible request of that method: with a purpose, about what both tenants have.
std::string RequestFor(const MethodDescriptor& method, int purpose) {
  const std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
  const auto* reflection = request->GetReflection();
  const auto field = [&](const char* name) { return method.input_type()->FindFieldByName(name); };
  if (const LifecycleMethod* known = FindLifecycleMethod(method); known != nullptr) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(known->request, request.get())) << known->name;
    if (field("request_id") != nullptr) reflection->SetString(request.get(), field("request_id"), known->name);
    reflection->SetEnumValue(request.get(), field("purpose"), purpose);
    return request->SerializeAsString();
  }
  reflection->SetEnumValue(request.get(), field("purpose"), purpose);
  const std::pair<const char*, const char*> texts[] = {
      {"asset_key", kKey}, {"kind", "os_package"}, {"collector", "os_packages"}, {"collector_version", "never-ran"}};
  for (const auto& [name, text] : texts) {
    if (field(name) != nullptr) reflection->SetString(request.get(), field(name), text);
  }
  // Its seconds: any time will do.
  if (field("from") != nullptr) reflection->MutableMessage(request.get(), field("from"));
  if (field("from") != nullptr && field("host") != nullptr) {
    reflection->SetString(request.get(), field("host"), kTestAgentId);
  }
  return request->SerializeAsString();
}

class ServerAccessTest : public ServerFixture, public AuditSink {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    for (const char* tenant : {"acme", "beta"}) {
      const AgentName agent{tenant, kTestAgentId};
      EXPECT_TRUE(store_.EnrollAgent(agent, clock_.Now()).ok());
      StoredVersion version;
      version.agent = agent;
      version.collector = "os_packages";
      version.kind = pb::Record::kOsPackage;
      version.asset_key[0] = 0x20;
      version.payload = TestPackage(absl::StrCat("only-", tenant), clock_.Now()).SerializeAsString();
      version.valid_from = version.first_seen = version.last_seen = clock_.Now() - absl::Hours(1);
      store_.AddVersion(version);
    }
    ASSERT_TRUE(world_.Open().ok());
    for (const char* tenant : {"acme", "beta"}) world_.AddTenant(tenant, absl::StrCat("only-", tenant));
    lifecycle_ = std::make_unique<LifecycleEngine>(LifecycleEngineParts{
        world_.store(), world_.ledger(), &signer_, &world_.policy(), [this] { return world_.Reading(); }});
    auto server = BackendServer::Start(options_, ServerParts{&store_, &retention_, &moved_, &logger_, &metrics_,
                                                             static_cast<AuditSink*>(this), lifecycle_.get()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  absl::Status Record(const AuditEvent& event) override {
    const std::lock_guard lock(events_mutex_);
    if (!audit_failure_.ok()) return audit_failure_;
    events_.push_back(event);
    return absl::OkStatus();
  }
  std::vector<AuditEvent> TakeEvents() {
    const std::lock_guard lock(events_mutex_);
    return std::exchange(events_, {});
  }
  void FailAudit(absl::Status status) {
    const std::lock_guard lock(events_mutex_);
    audit_failure_ = std::move(status);
  }

  std::shared_ptr<grpc::Channel> ConnectWith(const std::vector<PeerIdentity>& identities) {
    return Connect(authority_.IssuePerson(identities, validity_).value());
  }

  struct Answer {
    grpc::StatusCode code;
    std::string message;
    std::string bytes;
  };
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  static Answer Call(const std::shared_ptr<grpc::Channel>& channel, const MethodDescriptor& method, int purpose,
                     const Metadata& metadata = {}) {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(InOneMinute());
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    const grpc::Slice slice(RequestFor(method, purpose));
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, absl::StrCat("/", method.service()->full_name(), "/", method.name()), grpc::StubOptions(),
                   &request, &response, [&](grpc::Status status) { done.set_value(std::move(status)); });
    const grpc::Status status = done.get_future().get();
    Answer answer{status.error_code(), status.error_message(), ""};
    std::vector<grpc::Slice> slices;
    if (status.ok() && response.Dump(&slices).ok()) {
      for (const grpc::Slice& part : slices)
        answer.bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
    return answer;
  }
  static const MethodDescriptor& Method(const char* name) {
    for (const MethodDescriptor* method : MethodsOfPeople()) {
      if (method->name() == name) return *method;
    }
    ADD_FAILURE() << name;
    return *MethodsOfPeople().front();
  }

  void TearDown() override {
    // Before what it works on.
    server_.reset();
    ServerFixture::TearDown();
  }

  MovedClock moved_;
  LifecycleWorld world_;
  const NoteSigner signer_ = *NoteSigner::Generate("rollcall.example.com/ledger");
  std::unique_ptr<LifecycleEngine> lifecycle_;
  std::mutex events_mutex_;
  std::vector<AuditEvent> events_;
  absl::Status audit_failure_;
};

TEST_F(ServerAccessTest, NoMethodAnswersAnAgentOrAPurposeThatIsNone) {
  const auto agent = ConnectAgent();
  const auto person = ConnectWith({{"acme", PeerRole::kOperator, "alice"},
                                   {"acme", PeerRole::kPrivacyOfficer, "alice"},
                                   {"acme", PeerRole::kAuditor, "alice"}});
  size_t denied = 0;
  for (const MethodDescriptor* method : MethodsOfPeople()) {
    EXPECT_EQ(Call(agent, *method, pb::PROVIDE_FEATURE).code, grpc::StatusCode::PERMISSION_DENIED)
        << method->full_name();
    ++denied;
    for (const int purpose : {0, 2, 5, 77, -1}) {
      const Answer answer = Call(person, *method, purpose);
      EXPECT_EQ(answer.code, grpc::StatusCode::PERMISSION_DENIED) << method->full_name() << ' ' << purpose;
      EXPECT_THAT(answer.bytes, IsEmpty());
      ++denied;
    }
  }
  EXPECT_EQ(TakeEvents().size(), denied) << "one event for each";
  EXPECT_THAT(metrics_.Text(), HasSubstr("rollcall_purpose_denied_total{method=\"ListRecords\"} 6"));
}

TEST_F(ServerAccessTest, EachRoleMayWhatTheTableSays) {
  struct Case {
    PeerRole role;
    const char* method;
    int purpose;
    grpc::StatusCode code;
  };
  constexpr auto kOk = grpc::StatusCode::OK;
  constexpr auto kDenied = grpc::StatusCode::PERMISSION_DENIED;
  const Case cases[] = {
      {PeerRole::kViewer, "ListRecords", pb::PROVIDE_FEATURE, kOk},
      {PeerRole::kViewer, "ListRecords", pb::DATA_SUBJECT_REQUEST, kDenied},
      {PeerRole::kViewer, "Retract", pb::PROVIDE_FEATURE, kDenied},
      {PeerRole::kOperator, "GetHistory", pb::PROVIDE_FEATURE, kOk},
      {PeerRole::kOperator, "Retract", pb::PROVIDE_FEATURE, kOk},
      {PeerRole::kOperator, "Retract", pb::LEGAL_OBLIGATION, kDenied},
      {PeerRole::kPrivacyOfficer, "ListRecords", pb::PROVIDE_FEATURE, kDenied},
      {PeerRole::kPrivacyOfficer, "Retract", pb::PROVIDE_FEATURE, kDenied},
      // The role may, the kind may not: found out where rows are read.
      {PeerRole::kPrivacyOfficer, "ListRecords", pb::DATA_SUBJECT_REQUEST, kDenied},
      {PeerRole::kPrivacyOfficer, "GetAsset", pb::LEGAL_OBLIGATION, kDenied},
      {PeerRole::kAuditor, "ListRecords", pb::LEGAL_OBLIGATION, kDenied},
      {PeerRole::kAuditor, "GetCoverage", pb::PROVIDE_FEATURE, kDenied},
      {PeerRole::kViewer, "GetRetentionStatus", pb::PROVIDE_FEATURE, kOk},
      {PeerRole::kViewer, "ListServices", pb::PROVIDE_FEATURE, kDenied},
      {PeerRole::kOperator, "AddService", pb::PROVIDE_FEATURE, kOk},
      {PeerRole::kOperator, "PlaceHold", pb::LEGAL_OBLIGATION, kDenied},
      {PeerRole::kPrivacyOfficer, "PlaceHold", pb::LEGAL_OBLIGATION, kOk},
      {PeerRole::kPrivacyOfficer, "RequestDeletion", pb::DATA_SUBJECT_REQUEST, kOk},
      {PeerRole::kPrivacyOfficer, "AddService", pb::LEGAL_OBLIGATION, kDenied},
      {PeerRole::kAuditor, "ListCertificates", pb::LEGAL_OBLIGATION, kOk},
      {PeerRole::kAuditor, "ListHolds", pb::LEGAL_OBLIGATION, kOk},
      {PeerRole::kAuditor, "RequestDeletion", pb::LEGAL_OBLIGATION, kDenied},
  };
  for (const Case& c : cases) {
    const auto channel = ConnectWith({{"acme", c.role, "alice"}});
    EXPECT_EQ(Call(channel, Method(c.method), c.purpose, {{"rollcall-ticket", "T-1"}}).code, c.code)
        << PeerRoleName(c.role) << ' ' << c.method << ' ' << c.purpose;
  }
}

TEST_F(ServerAccessTest, EachRoleMayDoToATenantsLifeWhatTheTableSaysAndNothingElse) {
  for (const PeerRole role : {PeerRole::kViewer, PeerRole::kOperator, PeerRole::kPrivacyOfficer, PeerRole::kAuditor}) {
    const auto channel = ConnectWith({{"acme", role, "alice"}});
    for (const LifecycleMethod& known : kLifecycleMethods) {
      const MethodDescriptor& method = Method(known.name);
      for (const int purpose : {pb::PROVIDE_FEATURE, pb::DATA_SUBJECT_REQUEST, pb::LEGAL_OBLIGATION}) {
        const Answer answer = Call(channel, method, purpose, {{"rollcall-ticket", "T-1"}});
        EXPECT_TRUE(MayCall(known, {role}, purpose) ? IsAnswered(answer.code)
                                                    : answer.code == grpc::StatusCode::PERMISSION_DENIED)
            << PeerRoleName(role) << ' ' << known.name << ' ' << purpose << ": " << answer.message;
      }
    }
  }
}

TEST_F(ServerAccessTest, TheTenantComesFromTheCertificate) {
  const auto alice = ConnectWith({{"acme", PeerRole::kOperator, "alice"}});
  for (const MethodDescriptor* method : MethodsOfPeople()) {
    const Answer own = Call(alice, *method, pb::PROVIDE_FEATURE, {{"rollcall-tenant", "acme"}});
    const LifecycleMethod* lifecycle = FindLifecycleMethod(*method);
    const bool may = lifecycle == nullptr || MayCall(*lifecycle, {PeerRole::kOperator}, pb::PROVIDE_FEATURE);
    EXPECT_EQ(lifecycle == nullptr ? own.code == grpc::StatusCode::OK : IsAnswered(own.code), may)
        << method->full_name() << ": " << own.message;
    EXPECT_FALSE(absl::StrContains(own.bytes, "only-beta"));
    for (const char* foreign : {"beta", "ACME", "gamma", "*"}) {
      EXPECT_EQ(Call(alice, *method, pb::PROVIDE_FEATURE, {{"rollcall-tenant", foreign}}).code,
                grpc::StatusCode::PERMISSION_DENIED)
          << method->full_name() << ' ' << foreign;
    }
    const Metadata both = {{"rollcall-tenant", "acme"}, {"rollcall-tenant", "beta"}};
    EXPECT_EQ(Call(alice, *method, pb::PROVIDE_FEATURE, both).code, grpc::StatusCode::PERMISSION_DENIED);
  }
}

TEST_F(ServerAccessTest, WhoHasSeveralTenantsSaysWhich) {
  const auto alice = ConnectWith({{"acme", PeerRole::kViewer, "alice"}, {"beta", PeerRole::kOperator, "alice"}});
  const MethodDescriptor& list = Method("ListRecords");
  EXPECT_EQ(Call(alice, list, pb::PROVIDE_FEATURE).code, grpc::StatusCode::INVALID_ARGUMENT);
  const Answer acme = Call(alice, list, pb::PROVIDE_FEATURE, {{"rollcall-tenant", "acme"}});
  EXPECT_THAT(acme.bytes, HasSubstr("only-acme"));
  EXPECT_FALSE(absl::StrContains(acme.bytes, "only-beta"));
  EXPECT_THAT(Call(alice, list, pb::PROVIDE_FEATURE, {{"rollcall-tenant", "beta"}}).bytes, HasSubstr("only-beta"));
  EXPECT_EQ(Call(alice, Method("Retract"), pb::PROVIDE_FEATURE, {{"rollcall-tenant", "acme"}}).code,
            grpc::StatusCode::PERMISSION_DENIED)
      << "an operator of beta only";
}

TEST_F(ServerAccessTest, CertificatesThatAreNotOnePersonsAreNobodys) {
  const std::vector<std::vector<PeerIdentity>> bad = {
      {{"acme", PeerRole::kViewer, "alice"}, {"beta", PeerRole::kViewer, "bob"}},
      {{"acme", PeerRole::kViewer, "alice"}, {"acme", PeerRole::kViewer, "alice"}},
      {{"acme", PeerRole::kViewer, "alice"}, {"acme", PeerRole::kAgent, kTestAgentId}},
  };
  for (const auto& identities : bad) {
    EXPECT_EQ(Call(ConnectWith(identities), Method("ListHosts"), pb::PROVIDE_FEATURE).code,
              grpc::StatusCode::UNAUTHENTICATED);
  }
  // Another authority's word counts for nothing.
  const CertificateAuthority foreign = CertificateAuthority::Create("foreign CA", validity_).value();
  const auto stranger = Connect(foreign.IssuePeer({"acme", PeerRole::kOperator, "alice"}, validity_).value());
  EXPECT_EQ(Call(stranger, Method("ListHosts"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::UNAVAILABLE);
  // A server's certificate is no client's.
  EXPECT_NE(Call(Connect(options_.server_pair), Method("ListHosts"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::OK);
}

TEST_F(ServerAccessTest, AConnectionDoesNotOutliveItsCertificatesRights) {
  const auto alice = ConnectOperator();
  EXPECT_EQ(Call(alice, Method("ListHosts"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::OK);
  moved_.seconds = 2 * 3600;
  EXPECT_EQ(Call(alice, Method("ListHosts"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ServerAccessTest, ABulkReadIsKeptOrNotAnswered) {
  for (int i = 0; i < 101; ++i) {
    EXPECT_TRUE(store_.EnrollAgent({"acme", absl::StrCat("agent-", i)}, clock_.Now()).ok());
  }
  const auto alice = ConnectOperator();
  EXPECT_EQ(Call(alice, Method("ListHosts"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::OK);
  const std::vector<AuditEvent> events = TakeEvents();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].what, AuditEvent::What::kBulkRead);
  EXPECT_EQ(events[0].method, "Query.ListHosts");
  EXPECT_EQ(events[0].person, "alice");
  EXPECT_EQ(events[0].tenant, "acme");
  EXPECT_EQ(events[0].records, 102u);
  FailAudit(absl::UnavailableError("disk full"));
  const Answer answer = Call(alice, Method("ListHosts"), pb::PROVIDE_FEATURE);
  EXPECT_EQ(answer.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(answer.bytes, IsEmpty());
  EXPECT_EQ(Call(alice, Method("GetAsset"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::OK) << "one record";
}

TEST_F(ServerAccessTest, WhatIsDoneToATenantIsDoneInTheNameOfTheCertificate) {
  const auto alice = ConnectOperator();
  ASSERT_EQ(Call(alice, Method("AddService"), pb::PROVIDE_FEATURE).code, grpc::StatusCode::OK);
  EXPECT_EQ(world_.Entries().back().actor(), "operator/alice");
  EXPECT_EQ(world_.Entries().back().tenant(), "acme");
  EXPECT_TRUE(Eventually([&] { return absl::StrContains(Log(), "lifecycle.changed"); }));
  EXPECT_THAT(Log(), HasSubstr("\"request_id\":\"AddService\""));
}

class LifecycleElsewhereTest : public ServerFixture {};

TEST_F(LifecycleElsewhereTest, AProcessThatDoesNotKeepTenantsLivesSaysSo) {
  Start();
  const std::unique_ptr<pb::Lifecycle::Stub> stub = pb::Lifecycle::NewStub(ConnectOperator());
  grpc::ClientContext context;
  context.set_deadline(InOneMinute());
  pb::ListServicesRequest request;
  request.set_purpose(pb::PROVIDE_FEATURE);
  pb::ListServicesResponse response;
  const grpc::Status status = stub->ListServices(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("another process"));
  // Whoever may not call it learns nothing.
  grpc::ClientContext denied;
  denied.set_deadline(InOneMinute());
  EXPECT_EQ(pb::Lifecycle::NewStub(ConnectAgent())->ListServices(&denied, request, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

// Every declared kind is for PROVIDE_FEATURE only, so nothing else is ever answered; who may ask for it is the table's.
TEST_F(ServerAccessTest, RandomCallsAreAnsweredAsTheRuleSays) {
  constexpr int kCallers = 10;
  constexpr int kCalls = 1000;
  std::mt19937_64 random(20261126);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  struct Caller {
    std::set<std::pair<std::string, PeerRole>> roles;
    std::shared_ptr<grpc::Channel> channel;
  };
  constexpr PeerRole kRoles[] = {PeerRole::kViewer, PeerRole::kOperator, PeerRole::kPrivacyOfficer, PeerRole::kAuditor};
  const std::string tenants[] = {"acme", "beta"};
  std::vector<Caller> callers(kCallers);
  for (Caller& caller : callers) {
    for (size_t i = 0; i < 1 + below(3); ++i) caller.roles.insert({tenants[below(2)], kRoles[below(4)]});
    std::vector<PeerIdentity> identities;
    for (const auto& [tenant, role] : caller.roles) identities.push_back({tenant, role, "alice"});
    caller.channel = ConnectWith(identities);
  }
  const std::vector<const MethodDescriptor*> methods = MethodsOfPeople();
  int allowed = 0;
  for (int i = 0; i < kCalls; ++i) {
    const Caller& caller = callers[below(kCallers)];
    const MethodDescriptor& method = *methods[below(methods.size())];
    const int purpose = below(2) == 0 ? pb::PROVIDE_FEATURE : static_cast<int>(below(6));
    const std::string named = below(3) == 0 ? "" : tenants[below(2)];
    std::set<std::string> own;
    for (const auto& [tenant, role] : caller.roles) own.insert(tenant);
    const std::string tenant = named.empty() && own.size() == 1 ? *own.begin() : named;
    const bool change = method.name() == "Retract";
    const LifecycleMethod* lifecycle = FindLifecycleMethod(method);
    std::set<PeerRole> roles;
    for (const auto& [of, role] : caller.roles) {
      if (of == tenant) roles.insert(role);
    }
    const bool may = lifecycle != nullptr
                         ? MayCall(*lifecycle, roles, purpose)
                         : purpose == pb::PROVIDE_FEATURE && (roles.count(PeerRole::kOperator) == 1 ||
                                                              (!change && roles.count(PeerRole::kViewer) == 1));
    Metadata metadata = {{"rollcall-ticket", "T-1"}};
    if (!named.empty()) metadata.emplace_back("rollcall-tenant", named);
    const Answer answer = Call(caller.channel, method, purpose, metadata);
    const bool unnamed = named.empty() && own.size() > 1;
    const auto refusal = unnamed ? grpc::StatusCode::INVALID_ARGUMENT : grpc::StatusCode::PERMISSION_DENIED;
    // Who may acknowledge or confirm in both tenants is asked for more than this request has.
    if (lifecycle != nullptr && lifecycle->may[0] == '\0') continue;
    const bool answered = lifecycle != nullptr && may && IsAnswered(answer.code);
    ASSERT_EQ(answered ? grpc::StatusCode::OK : answer.code, may ? grpc::StatusCode::OK : refusal)
        << i << ": " << method.full_name() << ' ' << purpose << ' ' << tenant << ": " << answer.message;
    for (const std::string& other : tenants) {
      if (other == tenant) continue;
      ASSERT_FALSE(absl::StrContains(answer.bytes, "only-" + other)) << i;
    }
    allowed += may ? 1 : 0;
  }
  EXPECT_GT(allowed, kCalls / 20);
}

}  // namespace
}  // namespace rollcall

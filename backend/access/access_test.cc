#include "backend/access/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "backend/access/testing/test_access.h"
#include "rollcall/v1/operate.pb.h"
#include "rollcall/v1/query.pb.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const google::protobuf::Descriptor* const kListRecords = pb::ListRecordsRequest::descriptor();
const google::protobuf::Descriptor* const kRetract = pb::RetractRequest::descriptor();

// Only Authorize makes one.
static_assert(!std::is_default_constructible_v<Access>);
static_assert(!std::is_constructible_v<Access, std::string, Grant, CallRequest>);

CallRequest Call(const google::protobuf::Descriptor* request, pb::Purpose purpose = pb::PROVIDE_FEATURE) {
  return {MethodTaking(request), purpose, "", ""};
}

absl::StatusCode CodeOf(const Grant& grant, const CallRequest& request, absl::Time now = kNow) {
  return Access::Authorize(grant, request, now).status().code();
}

pb::KindOptions KindFor(std::initializer_list<pb::Purpose> purposes) {
  pb::KindOptions kind;
  kind.set_name("made_up");
  for (const pb::Purpose purpose : purposes) kind.add_purposes(purpose);
  return kind;
}

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
constexpr auto kOk = absl::StatusCode::kOk;

TEST(Access, SaysWhoMayCallWhatAndForWhat) {
  const auto access = Access::Authorize(TestGrant("acme", PeerRole::kViewer), Call(kListRecords), kNow);
  ASSERT_TRUE(access.ok()) << access.status();
  EXPECT_EQ(access->tenant(), "acme");
  EXPECT_EQ(access->person(), "alice");
  EXPECT_EQ(access->purpose(), pb::PROVIDE_FEATURE);
  EXPECT_TRUE(access->MayRead(KindFor({pb::LEGAL_OBLIGATION, pb::PROVIDE_FEATURE})));
  EXPECT_FALSE(access->MayRead(KindFor({pb::LEGAL_OBLIGATION})));
  EXPECT_FALSE(access->MayRead(KindFor({}))) << "a kind without purposes is read for none";
  EXPECT_EQ(access->CheckRead(KindFor({})).code(), kDenied);
  EXPECT_EQ(access->CheckChange().code(), kDenied);
}

TEST(Access, SaysWhetherTheSameMayBeDoneInAnotherTenant) {
  Grant grant = TestGrant("acme", PeerRole::kOperator);
  grant.tenants["beta"].Add(PeerRole::kOperator);
  grant.tenants["gamma"].Add(PeerRole::kViewer);
  grant.tenants["gamma"].Add(PeerRole::kPrivacyOfficer);
  CallRequest call = Call(kRetract);
  call.tenant = "acme";
  const auto access = Access::Authorize(grant, call, kNow);
  ASSERT_TRUE(access.ok()) << access.status();
  EXPECT_TRUE(access->MayAlsoIn("acme"));
  EXPECT_TRUE(access->MayAlsoIn("beta"));
  EXPECT_FALSE(access->MayAlsoIn("gamma")) << "another role";
  EXPECT_FALSE(access->MayAlsoIn("delta"));
  EXPECT_FALSE(access->MayAlsoIn(""));
}

TEST(Access, OnlyOperatorsChange) {
  for (const PeerRole role : {PeerRole::kViewer, PeerRole::kPrivacyOfficer, PeerRole::kAuditor, PeerRole::kAgent}) {
    EXPECT_EQ(CodeOf(TestGrant("acme", role), Call(kRetract)), kDenied) << PeerRoleName(role);
  }
  const auto access = Access::Authorize(TestGrant("acme", PeerRole::kOperator), Call(kRetract), kNow);
  ASSERT_TRUE(access.ok()) << access.status();
  EXPECT_TRUE(access->CheckChange().ok());
}

TEST(Access, PurposesThatAreNoneAreDenied) {
  for (const int purpose : {0, 5, 99, -1}) {
    EXPECT_EQ(CodeOf(TestGrant("acme", PeerRole::kOperator), Call(kListRecords, static_cast<pb::Purpose>(purpose))),
              kDenied)
        << purpose;
  }
  // Also if a kind were declared with such a number.
  const auto access = Access::Authorize(TestGrant("acme", PeerRole::kViewer), Call(kListRecords), kNow);
  EXPECT_FALSE(access->MayRead(KindFor({pb::PURPOSE_UNSPECIFIED})));
}

TEST(Access, APurposeTheMethodDoesNotDeclareIsDenied) {
  EXPECT_EQ(CodeOf(TestGrant("acme", PeerRole::kOperator), Call(kListRecords, pb::CLUSTER_SECURITY_CHECK)), kDenied);
  EXPECT_EQ(CodeOf(TestGrant("acme", PeerRole::kOperator), {nullptr, pb::PROVIDE_FEATURE, "", ""}), kDenied);
}

TEST(Access, RightsOfOneRoleAreNotJoinedWithThoseOfAnother) {
  Grant grant = TestGrant("acme", PeerRole::kOperator);
  grant.tenants["acme"].Add(PeerRole::kAuditor);
  CallRequest request = Call(pb::ListRecordsRequest::descriptor(), pb::LEGAL_OBLIGATION);
  request.ticket = "T-1";
  EXPECT_EQ(CodeOf(grant, request), kDenied) << "operators may list records, auditors have the purpose";
  grant.tenants["acme"].Add(PeerRole::kPrivacyOfficer);
  EXPECT_EQ(CodeOf(grant, request), kOk);
}

TEST(Access, TheTenantComesFromTheGrant) {
  Grant grant = TestGrant("acme", PeerRole::kViewer);
  CallRequest request = Call(kListRecords);
  for (const char* foreign : {"beta", "ACME", "acme ", "acm", "acme/..", "*", "\n"}) {
    request.tenant = foreign;
    EXPECT_EQ(CodeOf(grant, request), kDenied) << foreign;
  }
  request.tenant = "acme";
  EXPECT_EQ(CodeOf(grant, request), kOk);

  grant.tenants["beta"].Add(PeerRole::kAuditor);
  request.tenant = "";
  EXPECT_EQ(CodeOf(grant, request), absl::StatusCode::kInvalidArgument) << "which of the two?";
  request.tenant = "beta";
  EXPECT_EQ(CodeOf(grant, request), kDenied) << "viewer in acme only";
  request.tenant = "gamma";
  EXPECT_EQ(CodeOf(grant, request), kDenied);
  EXPECT_EQ(CodeOf(Grant{"alice", {}, absl::InfiniteFuture()}, Call(kListRecords)), absl::StatusCode::kInvalidArgument);
}

TEST(Access, AGrantEndsWithItsCertificate) {
  Grant grant = TestGrant("acme", PeerRole::kViewer);
  grant.expires_at = kNow;
  EXPECT_EQ(CodeOf(grant, Call(kListRecords), kNow - absl::Nanoseconds(1)), kOk);
  EXPECT_EQ(CodeOf(grant, Call(kListRecords), kNow), absl::StatusCode::kUnauthenticated);
}

TEST(Access, ALegalObligationNeedsATicket) {
  CallRequest request = Call(kListRecords, pb::LEGAL_OBLIGATION);
  const Grant officer = TestGrant("acme", PeerRole::kPrivacyOfficer);
  EXPECT_EQ(CodeOf(officer, request), kDenied);
  for (const std::string& bad : {std::string("a b"), std::string("a\nb"), std::string(65, 'x'), std::string("\xff")}) {
    request.ticket = bad;
    const auto access = Access::Authorize(officer, request, kNow);
    EXPECT_EQ(access.status().code(), kDenied);
    EXPECT_THAT(std::string(access.status().message()), Not(HasSubstr(bad)));
  }
  request.ticket = "COURT-2026/17";
  EXPECT_EQ(Access::Authorize(officer, request, kNow)->ticket(), "COURT-2026/17");
}

TEST(MethodTaking, KnowsNoMethodForWhatIsNoRequest) {
  EXPECT_EQ(MethodTaking(pb::StoredRecord::descriptor()), nullptr);
  EXPECT_EQ(MethodTaking(pb::RunResult::descriptor()), nullptr);
  EXPECT_EQ(MethodTaking(kRetract)->full_name(), "rollcall.v1.Operate.Retract");
}

}  // namespace
}  // namespace rollcall

// A million random (caller, purpose, record) triples against the rule, written a second time from the text of the
// security model, on numbers and without the code under test.
#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/access/access.h"
#include "rollcall/v1/lifecycle_service.pb.h"
#include "rollcall/v1/operate.pb.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

constexpr int kTriples = 1'000'000;
constexpr int kRecordsPerCall = 4;
constexpr int64_t kNow = 1'700'000'000;
constexpr int kTenants = 4;
const std::string kTenantNames[kTenants] = {"acme", "beta", "gamma", "delta"};
constexpr PeerRole kRoles[] = {PeerRole::kViewer, PeerRole::kOperator, PeerRole::kPrivacyOfficer, PeerRole::kAuditor};
enum RoleNumber { kViewer, kOperator, kPrivacyOfficer, kAuditor };

// Who may make a request: letters of roles (viewer, operator, privacy officer, auditor) with digits of purposes.
struct RequestKind {
  const google::protobuf::Descriptor* descriptor;
  const char* may;
};
constexpr char kQuery[] = "v1 o1 p3 p4";
constexpr char kAuditedQuery[] = "v1 o1 p3 p4 a4";
// The last is nobody's request.
const RequestKind kRequests[] = {
    {pb::ListHostsRequest::descriptor(), kAuditedQuery},
    {pb::ListRecordsRequest::descriptor(), kQuery},
    {pb::GetAssetRequest::descriptor(), kQuery},
    {pb::GetHistoryRequest::descriptor(), kQuery},
    {pb::DiffHostRequest::descriptor(), kQuery},
    {pb::ExplainRetentionRequest::descriptor(), kAuditedQuery},
    {pb::GetCoverageRequest::descriptor(), kAuditedQuery},
    {pb::RetractRequest::descriptor(), "o1"},
    {pb::ListServicesRequest::descriptor(), "o1 p3 p4"},
    {pb::ScheduleTerminationRequest::descriptor(), "o1"},
    {pb::ResumeRequest::descriptor(), "o1"},
    {pb::ApproveHoldRequest::descriptor(), "p4"},
    {pb::ListHoldsRequest::descriptor(), "p4 a4"},
    {pb::RequestDeletionRequest::descriptor(), "o1 p3"},
    {pb::GetCertificateRequest::descriptor(), "o1 p3 p4 a4"},
    {pb::GetRetentionStatusRequest::descriptor(), kAuditedQuery},
    {pb::AcknowledgeDryRunRequest::descriptor(), "p4"},
    {pb::ConfirmClockRequest::descriptor(), "o1"},
    {pb::StoredRecord::descriptor(), ""},
};

// Somebody and what they ask for.
struct Call {
  bool roles[kTenants][4] = {};
  int64_t certificate_ends = 0;
  size_t request = 0;
  int purpose = 0;
  int named_tenant = -1;  // none
  bool ticket = false;
};

struct Row {
  int tenant = 0;
  bool purposes[6] = {};
};

// Which tenant is meant; -1 if that is not said, or not the caller's.
int TenantOf(const Call& call) {
  int found = -1;
  int count = 0;
  for (int tenant = 0; tenant < kTenants; ++tenant) {
    const bool* roles = call.roles[tenant];
    if (!roles[0] && !roles[1] && !roles[2] && !roles[3]) continue;
    ++count;
    if (call.named_tenant == -1 || call.named_tenant == tenant) found = tenant;
  }
  return call.named_tenant == -1 && count != 1 ? -1 : found;
}

// May this caller, with this call, read this record?
bool Oracle(const Call& call, const Row& row) {
  const int tenant = TenantOf(call);
  if (call.certificate_ends <= kNow || tenant == -1 || tenant != row.tenant) return false;
  if (call.purpose < 1 || call.purpose > 4 || !row.purposes[call.purpose]) return false;
  const bool* roles = call.roles[tenant];
  if (call.purpose == 4 && !call.ticket) return false;
  const absl::string_view may = kRequests[call.request].may;
  for (const int role : {kViewer, kOperator, kPrivacyOfficer, kAuditor}) {
    if (roles[role] && absl::StrContains(may, absl::StrCat(std::string(1, "vopa"[role]), call.purpose))) return true;
  }
  return false;
}

class Dice {
 public:
  bool OneIn(uint64_t n) { return engine_() % n == 0; }
  int Below(int n) { return static_cast<int>(engine_() % static_cast<uint64_t>(n)); }

 private:
  std::mt19937_64 engine_{20261126};
};

Call RollCall(Dice* dice) {
  Call call;
  const int grants = dice->OneIn(2) ? 1 : 1 + dice->Below(5);
  const int home = dice->Below(kTenants);
  for (int i = 0; i < grants; ++i) call.roles[dice->OneIn(4) ? dice->Below(kTenants) : home][dice->Below(4)] = true;
  call.certificate_ends = dice->OneIn(20) ? kNow - dice->Below(2) : kNow + 1 + dice->Below(1000);
  call.request = static_cast<size_t>(dice->Below(std::size(kRequests)));
  // Mostly purposes there are, sometimes none and numbers that are none.
  call.purpose = dice->OneIn(8) ? dice->Below(9) - 2 : 1 + dice->Below(4);
  if (dice->OneIn(2)) call.named_tenant = dice->OneIn(2) ? home : dice->Below(kTenants);
  call.ticket = !dice->OneIn(3);
  return call;
}

Row RollRow(Dice* dice) {
  Row row;
  row.tenant = dice->Below(kTenants);
  for (int purpose = 0; purpose < 6; ++purpose) row.purposes[purpose] = dice->OneIn(purpose % 5 == 0 ? 10 : 2);
  return row;
}

absl::StatusOr<Access> Ask(const Call& call) {
  Grant grant;
  grant.person = "alice";
  grant.expires_at = absl::FromUnixSeconds(call.certificate_ends);
  for (int tenant = 0; tenant < kTenants; ++tenant) {
    for (int role = 0; role < 4; ++role) {
      if (call.roles[tenant][role]) grant.tenants[kTenantNames[tenant]].Add(kRoles[role]);
    }
  }
  CallRequest request;
  request.method = MethodTaking(kRequests[call.request].descriptor);
  request.purpose = static_cast<pb::Purpose>(call.purpose);
  if (call.named_tenant != -1) request.tenant = kTenantNames[call.named_tenant];
  if (call.ticket) request.ticket = "T-1";
  return Access::Authorize(grant, request, absl::FromUnixSeconds(kNow));
}

bool Answer(const absl::StatusOr<Access>& access, const Row& row) {
  pb::KindOptions kind;
  for (int purpose = 0; purpose < 6; ++purpose) {
    if (row.purposes[purpose]) kind.mutable_purposes()->Add(purpose);
  }
  return access.ok() && access->tenant() == kTenantNames[row.tenant] && access->MayRead(kind);
}

TEST(AccessOracle, AMillionTriplesAreAnsweredAsTheRuleSays) {
  Dice dice;
  int wrong = 0;
  int allowed = 0;
  for (int i = 0; i < kTriples / kRecordsPerCall; ++i) {
    const Call call = RollCall(&dice);
    const absl::StatusOr<Access> access = Ask(call);
    for (int r = 0; r < kRecordsPerCall; ++r) {
      const Row row = RollRow(&dice);
      const bool rule = Oracle(call, row);
      allowed += rule ? 1 : 0;
      if (Answer(access, row) == rule) continue;
      if (++wrong > 5) continue;
      ADD_FAILURE() << "call " << i << ": the rule says " << rule << ", " << kRequests[call.request].descriptor->name()
                    << " for " << call.purpose << ": " << access.status();
    }
  }
  EXPECT_EQ(wrong, 0);
  // Neither everything nor nothing: both answers were put to the test.
  EXPECT_GT(allowed, kTriples / 200);
  EXPECT_LT(allowed, kTriples / 2);
  RecordProperty("triples", kTriples);
  RecordProperty("allowed", allowed);
}

}  // namespace
}  // namespace rollcall

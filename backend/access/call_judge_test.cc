#include "backend/access/call_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backend/access/log_audit_sink.h"
#include "backend/access/testing/test_access.h"
#include "platform/testing/fake_clock.h"
#include "rollcall/v1/operate.pb.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class KeptEvents : public AuditSink {
 public:
  absl::Status Record(const AuditEvent& event) override {
    if (!failure.ok()) return failure;
    events.push_back(event);
    return absl::OkStatus();
  }
  std::vector<AuditEvent> events;
  absl::Status failure;
};

class CallJudgeTest : public ::testing::Test {
 protected:
  static CallFacts Facts(PeerRole role, pb::Purpose purpose) {
    return {TestGrant("acme", role), {MethodTaking(pb::ListRecordsRequest::descriptor()), purpose, "", "T-1"}};
  }
  // The status a call ends with that was answered with `records` records.
  absl::Status Serve(const CallFacts& facts, int records, const std::string& next_page = "",
                     const std::string& page = "") {
    pb::ListRecordsRequest request;
    request.set_page_token(page);
    pb::ListRecordsResponse response;
    const auto access = judge_.Admit(facts);
    if (access.ok()) {
      for (int i = 0; i < records; ++i) response.add_records();
      response.set_next_page_token(next_page);
    }
    return judge_.Conclude(facts, access, request, response, access.status());
  }

  FakeClock clock_;
  KeptEvents sink_;
  std::string log_;
  JsonLogger logger_{[this](absl::string_view line) { log_.append(line.data(), line.size()); }, &clock_};
  CallJudge judge_{&clock_, &sink_, &logger_};
};

TEST_F(CallJudgeTest, ASmallReadLeavesNothing) {
  EXPECT_TRUE(Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), kBulkRecords).ok());
  EXPECT_TRUE(Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), 0, "", "").ok());
  EXPECT_THAT(sink_.events, IsEmpty());
}

TEST_F(CallJudgeTest, ABulkReadIsKept) {
  EXPECT_TRUE(Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), kBulkRecords + 1).ok());
  ASSERT_EQ(sink_.events.size(), 1u);
  const AuditEvent& event = sink_.events[0];
  EXPECT_EQ(event.what, AuditEvent::What::kBulkRead);
  EXPECT_EQ(event.at, clock_.Now());
  EXPECT_EQ(event.tenant, "acme");
  EXPECT_EQ(event.person, "alice");
  EXPECT_EQ(event.method, "Query.ListRecords");
  EXPECT_EQ(event.purpose, pb::PROVIDE_FEATURE);
  EXPECT_EQ(event.records, kBulkRecords + 1);
}

TEST_F(CallJudgeTest, AListingReadInSmallPagesIsABulkRead) {
  EXPECT_TRUE(Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), 1, "next").ok());
  EXPECT_TRUE(Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), 1, "", "next").ok());
  EXPECT_EQ(sink_.events.size(), 2u);
}

TEST_F(CallJudgeTest, ABulkReadThatCannotBeKeptIsNotAnswered) {
  sink_.failure = absl::DataLossError("disk gone");
  const absl::Status status = Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), kBulkRecords + 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("disk gone"))) << "that is the log's";
  EXPECT_THAT(log_, HasSubstr("access.audit_failed"));
  EXPECT_TRUE(Serve(Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE), 1).ok()) << "others are not concerned";
}

TEST_F(CallJudgeTest, ADeniedReadIsKeptAndStaysDenied) {
  EXPECT_EQ(Serve(Facts(PeerRole::kViewer, pb::LEGAL_OBLIGATION), 1).code(), absl::StatusCode::kPermissionDenied);
  ASSERT_EQ(sink_.events.size(), 1u);
  EXPECT_EQ(sink_.events[0].what, AuditEvent::What::kReadDenied);
  EXPECT_EQ(sink_.events[0].tenant, "acme");
  EXPECT_EQ(sink_.events[0].ticket, "") << "a denied call's own words are not kept";
  sink_.failure = absl::DataLossError("disk gone");
  EXPECT_EQ(Serve(Facts(PeerRole::kViewer, pb::LEGAL_OBLIGATION), 1).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(CallJudgeTest, ACallerThatIsNotKnownIsKeptToo) {
  CallFacts facts = Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE);
  facts.grant = absl::PermissionDeniedError("speaks for an agent");
  EXPECT_EQ(Serve(facts, 1).code(), absl::StatusCode::kPermissionDenied);
  facts.grant = absl::UnauthenticatedError("no");
  EXPECT_EQ(Serve(facts, 1).code(), absl::StatusCode::kUnauthenticated);
  ASSERT_EQ(sink_.events.size(), 2u);
  EXPECT_EQ(sink_.events[0].person, "");
  EXPECT_EQ(sink_.events[0].tenant, "");
}

TEST_F(CallJudgeTest, AForeignTenantIsNotPutIntoTheRecords) {
  CallFacts facts = Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE);
  facts.grant->tenants["beta"].Add(PeerRole::kViewer);
  facts.request.tenant = "someone-elses";
  EXPECT_EQ(Serve(facts, 1).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(sink_.events.at(0).tenant, "");
  facts.request.tenant = "beta";
  facts.request.purpose = pb::PURPOSE_UNSPECIFIED;
  EXPECT_EQ(Serve(facts, 1).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(sink_.events.at(1).tenant, "beta");
}

TEST_F(CallJudgeTest, ACertificateThatEndsMeanwhileEndsTheCalls) {
  CallFacts facts = Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE);
  facts.grant->expires_at = clock_.Now() + absl::Seconds(1);
  EXPECT_TRUE(Serve(facts, 1).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Serve(facts, 1).code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(CallJudgeTest, OtherFailuresAreNoDenials) {
  const CallFacts facts = Facts(PeerRole::kViewer, pb::PROVIDE_FEATURE);
  const absl::Status failed = absl::NotFoundError("no such host");
  EXPECT_EQ(judge_.Conclude(facts, judge_.Admit(facts), pb::ListRecordsRequest(), pb::ListRecordsResponse(), failed),
            failed);
  EXPECT_THAT(sink_.events, IsEmpty());
}

TEST_F(CallJudgeTest, TheLogSaysWhoAndWhatForButNotWhatWasAsked) {
  LogAuditSink sink(&logger_);
  const CallJudge judge(&clock_, &sink, &logger_);
  const CallFacts facts = Facts(PeerRole::kViewer, static_cast<pb::Purpose>(77));
  pb::ListRecordsRequest request;
  request.set_host("secret-host");
  const auto access = judge.Admit(facts);
  EXPECT_FALSE(judge.Conclude(facts, access, request, pb::ListRecordsResponse(), access.status()).ok());
  EXPECT_THAT(log_, HasSubstr("\"event\":\"access.denied\""));
  EXPECT_THAT(log_, HasSubstr("\"operator\":\"alice\",\"method\":\"Query.ListRecords\",\"purpose\":\"UNKNOWN\""));
  EXPECT_THAT(log_, Not(HasSubstr("secret-host")));
}

TEST(RecordsIn, CountsWhatHoldsRecordsInEveryAnswer) {
  pb::ListHostsResponse hosts;
  hosts.add_hosts();
  EXPECT_EQ(RecordsIn(hosts), 1u);
  pb::DiffHostResponse diff;
  diff.add_changes();
  diff.add_changes();
  EXPECT_EQ(RecordsIn(diff), 2u);
  pb::ExplainRetentionResponse explained;
  explained.add_explanations();
  EXPECT_EQ(RecordsIn(explained), 1u);
  pb::GetHistoryResponse history;
  history.add_versions();
  EXPECT_EQ(RecordsIn(history), 1u);
  pb::GetCoverageResponse coverage;
  coverage.add_units();
  EXPECT_EQ(RecordsIn(coverage), 0u);
  pb::RetractResponse retracted;
  retracted.add_units();
  EXPECT_EQ(RecordsIn(retracted), 0u);
}

}  // namespace
}  // namespace rollcall

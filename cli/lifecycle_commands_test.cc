// What commands about tenants' lives ask the backend, and how they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "cli/lifecycle_command.h"
#include "cli/testing/fake_lifecycle.h"
#include "cli/testing/made_up_host.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class LifecycleCommandsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    context_.screen = &screen_;
    context_.lifecycle = fake_.stub();
    context_.now = kMadeUpNow + absl::Milliseconds(250);
    context_.new_request_id = [this] { return absl::StatusOr<std::string>(absl::StrCat("id-", ++ids_)); };
    context_.confirm = [this](absl::string_view question) {
      question_ = std::string(question);
      return answer_;
    };
  }

  std::vector<std::string> Methods() const {
    std::vector<std::string> methods;
    for (const FakeLifecycle::Call& call : fake_.calls()) methods.push_back(call.method);
    return methods;
  }
  std::string LastRequest() const { return fake_.calls().empty() ? "" : fake_.calls().back().request; }
  static ServiceArguments Service(const std::string& at = "", bool yes = true) {
    ServiceArguments arguments;
    arguments.service = "cvm:1";
    arguments.at = at;
    arguments.operation.yes = yes;
    return arguments;
  }

  FakeLifecycle fake_;
  std::ostringstream out_;
  Screen screen_{&out_, OutputFormat::kTable, false, 0, false};
  CommandContext context_;
  std::string question_;
  absl::StatusOr<bool> answer_ = true;
  int ids_ = 0;
};

TEST_F(LifecycleCommandsTest, TerminationAsksAndNamesTimeAndRequest) {
  ASSERT_TRUE(RunServiceTerminate(context_, Service("2026-12-01", false)).ok());
  EXPECT_EQ(question_, "cvm:1 ends on 2026-12-01T00:00:00Z: its data is deleted as the agreement says. Announce it?");
  EXPECT_THAT(Methods(), ElementsAre("ScheduleTermination"));
  EXPECT_EQ(LastRequest(),
            "purpose: PROVIDE_FEATURE request_id: \"id-1\" subscription { hosting_service: \"cvm:1\" } "
            "effective_at { seconds: 1796083200 }");
  EXPECT_EQ(out_.str(), "cvm:1 ends on 2026-12-01T00:00:00Z.\nRequest id-1, in the ledger.\n");
}

TEST_F(LifecycleCommandsTest, ATimeThatIsNotGivenIsAWholeSecondSoThatItCanBeRepeated) {
  ASSERT_TRUE(RunServiceTerminate(context_, Service()).ok());
  EXPECT_THAT(question_, IsEmpty());
  EXPECT_THAT(LastRequest(), HasSubstr("effective_at { seconds: 1795694400 }"));
}

TEST_F(LifecycleCommandsTest, NoMeansNoAndNobodyToAskIsAnError) {
  answer_ = false;
  ASSERT_TRUE(RunServiceTerminate(context_, Service("", false)).ok());
  EXPECT_EQ(out_.str(), "Nothing was changed.\n");
  answer_ = absl::FailedPreconditionError("nobody to ask");
  const absl::Status status = RunServiceTerminate(context_, Service("", false));
  EXPECT_EQ(ExitCodeFor(status), kExitUsage);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--yes"));
  HoldArguments hold;
  hold.hold = "h-1";
  EXPECT_FALSE(RunHoldApproveRelease(context_, hold).ok());
  RequestArguments request;
  request.everything = true;
  EXPECT_FALSE(RunRequestDelete(context_, request).ok());
  EXPECT_THAT(fake_.calls(), IsEmpty());
}

TEST_F(LifecycleCommandsTest, WhatMayHaveBeenDoneSaysHowToRepeatIt) {
  fake_.Fail("ScheduleTermination", {grpc::StatusCode::UNAVAILABLE, "kept elsewhere"});
  const absl::Status status = RunServiceTerminate(context_, Service());
  EXPECT_EQ(ExitCodeFor(status), kExitFailed);
  EXPECT_THAT(std::string(status.message()), HasSubstr("repeat it with --request-id id-1 --at 2026-11-26T12:00:00Z"));
  ServiceArguments again = Service("2026-11-26T12:00:00Z");
  again.operation.request_id = "id-1";
  EXPECT_FALSE(RunServiceTerminate(context_, again).ok());
  EXPECT_EQ(fake_.calls()[0].request, fake_.calls()[1].request);
}

TEST_F(LifecycleCommandsTest, WhatTheBackendRefusesIsNoCodeOfAResult) {
  fake_.Fail("CancelTermination", {grpc::StatusCode::FAILED_PRECONDITION, "no end is announced"});
  EXPECT_EQ(ExitCodeFor(RunServiceCancelTermination(context_, Service())), kExitFailed);
  fake_.Fail("Resume", {grpc::StatusCode::ABORTED, "something became known"});
  EXPECT_EQ(ExitCodeFor(RunServiceResume(context_, Service())), kExitFailed);
  fake_.Fail("ApproveHold", {grpc::StatusCode::PERMISSION_DENIED, "that takes another person"});
  EXPECT_EQ(ExitCodeFor(RunHoldApprove(context_, {})), kExitDenied);
  fake_.Fail("ListServices", {grpc::StatusCode::FAILED_PRECONDITION, "the tenant was made after the start"});
  EXPECT_EQ(ExitCodeFor(RunServiceList(context_)), kExitFailed);
}

TEST_F(LifecycleCommandsTest, ChangesAndTheFeature) {
  ServiceArguments change = Service("2026-12-01");
  change.change = true;
  change.service = "feature";
  ASSERT_TRUE(RunServiceTerminate(context_, change).ok());
  EXPECT_THAT(Methods(), ElementsAre("ChangeTermination"));
  EXPECT_THAT(LastRequest(), HasSubstr("subscription { feature: true }"));
  EXPECT_TRUE(absl::IsInvalidArgument(RunServiceAdd(context_, change)));
}

TEST_F(LifecycleCommandsTest, ResumingNamesTheEpochThatWasSeen) {
  fake_.AddAnswer("ListServices", "epoch: 41");
  fake_.AddAnswer("Resume", "epoch: 42 restoration { kept: 3 lost: 2 }");
  ASSERT_TRUE(RunServiceResume(context_, Service("", false)).ok());
  EXPECT_THAT(question_, HasSubstr("at epoch 41?"));
  EXPECT_THAT(LastRequest(), HasSubstr("expected_epoch: 41"));
  EXPECT_THAT(out_.str(), HasSubstr("3 buckets are kept, 2 were deleted."));
  ServiceArguments seen = Service();
  seen.epoch = 7;
  ASSERT_TRUE(RunServiceResume(context_, seen).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("expected_epoch: 7"));
  EXPECT_THAT(Methods(), ElementsAre("ListServices", "Resume", "Resume"));
}

TEST_F(LifecycleCommandsTest, PurposeTenantAndTicketAreSent) {
  context_.tenant = "beta";
  ASSERT_TRUE(RunServiceList(context_).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("PROVIDE_FEATURE"));
  EXPECT_EQ(fake_.calls().back().tenant, "beta");
  EXPECT_THAT(fake_.calls().back().ticket, IsEmpty());
  context_.ticket = "T-7";
  ASSERT_TRUE(RunServiceList(context_).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("LEGAL_OBLIGATION"));
  EXPECT_EQ(fake_.calls().back().ticket, "T-7");
  ASSERT_TRUE(RunServiceAdd(context_, Service()).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("PROVIDE_FEATURE")) << "the only one it is for";
  context_.purpose = pb::DATA_SUBJECT_REQUEST;
  ASSERT_TRUE(RunServiceList(context_).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("DATA_SUBJECT_REQUEST"));
  ASSERT_TRUE(RunHoldList(context_, {}).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("LEGAL_OBLIGATION"));
  context_.purpose.reset();
  context_.ticket.clear();
  ASSERT_TRUE(RunRequestStatus(context_, {}).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("DATA_SUBJECT_REQUEST"));
}

TEST_F(LifecycleCommandsTest, ADeletionOfEverythingIsSaidAsSuch) {
  RequestArguments request;
  request.reason = "asked";
  request.operation.yes = true;
  EXPECT_TRUE(absl::IsInvalidArgument(RunRequestDelete(context_, request)));
  request.everything = true;
  EXPECT_TRUE(RunRequestDelete(context_, request).ok());
  request.selector.services = {"cvm:1"};
  EXPECT_TRUE(absl::IsInvalidArgument(RunRequestDelete(context_, request)));
  request.everything = false;
  EXPECT_TRUE(RunRequestDelete(context_, request).ok());
  EXPECT_THAT(LastRequest(), HasSubstr("selector { hosting_services: \"cvm:1\" } reason: \"asked\""));
  EXPECT_THAT(fake_.calls(), SizeIs(2));
}

TEST_F(LifecycleCommandsTest, JsonHasTheRequestsId) {
  Screen json(&out_, OutputFormat::kJson, false, 0, false);
  context_.screen = &json;
  fake_.AddAnswer("AddService", "epoch: 4");
  ASSERT_TRUE(RunServiceAdd(context_, Service()).ok());
  EXPECT_THAT(out_.str(), HasSubstr("id-1"));
  EXPECT_THAT(out_.str(), HasSubstr("\"epoch\":\"4\""));
}

TEST_F(LifecycleCommandsTest, AnAcknowledgementIsOfTheListThatWasLookedAt) {
  fake_.AddAnswer("MakeDryRun",
                  "policy_hash: 'p' day: '2026-11-26' list_hash: 'aa' lines: 'acme cvm:1 ASSET_BASIC 2026-01-01'");
  DryRunArguments arguments;
  arguments.operation.yes = true;
  EXPECT_TRUE(absl::IsInvalidArgument(RunRetentionAcknowledge(context_, arguments))) << "nobody has seen it";
  arguments.list = "bb";
  EXPECT_EQ(ExitCodeFor(RunRetentionAcknowledge(context_, arguments)), kExitFailed);
  EXPECT_THAT(Methods(), Not(::testing::Contains("AcknowledgeDryRun")));
  arguments.list = "aa";
  EXPECT_TRUE(RunRetentionAcknowledge(context_, arguments).ok());
  EXPECT_EQ(LastRequest(),
            "purpose: LEGAL_OBLIGATION request_id: \"id-1\" policy_hash: \"p\" day: \"2026-11-26\" list_hash: \"aa\"");
  arguments = {};
  EXPECT_TRUE(RunRetentionAcknowledge(context_, arguments).ok());
  EXPECT_THAT(question_, HasSubstr("1 bucket would be deleted by the end of 2026-11-26. Deletions may begin"));
  EXPECT_THAT(out_.str(), HasSubstr("acme    cvm:1    ASSET_BASIC  2026-01-01"));
}

TEST_F(LifecycleCommandsTest, TheClockIsConfirmedByThisMachines) {
  fake_.AddAnswer("GetRetentionStatus", "clock { wall { seconds: 1795694460 } }");
  fake_.AddAnswer("ConfirmClock", "wall { seconds: 1795694461 }");
  ASSERT_TRUE(RunRetentionConfirmClock(context_, {}).ok());
  EXPECT_THAT(question_,
              HasSubstr("The backend's clock says 2026-11-26 12:01:00Z; this machine's says 2026-11-26T12:00:00Z"));
  EXPECT_THAT(LastRequest(), HasSubstr("wall { seconds: 1795694400"));
}

TEST_F(LifecycleCommandsTest, TheStatusIsCheckedForWhatIsLate) {
  const auto code = [&](const std::string& status) {
    FakeLifecycle fake;
    fake.AddAnswer("GetRetentionStatus", status);
    context_.lifecycle = fake.stub();
    return ExitCodeFor(RunRetentionStatus(context_, {.check = true}));
  };
  const std::string good =
      "enforced: true counted_at { seconds: 1 } clock { trusted: true } open_requests { id: 'r' days_left: 0 }";
  EXPECT_EQ(code(good), kExitOk);
  EXPECT_EQ(code(good + " due_buckets: 3"), kExitOk) << "due is not late";
  EXPECT_EQ(code(good + " overdue_buckets: 1"), kExitIncomplete);
  EXPECT_EQ(code(good + " holds_past_review: 1"), kExitIncomplete);
  EXPECT_EQ(code(good + " open_requests { id: 's' days_left: -1 }"), kExitIncomplete);
  EXPECT_EQ(code(good + " open_requests { id: 's' }"), kExitOk) << "held";
  EXPECT_EQ(code("enforced: true counted_at { seconds: 1 } clock { trusted: false }"), kExitIncomplete);
  EXPECT_EQ(code("counted_at { seconds: 1 } clock { trusted: true }"), kExitIncomplete) << "not enforced";
  EXPECT_EQ(code("enforced: true clock { trusted: true }"), kExitIncomplete) << "not counted";
}

TEST_F(LifecycleCommandsTest, ACertificateIsFoundByTheBeginningOfItsIdAndSaved) {
  const std::string fixture = ROLLCALL_SOURCE_DIR "/cli/testdata/certificates/deletion.cert";
  std::ifstream file(fixture, std::ios::binary);
  pb::DeletionCertificate certificate;
  ASSERT_TRUE(certificate.ParseFromIstream(&file));
  fake_.AddAnswer("GetCertificate", certificate);
  const std::string id = std::string(60, 'a') + "0001";
  const std::string other = std::string(60, 'a') + "0002";
  fake_.AddAnswer("ListCertificates", absl::StrCat("certificates { certificate_id: '", id, "' } next_page_token: '5'"));
  fake_.AddAnswer("ListCertificates", "certificates { certificate_id: 'bbbb' }");

  std::string folder = (std::filesystem::temp_directory_path() / "certificate_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  CertificateGetArguments arguments;
  arguments.certificate = "AAAA";
  arguments.out = folder + "/out.cert";
  arguments.known_size = 9;
  const absl::Status status = RunCertificateGet(context_, arguments);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(Methods(), ElementsAre("ListCertificates", "ListCertificates", "GetCertificate"));
  EXPECT_THAT(LastRequest(), HasSubstr(absl::StrCat("certificate_id: \"", id, "\" known_tree_size: 9")));
  CertificateArguments show;
  show.file = arguments.out;
  EXPECT_TRUE(RunCertificateShow(context_, show).ok());
  std::filesystem::remove_all(folder);

  FakeLifecycle several;
  context_.lifecycle = several.stub();
  several.AddAnswer("ListCertificates", absl::StrCat("certificates { certificate_id: '", id,
                                                     "' } certificates { certificate_id: '", other, "' }"));
  EXPECT_TRUE(absl::IsInvalidArgument(RunCertificateGet(context_, arguments)));
  arguments.certificate = "cccc";
  EXPECT_TRUE(absl::IsNotFound(RunCertificateGet(context_, arguments)));
  arguments.certificate = "../x";
  EXPECT_TRUE(absl::IsInvalidArgument(RunCertificateGet(context_, arguments)));
}

TEST_F(LifecycleCommandsTest, TheListOfCertificatesStopsAtItsLimit) {
  fake_.AddAnswer("ListCertificates", "certificates { certificate_id: 'aa' } next_page_token: '5'");
  fake_.AddAnswer("ListCertificates", "certificates { certificate_id: 'bb' } certificates { certificate_id: 'cc' }");
  ASSERT_TRUE(RunCertificateList(context_, {.limit = 2}).ok());
  EXPECT_THAT(out_.str(), HasSubstr("These are the latest 2"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("cc")));
}

}  // namespace
}  // namespace rollcall

// The command that ends what a faulty collector wrote, from question to answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/command.h"
#include "cli/testing/fake_backend.h"
#include "platform/clock.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RetractTest : public ::testing::Test {
 protected:
  void SetUp() override {
    backend_.AddRetractAnswer(
        "",
        "units { agent_id: 'a1' hostname: 'web-1' scope { type: HOST } records: 12 last_version: '2' }"
        "next_page_token: 'more'");
    backend_.AddRetractAnswer(
        "more", "units { agent_id: 'a2' scope { type: CONTAINER id: 'c1' } records: 3 last_version: '1' }");
    context_.screen = &screen_;
    context_.backend = backend_.query();
    context_.operate = backend_.operate();
    // As of somebody who thinks before answering: calls are not too late for it.
    context_.now = SystemClock().Now() - absl::Hours(1);
    context_.confirm = [this](absl::string_view question) {
      question_ = std::string(question);
      return answer_;
    };
  }

  absl::Status Retract(bool dry_run, bool yes) {
    return RunRetract(context_,
                      {.collector = "os_packages", .version = "1", .host = "web", .dry_run = dry_run, .yes = yes});
  }
  std::string Text() const { return out_.str(); }
  // Calls that ended something.
  size_t Retractions() const {
    const auto& requests = backend_.retract_requests();
    return static_cast<size_t>(
        std::count_if(requests.begin(), requests.end(), [](const auto& r) { return !r.dry_run(); }));
  }

  FakeBackend backend_;
  std::ostringstream out_;
  Screen screen_{&out_, OutputFormat::kTable, false, 0, false};
  CommandContext context_;
  std::string question_;
  absl::StatusOr<bool> answer_ = true;
};

TEST_F(RetractTest, ADryRunEndsNothing) {
  ASSERT_TRUE(Retract(/*dry_run=*/true, /*yes=*/true).ok());
  EXPECT_EQ(Retractions(), 0u);
  EXPECT_THAT(Text(), HasSubstr("web-1  host               12         2"));
  EXPECT_THAT(Text(), HasSubstr("a2     container:c1        3         1"));
  EXPECT_THAT(Text(), HasSubstr("1 host still runs version 1 and will write the same again"));
  EXPECT_THAT(Text(), HasSubstr("Would end 15 records on 2 hosts, written by os_packages 1. Nothing was changed."));
}

TEST_F(RetractTest, AsksFirstAndSaysWhatItDid) {
  ASSERT_TRUE(Retract(false, false).ok());
  EXPECT_EQ(question_, "End 15 records on 2 hosts, written by os_packages 1?");
  EXPECT_EQ(Retractions(), 2u) << "page by page";
  EXPECT_THAT(Text(), HasSubstr("Ended 15 records on 2 hosts"));
  const pb::RetractRequest& request = backend_.retract_requests().back();
  EXPECT_EQ(request.collector(), "os_packages");
  EXPECT_EQ(request.collector_version(), "1");
  EXPECT_EQ(request.host(), "web");
  EXPECT_EQ(request.purpose(), pb::PROVIDE_FEATURE);
}

TEST_F(RetractTest, NoMeansNo) {
  answer_ = false;
  ASSERT_TRUE(Retract(false, false).ok());
  EXPECT_EQ(Retractions(), 0u);
  EXPECT_THAT(Text(), HasSubstr("Nothing was changed."));
}

TEST_F(RetractTest, NobodyToAskIsAnError) {
  answer_ = absl::FailedPreconditionError("nobody to ask");
  const absl::Status status = Retract(false, false);
  EXPECT_EQ(ExitCodeFor(status), kExitUsage);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--yes"));
  EXPECT_EQ(Retractions(), 0u);
}

TEST_F(RetractTest, YesDoesNotAsk) {
  ASSERT_TRUE(Retract(false, true).ok());
  EXPECT_THAT(question_, IsEmpty());
  EXPECT_THAT(backend_.retract_requests(), SizeIs(2));
  EXPECT_EQ(Retractions(), 2u);
}

TEST_F(RetractTest, NothingToRetractIsSaid) {
  backend_.AddRetractAnswer("", "");
  ASSERT_TRUE(Retract(false, false).ok());
  EXPECT_EQ(Retractions(), 0u);
  EXPECT_THAT(question_, IsEmpty());
  EXPECT_EQ(Text(), "No current record was written by os_packages 1.\n");
}

TEST_F(RetractTest, WhatFailedAtOnceEndedNothingAndDoesNotSayItDid) {
  backend_.FailRetract("");
  const absl::Status status = Retract(false, true);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("is done")));
  EXPECT_THAT(Text(), IsEmpty());
}

TEST_F(RetractTest, WhatFailedOnTheWaySaysWhatIsDone) {
  backend_.FailRetract("more");
  const absl::Status status = Retract(false, true);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("what is listed is done, run it again for the rest"));
  EXPECT_THAT(Text(), HasSubstr("Ended 12 records on 1 host,"));
}

TEST_F(RetractTest, JsonIsOnlyJson) {
  Screen json(&out_, OutputFormat::kJson, false, 0, false);
  context_.screen = &json;
  ASSERT_TRUE(Retract(true, false).ok());
  EXPECT_THAT(Text(), HasSubstr("\"records\":\"12\""));
  EXPECT_THAT(Text(), Not(HasSubstr("Would")));
}

}  // namespace
}  // namespace rollcall

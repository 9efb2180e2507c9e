#include "agent/collect_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_split.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Emits packages a, b, ... and ends as told.
template <int kRecords, absl::StatusCode kEnd>
class ScriptedCollector : public Collector {
 public:
  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    for (int i = 0; i < kRecords; ++i) {
      pb::Record record;
      record.mutable_os_package()->set_name(std::string(1, static_cast<char>('a' + i)));
      record.mutable_os_package()->set_version("1.0");
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    if (kEnd == absl::StatusCode::kDataLoss) {
      report.AddProblem("/var/lib/x", absl::DataLossError("read /var/lib/x: damaged"), "restore it");
      return absl::OkStatus();
    }
    return absl::Status(kEnd, "scripted end");
  }
};

constexpr absl::string_view kKinds[] = {"os_package"};
constexpr absl::string_view kPaths[] = {"/x"};

template <int kRecords, absl::StatusCode kEnd>
Collector::Descriptor Scripted(absl::string_view name) {
  return {name,
          "1",
          kKinds,
          absl::Minutes(5),
          absl::Minutes(1),
          kPaths,
          100,
          [](const CollectorContext&) -> std::unique_ptr<Collector> {
            return std::make_unique<ScriptedCollector<kRecords, kEnd>>();
          }};
}

class CollectCommandTest : public ::testing::Test {
 protected:
  CollectCommandTest() {
    context_.files = &files_;
    context_.clock = &clock_;
  }

  int Run(const std::vector<const Collector::Descriptor*>& all, const CollectOptions& options = {}) {
    out_.str("");
    err_.str("");
    return RunCollectCommand(options, all, context_, StopToken(), out_, err_);
  }

  std::vector<std::string> Lines() const { return absl::StrSplit(out_.str(), '\n', absl::SkipEmpty()); }

  const Collector::Descriptor complete_ = Scripted<2, absl::StatusCode::kOk>("complete");
  const Collector::Descriptor partial_ = Scripted<1, absl::StatusCode::kDataLoss>("partial");
  const Collector::Descriptor failed_ = Scripted<0, absl::StatusCode::kInternal>("failed");
  const Collector::Descriptor unsupported_ = Scripted<0, absl::StatusCode::kUnimplemented>("unsupported");
  MemoryTree files_;
  FakeClock clock_;
  CollectorContext context_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CollectCommandTest, OneLinePerRecordThenOnePerRun) {
  EXPECT_EQ(Run({&complete_, &unsupported_}), kCollectComplete);
  ASSERT_EQ(Lines().size(), 4u);
  EXPECT_THAT(Lines()[0], StartsWith("{\"kind\":\"os_package\",\"scope\":{\"type\":\"HOST\"},\"asset_key\":\""));
  for (const char* part :
       {"\"fingerprint\":\"", "\"category\":\"ASSET_BASIC\"", "\"element\":\"SOFTWARE_APPLICATIONS\"",
        "\"purposes\":[\"PROVIDE_FEATURE\"]", "\"collected_at\":\"2024-01-01T00:00:00Z\"",
        "\"os_package\":{\"name\":\"a\",\"version\":\"1.0\"}"}) {
    EXPECT_THAT(Lines()[0], HasSubstr(part));
  }
  EXPECT_THAT(Lines()[2], StartsWith("{\"run_result\":{\"collector\":\"complete\""));
  EXPECT_THAT(Lines()[2], HasSubstr("\"status\":\"COMPLETE\",\"record_count\":\"2\""));
  EXPECT_THAT(Lines()[3], HasSubstr("\"status\":\"UNSUPPORTED\""));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CollectCommandTest, ExitCodes) {
  const struct {
    std::vector<const Collector::Descriptor*> all;
    int exit_code;
  } cases[] = {{{&complete_}, 0}, {{&unsupported_}, 0},        {{&partial_}, 3},
               {{&failed_}, 3},   {{&failed_, &complete_}, 3}, {{}, 0}};
  for (const auto& c : cases) EXPECT_EQ(Run(c.all), c.exit_code);
}

TEST_F(CollectCommandTest, OnlyTheNamedCollectorsRun) {
  CollectOptions options;
  options.collectors = {"complete"};
  EXPECT_EQ(Run({&complete_, &failed_}, options), kCollectComplete);
  EXPECT_THAT(out_.str(), Not(HasSubstr("failed")));
}

TEST_F(CollectCommandTest, AnUnknownNameRunsNothingAndListsTheKnown) {
  CollectOptions options;
  options.collectors = {"complete", "bogus\x1b[31m"};
  EXPECT_EQ(Run({&complete_, &failed_}, options), kCollectUsage);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "no collector 'bogus\\x1b[31m'; there are: complete, failed\n");
}

TEST_F(CollectCommandTest, AReaderThatWentAwayEndsTheRun) {
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(
      RunCollectCommand({}, std::vector<const Collector::Descriptor*>{&complete_}, context_, StopToken(), out_, err_),
      kCollectIncomplete);
  EXPECT_THAT(err_.str(), HasSubstr("closed"));
}

TEST_F(CollectCommandTest, TablesAreForPeople) {
  CollectOptions options;
  options.table = true;
  EXPECT_EQ(Run({&complete_, &partial_}, options), kCollectIncomplete);
  EXPECT_THAT(out_.str(), HasSubstr("NAME"));
  EXPECT_THAT(out_.str(), HasSubstr("complete: COMPLETE, 2 records"));
  EXPECT_THAT(out_.str(), HasSubstr("partial: PARTIAL, 1 records\n  problem: read /var/lib/x: damaged (restore it)"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("{")));
}

TEST_F(CollectCommandTest, TheListNamesEveryCollector) {
  ListCollectors(std::vector<const Collector::Descriptor*>{&complete_, &failed_}, out_);
  EXPECT_THAT(out_.str(), HasSubstr("complete         1  5m        1m       os_package\n"));
  EXPECT_THAT(out_.str(), HasSubstr("failed"));
}

}  // namespace
}  // namespace rollcall

// The load generator against a real backend: small fleets, whole runs.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/e2e/process.h"

namespace rollcall {
namespace {

using ::google::protobuf::Struct;
using ::google::protobuf::Value;
using ::testing::HasSubstr;

std::string Program(const std::string& name) { return absl::StrCat(ROLLCALL_BIN_DIR, "/", name); }

ProgramOutput Fleetsim(std::vector<std::string> words) {
  words.insert(words.begin(), Program("rollcall-fleetsim"));
  return RunProgram(words);
}

// The value at a path such as `records.lost`; fails the test if there is none.
Value At(const Struct& object, const std::string& path) {
  const size_t dot = path.find('.');
  const auto found = object.fields().find(path.substr(0, dot));
  if (found == object.fields().end()) {
    ADD_FAILURE() << "no " << path;
    return Value();
  }
  return dot == std::string::npos ? found->second : At(found->second.struct_value(), path.substr(dot + 1));
}
double Number(const Struct& object, const std::string& path) { return At(object, path).number_value(); }

class FleetsimTest : public ::testing::Test {
 protected:
  // Runs a mode with its own backend and returns the summary.
  Struct Run(const std::string& mode, std::vector<std::string> more) {
    std::vector<std::string> words = {"--mode",   mode,   "--backend-binary", Program("rollcall-backend"),
                                      "--format", "json", "--ramp",           "1s"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramOutput output = Fleetsim(words);
    EXPECT_EQ(output.exit_code, 0) << output.out << output.err;
    Struct summary;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(output.out, &summary).ok()) << output.out << output.err;
    return summary;
  }

  // Nothing lost, and the backend's set is each agent's.
  static void ExpectNothingLost(const Struct& summary, double agents) {
    EXPECT_TRUE(At(summary, "good").bool_value());
    EXPECT_EQ(Number(summary, "records.lost"), 0);
    EXPECT_EQ(Number(summary, "records.sent"), Number(summary, "records.acknowledged"));
    EXPECT_GE(Number(summary, "digests.agents_compared"), agents);
    EXPECT_EQ(Number(summary, "digests.units_different"), 0);
  }
};

TEST_F(FleetsimTest, FirstInventoriesOfFiftyAgentsArriveWhole) {
  const Struct summary = Run("ingest", {"--agents", "50", "--records", "150"});
  ExpectNothingLost(summary, 50);
  EXPECT_EQ(Number(summary, "records.acknowledged"), 50 * Number(summary, "records_per_host"));
  EXPECT_EQ(Number(summary, "runs"), 50 * 9);
  EXPECT_GE(Number(summary, "sessions.accepted"), 100) << "one for the load and one to compare";
  EXPECT_EQ(At(summary, "sessions.refused").struct_value().fields_size(), 0);
  EXPECT_GT(Number(summary, "bytes.wire_sent"), Number(summary, "bytes.messages_sent"));
  EXPECT_GT(Number(summary, "acknowledgement_ms.p50"), 0);
  EXPECT_LE(Number(summary, "acknowledgement_ms.p50"), Number(summary, "acknowledgement_ms.max"));
  EXPECT_GT(Number(summary, "backend.rss_bytes"), 5e6);
  EXPECT_GT(Number(summary, "backend.cpu_seconds"), 0);
  std::vector<std::string> names;
  const Value phases = At(summary, "phases");
  for (const Value& phase : phases.list_value().values()) {
    names.push_back(At(phase.struct_value(), "name").string_value());
  }
  EXPECT_THAT(names, ::testing::ElementsAre("connect", "inventory", "settle", "verify"));
}

TEST_F(FleetsimTest, AMixedFleetChangesAndLosesConnectionsButNoRecord) {
  const Struct summary = Run("mixed", {"--agents", "20", "--records", "60", "--duration", "4s", "--run-interval", "1s",
                                       "--churn", "5", "--disconnects", "600", "--max-backoff", "1s"});
  ExpectNothingLost(summary, 20);
  EXPECT_GT(Number(summary, "records.acknowledged"), 20 * Number(summary, "records_per_host")) << "changes";
  EXPECT_GT(Number(summary, "sessions.accepted"), 40) << "lost connections came back";
}

TEST_F(FleetsimTest, ABackendThatIsKilledLosesNothing) {
  const Struct summary =
      Run("storm", {"--agents", "20", "--records", "60", "--restart-backend", "--churn", "10", "--max-backoff", "1s"});
  ExpectNothingLost(summary, 20);
  EXPECT_GE(Number(summary, "sessions.accepted"), 60);
}

// Nothing changes, so the runs after the first are lines in heartbeats, which the backend believes.
TEST_F(FleetsimTest, AnIdleFleetConfirmsWhatItHas) {
  const Struct summary = Run("idle", {"--agents", "10", "--records", "9", "--duration", "8s", "--run-interval", "1s",
                                      "--backend-arg=--heartbeat-interval=5s"});
  ExpectNothingLost(summary, 10);
  EXPECT_EQ(Number(summary, "sessions.accepted"), 20);
  EXPECT_EQ(Number(summary, "runs"), 10 * 9) << "none but the first was sent as batches";
  EXPECT_GE(Number(summary, "confirmations"), 10 * 9);
  EXPECT_EQ(Number(summary, "resyncs"), 0);
}

TEST(FleetsimUsageTest, SaysWhatIsWrong) {
  const ProgramOutput nothing = Fleetsim({});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("--backend-binary or --target"));
  const ProgramOutput missing = Fleetsim({"--backend-binary", "/nonexistent", "--quiet"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent"));
  const ProgramOutput duration = Fleetsim({"--duration", "long", "--target", "localhost:1"});
  EXPECT_EQ(duration.exit_code, 2);
  EXPECT_THAT(duration.err, HasSubstr("not a time"));
  const ProgramOutput help = Fleetsim({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("ingest"));
}

}  // namespace
}  // namespace rollcall

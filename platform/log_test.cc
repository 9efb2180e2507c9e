#include "platform/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <sstream>
#include <vector>

#include "absl/strings/str_split.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

std::string Json(absl::string_view text, size_t max_bytes = 100) {
  std::string out;
  AppendJsonString(text, max_bytes, out);
  return out;
}

TEST(AppendJsonString, KeepsOutputOneLineOfValidUtf8) {
  const struct {
    absl::string_view input, want;
  } kCases[] = {
      {"plain", R"("plain")"},
      {"", R"("")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"a\nb\tc\rd", "\"a\\nb\\tc\\u000dd\""},
      {absl::string_view("a\0b", 3), R"("a\u0000b")"},
      {"\x1b[31mred\x7f", R"("\u001b[31mred\u007f")"},
      {"caf\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80", "\"caf\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80\""},
      {"\xC2\x9B"
       "31m",
       R"("\u009b31m")"},  // C1 control sequence introducer
      {"a\xE2\x80\xAE"
       "b",
       R"("a\u202eb")"},                                             // right-to-left override
      {"\xFF", "\"\xEF\xBF\xBD\""},                                  // never a lead byte
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                  // overlong NUL
      {"\xE0\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // overlong
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // surrogate
      {"\xE4\xB8", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                  // ends too early
      {"\xF5\x80\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Json(c.input), c.want);
}

TEST(AppendJsonString, CutsWithoutSplittingACharacter) {
  EXPECT_EQ(Json("abcdef", 3), "\"abc\xE2\x80\xA6\"");
  EXPECT_EQ(Json("ab\xE4\xB8\xAD", 4), "\"ab\xE2\x80\xA6\"");
  EXPECT_EQ(Json("abc", 3), "\"abc\"");
}

TEST(LogLevel, RoundTripsAndRejects) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(*ParseLogLevel(LogLevelName(level)), level);
  }
  EXPECT_EQ(ParseLogLevel("loud").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(JsonLogger, WritesEveryKindOfField) {
  FakeClock clock;
  std::ostringstream out;
  JsonLogger logger(WriteLinesToStream(out), &clock);
  logger.Warning("spool.full", "dropped a batch",
                 {{"bytes", uint64_t{18446744073709551615U}},
                  {"delta", -3},
                  {"final", true},
                  {"ratio", 0.5},
                  {"nan", std::nan("")},
                  {"took", absl::Milliseconds(1500)},
                  {"at", absl::FromUnixSeconds(0)},
                  {"path", std::string("/x\ny")},
                  {"status", absl::NotFoundError("read /x: no such file")}});
  EXPECT_EQ(out.str(),
            "{\"time\":\"2024-01-01T00:00:00.000000Z\",\"level\":\"warning\",\"event\":\"spool.full\",\"message\":"
            "\"dropped a batch\",\"bytes\":18446744073709551615,\"delta\":-3,\"final\":true,\"ratio\":0.5,\"nan\":null,"
            "\"took\":1.5,\"at\":\"1970-01-01T00:00:00+00:00\",\"path\":\"/x\\ny\",\"status\":\"NOT_FOUND: read /x: no "
            "such file\"}\n");
}

TEST(JsonLogger, EveryByteValueGivesParsableJson) {
  FakeClock clock;
  std::ostringstream out;
  JsonLogger logger(WriteLinesToStream(out), &clock);
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  logger.Error("x.y", all, {{"value", all}});
  google::protobuf::Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(out.str(), &parsed).ok()) << out.str();
  EXPECT_EQ(parsed.fields().at("level").string_value(), "error");
}

TEST(JsonLogger, LeavesOutWhatIsBelowTheLevel) {
  FakeClock clock;
  std::ostringstream out;
  JsonLogger logger(WriteLinesToStream(out), &clock, {LogLevel::kWarning});
  logger.Debug("a", "");
  logger.Info("b", "");
  EXPECT_EQ(out.str(), "");
  logger.Error("c", "");
  EXPECT_THAT(out.str(), HasSubstr(R"("event":"c")"));
}

TEST(JsonLogger, LimitsRepeatedEventsAndSaysHowManyItDropped) {
  FakeClock clock;
  std::ostringstream out;
  JsonLogger logger(WriteLinesToStream(out), &clock, {LogLevel::kInfo, 2, absl::Minutes(1)});
  for (int i = 0; i < 10; ++i) logger.Info("noisy", "");
  logger.Info("quiet", "");
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(out.str(), '\n')).size(), 2 + 1 + 1U);
  EXPECT_THAT(out.str(), ::testing::Not(HasSubstr("suppressed")));
  clock.Advance(absl::Minutes(1));
  logger.Info("noisy", "");
  EXPECT_THAT(out.str(), HasSubstr(R"("suppressed":8})"));
}

TEST(WriteLinesToFd, WritesAndSurvivesAClosedPipe) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  WriteLinesToFd(ends[1])("hello\n");
  char buffer[16];
  ASSERT_EQ(read(ends[0], buffer, sizeof buffer), 6);
  close(ends[0]);
  close(ends[1]);
  WriteLinesToFd(ends[1])("lost\n");
}

}  // namespace
}  // namespace rollcall

#include "agent/spool_drop_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordingLogger : public Logger {
 public:
  void Log(LogLevel level, absl::string_view event, absl::string_view /*message*/,
           absl::Span<const LogField> /*fields*/) override {
    lines.emplace_back(level, std::string(event));
  }
  std::vector<std::pair<LogLevel, std::string>> lines;
};

TEST(SpoolDropLogTest, TellsWhatIsNewAndHowBadItIs) {
  RecordingLogger logger;
  SpoolDropLog log(&logger);
  SpoolStats stats;
  log.Note(stats);
  EXPECT_THAT(logger.lines, IsEmpty());
  stats.drops = {{"ports", SpoolDropReason::kCollapsed, 3}, {"ports", SpoolDropReason::kCoalesced, 9}};
  log.Note(stats);
  EXPECT_THAT(logger.lines, ElementsAre(std::pair(LogLevel::kWarning, std::string("spool.lost")),
                                        std::pair(LogLevel::kDebug, std::string("spool.reduced"))));
  logger.lines.clear();
  log.Note(stats);
  EXPECT_THAT(logger.lines, IsEmpty()) << "told already";
  stats.drops[0].entries = 4;
  log.Note(stats);
  EXPECT_THAT(logger.lines, ElementsAre(std::pair(LogLevel::kWarning, std::string("spool.lost"))));
}

TEST(SpoolDropLogTest, EveryReasonHasANameAndOnlyTwoLoseNothing) {
  int harmless = 0;
  for (const auto reason : {SpoolDropReason::kSample, SpoolDropReason::kCollapsed, SpoolDropReason::kSuperseded,
                            SpoolDropReason::kCoalesced, SpoolDropReason::kUnreadable, SpoolDropReason::kRefused}) {
    EXPECT_NE(SpoolDropReasonName(reason), "unknown");
    harmless += IsLoss(reason) ? 0 : 1;
  }
  EXPECT_EQ(harmless, 2);
}

}  // namespace
}  // namespace rollcall

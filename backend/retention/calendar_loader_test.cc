#include "backend/retention/calendar_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kHead[] = "id: \"c\"\nversion: 3\ndata_source: \"s\"\n";

std::string Refused(const std::string& text) {
  const auto days = ParseWorkingDays(text, "c");
  EXPECT_EQ(days.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(days.status().message());
}

TEST(CalendarLoader, ShippedCalendarsNameTheirSource) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ROLLCALL_SOURCE_DIR "/backend/retention/calendars")) {
    const auto days = LoadWorkingDays(entry.path().parent_path().string(), entry.path().stem().string());
    EXPECT_TRUE(days.ok()) << days.status();
    ++files;
  }
  EXPECT_EQ(files, 3);
}

TEST(CalendarLoader, ErrorsSayWhere) {
  EXPECT_THAT(Refused("id: \"c\"\nversion: x\n"), StartsWith("c:2:"));
  EXPECT_THAT(Refused("version: 1"), StartsWith("c:1:1: calendar has no id"));
  const std::string year = absl::StrCat(kHead, "years { year: 2023 notices: \"n\" }\n");
  EXPECT_THAT(Refused(year + "years { year: 2024 }"), StartsWith("c:5:1: year 2024 names no notice"));
  EXPECT_THAT(Refused(year + "\nyears { year: 2024 notices: \"n\" off_days: \"2024-02-30\" }"),
              StartsWith("c:6:1: year 2024 names no day with 2024-02-30"));
  EXPECT_THAT(Refused(year + "years { year: 2024 notices: \"n\" make_up_days: \"2025-01-01\" }"),
              HasSubstr("names 2025-01-01 of another year"));
  EXPECT_THAT(Refused(year + "years { year: 2023 notices: \"n\" }"), HasSubstr("year 2023 stands twice"));
}

TEST(CalendarLoader, LimitsHold) {
  EXPECT_THAT(Refused(std::string((size_t{1} << 20) + 1, '#')), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(Refused(absl::StrCat(kHead, "years { year: 2201 notices: \"n\" }")), HasSubstr("between 1900 and 2200"));
  EXPECT_THAT(Refused(absl::StrCat(kHead, "weekend: [MONDAY, TUESDAY, WEDNESDAY, THURSDAY]")),
              HasSubstr("more than three days"));
}

TEST(CalendarLoader, FilesThatCannotBeUsed) {
  std::string folder = testing::TempDir() + "/calendar_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EXPECT_EQ(LoadWorkingDays(folder, "c").status().code(), absl::StatusCode::kNotFound);
  for (const char* id : {"", "../c", "a/c", ".", "c\n"}) {
    EXPECT_THAT(std::string(LoadWorkingDays(folder, id).status().message()), HasSubstr("is no name")) << id;
  }
  std::ofstream(folder + "/d.textproto") << kHead;
  EXPECT_THAT(std::string(LoadWorkingDays(folder, "d").status().message()), HasSubstr("its id is not d"));
  std::ofstream(folder + "/c.textproto") << kHead;
  const auto days = LoadWorkingDays(folder, "c");
  ASSERT_TRUE(days.ok()) << days.status();
  EXPECT_EQ(days->version(), 3u);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rollcall

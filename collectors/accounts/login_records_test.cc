#include "collectors/accounts/login_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/testing/login_files.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Logins(absl::string_view text, TimeWidth width = TimeWidth::k32, UtmpScan* scan = nullptr) {
  std::vector<std::string> logins;
  const UtmpScan result = ScanUtmp(text, width, [&logins](absl::string_view name, LoginRecord&& record) {
    logins.push_back(absl::StrCat(name, " ", record.terminal, " ", record.from, " ", absl::ToUnixSeconds(record.time)));
  });
  if (scan != nullptr) *scan = result;
  return logins;
}

class UtmpOfBothWidths : public testing::TestWithParam<TimeWidth> {};

TEST_P(UtmpOfBothWidths, ReadsLogins) {
  const std::string text =
      UtmpRecord({.user = "reboot", .line = "~", .host = "6.1.0", .type = 2}, GetParam()) +
      UtmpRecord({.user = "alice", .host = "client.example", .address = "192.0.2.7"}, GetParam()) +
      UtmpRecord({.user = "", .line = "pts/0", .type = 8}, GetParam()) +
      UtmpRecord({.user = "bob", .line = "tty1", .seconds = 3'000'000'000}, GetParam()) +
      UtmpRecord({.user = "carol", .line = "pts/1", .host = "x", .address = "2001:db8::1"}, GetParam()) +
      UtmpRecord({.user = "dave", .line = "pts/2", .address = "::ffff:192.0.2.8"}, GetParam()) +
      UtmpRecord({.user = "erin", .line = ":0", .host = ":0"}, GetParam());
  EXPECT_EQ(GuessUtmpWidth(text), GetParam());
  EXPECT_THAT(Logins(text, GetParam()), ElementsAre("alice pts/0 192.0.2.7 1700000000", "bob tty1  3000000000",
                                                    "carol pts/1 2001:db8::1 1700000000",
                                                    "dave pts/2 192.0.2.8 1700000000", "erin :0 :0 1700000000"));
}

INSTANTIATE_TEST_SUITE_P(Widths, UtmpOfBothWidths, testing::Values(TimeWidth::k32, TimeWidth::k64));

TEST(ScanUtmp, FieldsThatAreFullHaveNoNul) {
  const std::string name(32, 'n');
  const std::string line(32, 'l');
  EXPECT_THAT(Logins(UtmpRecord({.user = name, .line = line, .host = std::string(256, 'h')})),
              ElementsAre(absl::StrCat(name, " ", line, " ", std::string(256, 'h'), " 1700000000")));
}

TEST(ScanUtmp, ARecordThatIsNotWholeIsLeftForLater) {
  UtmpScan scan;
  const std::string text = UtmpRecord({.user = "a"}) + UtmpRecord({.user = "b"});
  EXPECT_EQ(Logins(absl::string_view(text).substr(0, text.size() - 1), TimeWidth::k32, &scan).size(), 1U);
  EXPECT_EQ(scan.consumed, 384U);
  EXPECT_EQ(scan.damaged_bytes, 0U);
  EXPECT_THAT(Logins(""), IsEmpty());
}

TEST(ScanUtmp, FindsItsWayAfterDamage) {
  const std::string good = UtmpRecord({.user = "a"});
  struct {
    const char* name;
    std::string text;
  } const kDamages[] = {
      {"half a record", good.substr(0, 200)},
      {"text", std::string(777, 'x')},
      {"control characters", std::string(100, '\x01')},
      {"invalid UTF-8", std::string(500, '\xFF')},
      {"an unknown type", UtmpRecord({.user = "x", .type = 99})},
      {"a time before there were any", UtmpRecord({.user = "x", .seconds = 1})},
      {"a login of nobody", UtmpRecord({.user = ""})},
  };
  for (const auto& damage : kDamages) {
    SCOPED_TRACE(damage.name);
    UtmpScan scan;
    const auto logins = Logins(
        UtmpRecord({.user = "first"}) + damage.text + UtmpRecord({.user = "second"}) + UtmpRecord({.user = "third"}),
        TimeWidth::k32, &scan);
    EXPECT_THAT(logins, ElementsAre("first pts/0  1700000000", "second pts/0  1700000000", "third pts/0  1700000000"));
    EXPECT_EQ(scan.damaged_bytes, damage.text.size());
  }
}

TEST(ScanUtmp, ZerosAreEmptyRecords) {
  UtmpScan scan;
  const std::string text = UtmpRecord({.user = "a"}) + std::string(384 * 3, '\0') + UtmpRecord({.user = "b"});
  EXPECT_EQ(Logins(text, TimeWidth::k32, &scan).size(), 2U);
  EXPECT_EQ(scan.damaged_bytes, 0U);
}

TEST(ParseLastlogRecord, ReadsEntries) {
  for (const TimeWidth width : {TimeWidth::k32, TimeWidth::k64}) {
    std::string text;
    SetLastlog(&text, 2, 1'700'000'000, "pts/3", "192.0.2.1", width);
    EXPECT_EQ(GuessLastlogWidth(text.size()), width);
    const size_t bytes = LastlogRecordBytes(width);
    const auto login = ParseLastlogRecord(text.substr(2 * bytes), width);
    ASSERT_TRUE(login.has_value());
    EXPECT_EQ(absl::ToUnixSeconds(login->time), 1'700'000'000);
    EXPECT_EQ(login->terminal, "pts/3");
    EXPECT_EQ(login->from, "192.0.2.1");
    EXPECT_FALSE(ParseLastlogRecord(text.substr(bytes, bytes), width).has_value()) << "never logged in";
    EXPECT_FALSE(ParseLastlogRecord(text.substr(2 * bytes, bytes - 1), width).has_value()) << "truncated";
    EXPECT_FALSE(ParseLastlogRecord(std::string(bytes, '\x02'), width).has_value()) << "no text";
  }
}

}  // namespace
}  // namespace rollcall

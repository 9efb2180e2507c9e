// What a host says of itself does not become a command of whoever looks at it.
#include "cli/host_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAgent[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";

// The screen of a host with more accounts than are shown.
std::string ScreenOf(const std::string& hostname) {
  HostScreenData data;
  data.host.set_agent_id(kAgent);
  data.host.set_hostname(hostname);
  SectionRecords accounts;
  accounts.section = {"Accounts", "account", {}, {"name"}, ""};
  for (int i = 0; i < 20; ++i) {
    accounts.records.emplace_back().mutable_record()->mutable_account()->set_name(absl::StrCat("user-", i));
  }
  data.sections.push_back(std::move(accounts));
  std::ostringstream out;
  Screen screen(&out, OutputFormat::kTable, false, 0, false);
  PrintHostScreen(&screen, data, absl::FromUnixSeconds(1'795'694'400));
  return out.str();
}

TEST(HostScreenTest, ThePlainNameOfAHostIsPutIntoTheCommandForMore) {
  for (const std::string name : {"web-1", "web_1.example.com", "7"}) {
    EXPECT_THAT(ScreenOf(name), HasSubstr(absl::StrCat("12 more: rollcall ls account --host ", name, "\n")));
  }
}

TEST(HostScreenTest, AnyOtherNameIsNot) {
  for (const std::string name : {"", "web-1; rm -rf ~", "$(reboot)", "`reboot`", "a|b", "a b", "a'b", "a\"b", "a&b",
                                 "a>b", "a*", "~root", "-rf", "--help", "web-1\nreboot", "w\u00e9b"}) {
    const std::string screen = ScreenOf(name);
    EXPECT_THAT(screen, HasSubstr(absl::StrCat("12 more: rollcall ls account --host ", kAgent, "\n"))) << name;
    EXPECT_THAT(screen, Not(HasSubstr(absl::StrCat("--host ", name, "\n")))) << name;
  }
}

}  // namespace
}  // namespace rollcall

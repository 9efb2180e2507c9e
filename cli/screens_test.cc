// What commands put on the screen, whole: testdata/screens has a text per screen. To change them on purpose run
// with ROLLCALL_REGENERATE_GOLDEN=1 and look at the difference.
#include <gtest/gtest.h>

#include <sstream>

#include "cli/command.h"
#include "cli/kind_name.h"
#include "cli/testing/fake_backend.h"
#include "cli/testing/golden_screen.h"
#include "cli/testing/made_up_host.h"

namespace rollcall {
namespace {

class ScreensTest : public ::testing::Test {
 protected:
  ScreensTest() {
    AddMadeUpHost(&backend_);
    context_.backend = backend_.query();
    context_.now = kMadeUpNow;
  }

  // Runs `run` with a screen of `width` columns and compares what it writes with the text called `name`.
  template <typename Run>
  void ExpectScreen(const std::string& name, size_t width, bool wide, Run run) {
    std::ostringstream out;
    Screen screen(&out, OutputFormat::kTable, wide, width, false);
    context_.screen = &screen;
    const absl::Status status = run(context_);
    ASSERT_TRUE(status.ok()) << status;
    ExpectGoldenScreen(name, out.str());
  }

  void ExpectList(const std::string& kind, size_t width, bool wide = false) {
    ASSERT_TRUE(ResolveKind(kind).ok()) << kind;
    ExpectScreen(kind + (wide ? "_wide" : ""), width, wide, [&](const CommandContext& context) {
      LsArguments arguments;
      arguments.kind = kind;
      return RunLs(context, arguments);
    });
  }

  FakeBackend backend_;
  CommandContext context_;
};

TEST_F(ScreensTest, SummaryOfAHost) {
  ExpectScreen("summary", 110, false, [](const CommandContext& context) { return RunSummary(context, {"web-1"}); });
}

TEST_F(ScreensTest, SummaryOfAHostThatSaidNothingYet) {
  ExpectScreen("summary_silent", 110, false,
               [](const CommandContext& context) { return RunSummary(context, {"agent-new"}); });
}

TEST_F(ScreensTest, Ports) { ExpectList("ports", 0); }
TEST_F(ScreensTest, PortsWide) { ExpectList("ports", 0, true); }
TEST_F(ScreensTest, PortsOnANarrowTerminal) {
  ExpectScreen("ports_narrow", 80, false, [](const CommandContext& context) {
    LsArguments arguments;
    arguments.kind = "ports";
    return RunLs(context, arguments);
  });
}
TEST_F(ScreensTest, Processes) { ExpectList("processes", 0); }
TEST_F(ScreensTest, Packages) { ExpectList("packages", 0); }
TEST_F(ScreensTest, Hosts) { ExpectList("hosts", 0); }
TEST_F(ScreensTest, Accounts) { ExpectList("accounts", 0); }
TEST_F(ScreensTest, Services) { ExpectList("services", 0); }
TEST_F(ScreensTest, Tasks) { ExpectList("tasks", 0); }
TEST_F(ScreensTest, Modules) { ExpectList("modules", 0); }
TEST_F(ScreensTest, Resources) { ExpectList("resources", 0); }
TEST_F(ScreensTest, Variables) { ExpectList("variables", 0); }

TEST_F(ScreensTest, ColumnsThatWereAskedForAreShownEvenIfEmpty) {
  ExpectScreen("ports_columns", 0, false, [](const CommandContext& context) {
    LsArguments arguments;
    arguments.kind = "ports";
    arguments.columns = {"port", "interface", "v6only"};
    return RunLs(context, arguments);
  });
}

}  // namespace
}  // namespace rollcall

// The collector on the test machine against dpkg-query: every package, version, architecture
// and state the same.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collectors/os_packages/os_packages_collector.h"
#include "collectors/run_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

constexpr char kFormat[] =
    "${Package}\\t${Version}\\t${Architecture}\\t${db:Status-Want}\\t${db:Status-Status}\\t${source:Package}\\t"
    "${source:Version}\\t${Section}\\t${Installed-Size}\\n";

TEST(OsPackagesLive, SaysTheSameAsDpkgQuery) {
  const auto output = ToolOutput({"dpkg-query", "-W", "-f", kFormat});
  ASSERT_TRUE(output.ok()) << "what is installed for the tests is installed with it: " << output.status();
  std::set<std::string> expected;
  for (const absl::string_view line : absl::StrSplit(*output, '\n', absl::SkipEmpty())) {
    std::vector<std::string> fields = absl::StrSplit(line, '\t');
    ASSERT_EQ(fields.size(), 9U) << line;
    if (fields[4] == "not-installed" || fields[4] == "config-files") continue;
    fields[3] = fields[3] == "hold" ? "held" : "";
    expected.insert(absl::StrJoin(fields, "|"));
  }

  const auto files = HostRoot::Create("/");
  ASSERT_TRUE(files.ok()) << files.status();
  const SystemClock clock;
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  VectorSink sink;
  const pb::RunResult result =
      RunCollector(*kOsPackagesCollector.create(context), kOsPackagesCollector, {}, clock, StopToken(), sink);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  std::set<std::string> actual;
  size_t with_install_time = 0;
  for (const pb::Record& record : sink.records()) {
    const pb::OsPackage& package = record.os_package();
    actual.insert(absl::StrCat(package.name(), "|", package.version(), "|", package.architecture(), "|",
                               package.held() ? "held" : "", "|", package.status(), "|", package.source_name(), "|",
                               package.source_version(), "|", package.section(), "|",
                               package.has_installed_bytes() ? absl::StrCat(package.installed_bytes() / 1024) : ""));
    with_install_time += package.has_install_time() ? 1 : 0;
  }
  EXPECT_EQ(actual, expected);
  EXPECT_EQ(with_install_time, actual.size()) << "each has a list of files";
}

}  // namespace
}  // namespace rollcall

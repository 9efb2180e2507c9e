// The records of units against what systemd itself makes of the files: `systemd-analyze verify`
// loads units from files alone and, in debug mode, prints all it knows of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/run_collector.h"
#include "collectors/services/services_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/systemd/unit_name.h"
#include "platform/systemd/unit_words.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

using Service = pb::StartupService;
// `Key: value` lines of one unit; commands by their setting.
using Dump = std::map<std::string, std::vector<std::string>>;

std::map<std::string, Dump> Dumps(const std::string& root, const std::vector<std::string>& units) {
  const std::string script =
      "root=\"$1\"; shift; SYSTEMD_LOG_LEVEL=debug systemd-analyze --root=\"$root\" --man=no verify \"$@\" 2>/dev/null "
      "|| true";
  std::vector<std::string> arguments = {"sh", "-c", script, "sh", root};
  arguments.insert(arguments.end(), units.begin(), units.end());
  const auto output = ToolOutput(arguments);
  EXPECT_TRUE(output.ok()) << output.status() << ": is systemd installed?";
  std::map<std::string, Dump> dumps;
  if (!output.ok()) return dumps;
  std::string unit;
  std::string command;
  for (absl::string_view line : absl::StrSplit(*output, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "-> Unit ")) {
      unit = std::string(absl::StripSuffix(line, ":"));
    } else if (absl::ConsumePrefix(&line, "-> ")) {
      command = std::string(absl::StripSuffix(line, ":"));
    } else if (const size_t colon = line.find(": "); colon != absl::string_view::npos) {
      const bool is_command = line.substr(0, colon) == "Command Line";
      dumps[unit][is_command ? command : std::string(line.substr(0, colon))].emplace_back(line.substr(colon + 2));
    }
  }
  return dumps;
}

std::vector<Service> Records(const std::string& root) {
  const auto files = HostRoot::Create(root);
  EXPECT_TRUE(files.ok()) << files.status();
  const SystemClock clock;
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  VectorSink sink;
  RunCollector(*kServicesCollector.create(context), kServicesCollector, {}, clock, StopToken(), sink);
  std::vector<Service> services;
  for (const pb::Record& record : sink.records()) services.push_back(record.startup_service());
  return services;
}

std::string Joined(const std::vector<std::string>& list) { return absl::StrJoin(list, "|"); }

template <typename Repeated>
std::vector<std::string> List(const Repeated& repeated) {
  return {repeated.begin(), repeated.end()};
}

// Words of commands as one text, ours from the file and theirs from the dump.
std::string OurWords(const std::vector<std::string>& lines) {
  std::vector<std::string> all;
  for (const std::string& line : lines) {
    for (const UnitCommand& command : SplitUnitCommands(line).commands) {
      std::vector<std::string> words = {command.program};
      words.insert(words.end(), command.arguments.begin(), command.arguments.end());
      // With `@` theirs shows argv[0] where the program would be.
      if (command.prefixes.find('@') != std::string::npos) words.front() = "@";
      all.push_back(absl::StrJoin(words, "|"));
    }
  }
  return absl::StrJoin(all, "\n");
}

// The dump quotes for a shell, where `$` and backquotes are escaped.
std::string TheirWords(const std::vector<std::string>& lines, const std::string& ours) {
  std::vector<std::string> all;
  const std::vector<std::string> our_lines = absl::StrSplit(ours, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> words = SplitUnitWords(absl::StrReplaceAll(lines[i], {{"\\$", "$"}, {"\\`", "`"}})).words;
    if (i < our_lines.size() && absl::StartsWith(our_lines[i], "@")) words.front() = "@";
    all.push_back(absl::StrJoin(words, "|"));
  }
  return absl::StrJoin(all, "\n");
}

class Comparison {
 public:
  explicit Comparison(std::string root) : root_(std::move(root)) {
    std::vector<std::string> names;
    for (const Service& service : Records(root_)) {
      const bool loaded = service.enabled() != Service::MASKED && service.enabled() != Service::BAD &&
                          service.alias_of().empty() && !IsUnitTemplate(service.name());
      if (service.manager() != Service::SYSTEMD || !loaded) continue;
      names.push_back(service.name());
      services_.push_back(service);
    }
    dumps_ = Dumps(root_, names);
  }

  // Returns how many units both know.
  size_t Compare() const {
    size_t compared = 0;
    for (const Service& service : services_) {
      const auto dump = dumps_.find(service.name());
      if (dump == dumps_.end()) continue;
      SCOPED_TRACE(service.name());
      CompareUnit(service, dump->second);
      ++compared;
    }
    return compared;
  }

 private:
  static std::vector<std::string> Of(const Dump& dump, const std::string& key) {
    const auto found = dump.find(key);
    return found == dump.end() ? std::vector<std::string>() : found->second;
  }

  // systemd lists a drop-in that is masked, too.
  static std::vector<std::string> WithoutMasked(std::vector<std::string> paths) {
    const auto masked = [](const std::string& path) {
      std::error_code none;
      return fs::read_symlink(path, none) == "/dev/null";
    };
    paths.erase(std::remove_if(paths.begin(), paths.end(), masked), paths.end());
    return paths;
  }

  // Without the tree's own path, and as if /lib were never a link.
  std::vector<std::string> Paths(std::vector<std::string> paths) const {
    for (std::string& path : paths) {
      if (root_ != "/") path = std::string(absl::StripPrefix(path, root_));
      path = std::string(absl::StripPrefix(path, "/usr"));
    }
    return paths;
  }

  void CompareUnit(const Service& ours, const Dump& theirs) const {
    EXPECT_EQ(Joined(Paths({ours.unit_path()})), Joined(Paths(Of(theirs, "Fragment Path"))));
    EXPECT_EQ(Joined(Paths(List(ours.drop_ins()))), Joined(Paths(WithoutMasked(Of(theirs, "DropIn Path")))));
    CompareText(ours.description().empty() ? ours.name() : ours.description(), Of(theirs, "Description"));
    if (!absl::EndsWith(ours.name(), ".service")) return;
    EXPECT_EQ(ours.type(), Joined(Of(theirs, "Type")));
    EXPECT_EQ(ours.restart(), Joined(Of(theirs, "Restart")));
    if (Joined(Of(theirs, "DynamicUser")) == "no") CompareText(ours.user(), Of(theirs, "User"));
    CompareText(ours.group(), Of(theirs, "Group"));
    CompareEnvironment(ours, theirs);
    CompareCommands(List(ours.exec_start()), Of(theirs, "ExecStart"));
    std::map<std::string, std::vector<std::string>> others;
    for (const pb::StartupCommand& other : ours.exec_other()) others[other.setting()].push_back(other.command());
    for (const auto& [setting, commands] : others) CompareCommands(commands, Of(theirs, setting));
  }

  // Specifiers are systemd's to resolve.
  static void CompareText(const std::string& ours, const std::vector<std::string>& theirs) {
    if (absl::StrContains(ours, "%")) return;
    EXPECT_EQ(ours, Joined(theirs));
  }

  static void CompareEnvironment(const Service& ours, const Dump& theirs) {
    std::set<std::string> names;
    for (const char* key : {"Environment", "PassEnvironment"}) {
      for (const std::string& value : Of(theirs, key)) names.insert(value.substr(0, value.find('=')));
    }
    EXPECT_EQ(Joined(List(ours.environment_names())), Joined(List(names)));
    CompareText(Joined(List(ours.environment_files())), Of(theirs, "EnvironmentFile"));
  }

  static void CompareCommands(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
    const std::string words = OurWords(ours);
    if (absl::StrContains(words, "%")) return;
    EXPECT_EQ(words, TheirWords(theirs, words));
  }

  const std::string root_;
  std::vector<Service> services_;
  std::map<std::string, Dump> dumps_;
};

TEST(UnitSettingsLive, OfThisMachineAreWhatSystemdLoads) { EXPECT_GT(Comparison("/").Compare(), 60U); }

TEST(UnitSettingsLive, DropInsAndQuotingAreWhatSystemdLoads) {
  std::string name = testing::TempDir() + "settings_XXXXXX";
  const fs::path root = mkdtemp(name.data());
  const auto file = [&](const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  file("dev/null", "");
  file("bin/true", "");
  file("usr/lib/systemd/system/foo-bar-baz.service",
       "[Unit]\nDescription=A = B\n[Service]\nExecStart=/bin/true --x=y=z\nUser=one\nRestart=no\n");
  file("usr/lib/systemd/system/service.d/00.conf", "[Service]\nUser=type\nEnvironment=T=1\n");
  file("usr/lib/systemd/system/foo-.service.d/10.conf", "[Service]\nUser=prefix\n");
  file("usr/lib/systemd/system/foo-bar-.service.d/20.conf", "[Service]\nGroup=longer\n");
  file("etc/systemd/system/foo-.service.d/20.conf", "[Service]\nGroup=etc\n");
  file("usr/lib/systemd/system/foo-bar-baz.service.d/30.conf",
       "[Service]\nExecStart=\nExecStart=-/bin/true \"a b\" c\\x41 \\\n# comment\n  'q \"' $X ${Y} ; @/bin/true zero "
       "\\; one\nType=oneshot\nEnvironment=\"A=1 2\" B=3 'C=x=y'\nEnvironmentFile=-/etc/default/x\n");
  file("run/systemd/system/foo-bar-baz.service.d/40.conf", "[Service]\nUser=hidden\n");
  file("etc/systemd/system/foo-bar-baz.service.d/40.conf",
       "[Service]\nExecStartPre=+/bin/true pre\nExecStop=!!/bin/true\n");
  file("usr/lib/systemd/system/foo-bar-baz.service.d/50.conf", "[Service]\nUser=masked\n");
  fs::create_symlink("/dev/null", root / "etc/systemd/system/foo-bar-baz.service.d/50.conf");
  file("usr/lib/systemd/system/foo-bar-baz.service.d/not-applied.txt", "[Service]\nUser=never\n");
  // By the other name of the unit.
  fs::create_symlink("foo-bar-baz.service", root / "usr/lib/systemd/system/other.service");
  file("etc/systemd/system/other.service.d/60.conf", "[Service]\nEnvironment=BY_ALIAS=1\n");
  file("usr/lib/systemd/system/inst@.service", "[Service]\nExecStart=/bin/true\nUser=template\n");
  file("etc/systemd/system/inst@.service.d/10.conf", "[Service]\nUser=of-template\n");
  file("etc/systemd/system/inst@one.service.d/20.conf", "[Service]\nUser=of-instance\n");
  fs::create_directories(root / "etc/systemd/system/a.target.wants");
  fs::create_symlink("/usr/lib/systemd/system/inst@.service",
                     root / "etc/systemd/system/a.target.wants/inst@one.service");
  file("usr/lib/systemd/system/bus.service",
       "[Service]\nExecStart=/bin/true\nBusName=org.example.Bus\nRestart=always\n");
  file("usr/lib/systemd/system/stop.service", "[Service]\nExecStop=/bin/true\nRemainAfterExit=yes\n");
  EXPECT_EQ(Comparison(root.string()).Compare(), 4U);
  fs::remove_all(root);
}

}  // namespace
}  // namespace rollcall

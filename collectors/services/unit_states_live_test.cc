// The state of every unit against `systemctl --root`, which works on files alone as we do: of the
// test machine's own units, and of a tree with every arrangement of links that matters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collectors/testing/tool_output.h"
#include "platform/host_root.h"
#include "platform/systemd/unit_set.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::ElementsAre;
using testing::Gt;
using testing::SizeIs;

constexpr absl::string_view kAllTypes[] = {"service", "socket", "target", "path",  "timer",    "mount",
                                           "swap",    "device", "slice",  "scope", "automount"};
constexpr char kNone[] = "systemctl: ; we: ";
constexpr char kInstall[] = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";

// `NAME STATE` of each unit file systemctl lists.
std::vector<std::string> Theirs(const std::string& root) {
  const auto output = ToolOutput({"systemctl", "--root=" + root, "list-unit-files", "--no-legend", "--no-pager"});
  EXPECT_TRUE(output.ok()) << output.status() << ": is systemd installed?";
  std::vector<std::string> lines;
  if (!output.ok()) return lines;
  for (const absl::string_view line : absl::StrSplit(*output, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    lines.push_back(absl::StrCat(words[0], " ", words[1]));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string TheirsOf(const std::string& root, const std::string& unit) {
  // `is-enabled` says it by its exit status, too.
  const auto output =
      ToolOutput({"sh", "-c", "systemctl --root=\"$0\" is-enabled \"$1\" 2>/dev/null || true", root, unit});
  return output.ok() ? std::string(absl::StripAsciiWhitespace(*output)) : output.status().ToString();
}

UnitSet OurSet(const std::string& root) {
  const auto files = HostRoot::Create(root);
  EXPECT_TRUE(files.ok()) << files.status();
  auto set = UnitSet::Load(**files, kAllTypes, StopToken());
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

// What one has and the other has not, to read when they differ.
std::string Difference(const std::vector<std::string>& theirs, const std::vector<std::string>& ours) {
  std::vector<std::string> lines;
  std::set_difference(theirs.begin(), theirs.end(), ours.begin(), ours.end(), std::back_inserter(lines));
  std::string text = absl::StrCat("systemctl: ", absl::StrJoin(lines, ", "));
  lines.clear();
  std::set_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(), std::back_inserter(lines));
  return absl::StrCat(text, "; we: ", absl::StrJoin(lines, ", "));
}

// Likewise; instances that only a link in a .wants folder names are no unit files.
std::vector<std::string> Ours(const UnitSet& set, const fs::path& root) {
  std::vector<std::string> lines;
  for (const auto& [name, unit] : set.units()) {
    const bool has_file = std::any_of(
        SystemUnitFolders().begin(), SystemUnitFolders().end(), [&, &file = name](absl::string_view folder) {
          return fs::is_symlink(fs::symlink_status(absl::StrCat(root.string(), folder, "/", file))) ||
                 fs::exists(absl::StrCat(root.string(), folder, "/", file));
        });
    if (has_file) lines.push_back(absl::StrCat(name, " ", UnitFileStateName(unit.state)));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(UnitStatesLive, OfThisMachineAreWhatSystemctlSays) {
  const std::vector<std::string> theirs = Theirs("/");
  EXPECT_THAT(theirs, SizeIs(Gt(100)));
  EXPECT_EQ(Difference(theirs, Ours(OurSet("/"), "/")), kNone);
}

class UnitTree : public testing::Test {
 protected:
  UnitTree() {
    std::string name = testing::TempDir() + "units_XXXXXX";
    root_ = mkdtemp(name.data());
    // A tree without it makes systemctl give up on a drop-in that is masked.
    fs::create_directories(root_ / "dev");
    std::ofstream(root_ / "dev" / "null");
  }
  ~UnitTree() override { fs::remove_all(root_); }

  void File(const std::string& path, const std::string& text = kInstall) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void Link(const std::string& path, const std::string& target) {
    fs::create_directories((root_ / path).parent_path());
    fs::create_symlink(target, root_ / path);
  }

  void MakePlainUnits() {
    File("usr/lib/systemd/system/disabled.service");
    File("usr/lib/systemd/system/static.service", "[Service]\nExecStart=/bin/true\n");
    File("usr/lib/systemd/system/also.service", "[Install]\nAlso=disabled.service\n");
    File("usr/lib/systemd/system/also-reset.service", "[Install]\nAlso=disabled.service\nAlso=\n");
    File("usr/lib/systemd/system/reset.service", "[Install]\nWantedBy=a.target b.target\nWantedBy=\n");
    File("usr/lib/systemd/system/required.service", "[Install]\nRequiredBy=a.target\n");
    File("usr/lib/systemd/system/alias-only.service", "[Install]\nAlias=other-name.service\n");
    File("usr/lib/systemd/system/mount-alias.mount", "[Install]\nAlias=other.mount\n");
    File("usr/lib/systemd/system/continued.service", "[Install]\nWantedBy=\\\n# comment\n  a.target\n");
    File("usr/lib/systemd/system/quoted.service", "[Install]\nWantedBy=\"a.target\" 'b.target'\n");
    File("usr/lib/systemd/system/not-a-unit.txt");
    File("usr/lib/systemd/system/backup.service~");
    File("etc/systemd/system/admin.service");
    File("run/systemd/system/runtime.service");
    File("run/systemd/generator/generated.service");
    File("run/systemd/generator.early/early.service");
    File("run/systemd/generator.late/late.service");
    File("run/systemd/transient/transient.service");
    File("etc/systemd/system.control/controlled.service");
    File("run/systemd/system.control/controlled-runtime.service");
    File("etc/systemd/system.attached/attached.service");
    File("usr/local/lib/systemd/system/local.service");
    // The same name in two places.
    File("etc/systemd/system/twice.service", "[Service]\nExecStart=/bin/true\n");
    File("usr/lib/systemd/system/twice.service");
  }

  void MakeEnabledUnits() {
    for (const char* name :
         {"enabled", "runtime-enabled", "vendor-enabled", "required-by", "aliased", "wrong-name", "both"}) {
      File(absl::StrCat("usr/lib/systemd/system/", name, ".service"));
    }
    File("usr/lib/systemd/system/aliased.service", "[Install]\nAlias=second.service\n");
    Link("etc/systemd/system/multi-user.target.wants/enabled.service", "/usr/lib/systemd/system/enabled.service");
    Link("run/systemd/system/multi-user.target.wants/runtime-enabled.service", "/usr/lib/systemd/system/x.service");
    Link("usr/lib/systemd/system/multi-user.target.wants/vendor-enabled.service", "../vendor-enabled.service");
    Link("etc/systemd/system/a.target.requires/required-by.service", "/usr/lib/systemd/system/required-by.service");
    Link("etc/systemd/system/second.service", "/usr/lib/systemd/system/aliased.service");
    Link("etc/systemd/system/another.service", "/usr/lib/systemd/system/wrong-name.service");
    Link("usr/lib/systemd/system/vendor-alias.service", "both.service");
    Link("run/systemd/system/a.target.wants/both.service", "/usr/lib/systemd/system/both.service");
    Link("etc/systemd/system/a.target.wants/both.service", "/usr/lib/systemd/system/both.service");
    Link("etc/systemd/system/multi-user.target.wants/static-wanted.service",
         "/usr/lib/systemd/system/static-wanted.service");
    File("usr/lib/systemd/system/static-wanted.service", "[Service]\nExecStart=/bin/true\n");
    // The unit's own name, in a folder that counts less than its file.
    File("etc/systemd/system/above.service");
    Link("usr/lib/systemd/system/above.service", "/opt/above.service");
    // Enabled by drop-ins.
    File("usr/lib/systemd/system/dropped.service", "[Service]\nExecStart=/bin/true\n");
    File("etc/systemd/system/dropped.service.d/install.conf", "[Install]\nWantedBy=a.target\n");
    File("usr/lib/systemd/system/dropped-reset.service");
    File("etc/systemd/system/dropped-reset.service.d/install.conf", "[Install]\nWantedBy=\n");
    File("usr/lib/systemd/system/dropped-masked.service");
    File("usr/lib/systemd/system/dropped-masked.service.d/install.conf", "[Install]\nWantedBy=\n");
    Link("etc/systemd/system/dropped-masked.service.d/install.conf", "/dev/null");
    // Type and prefix drop-ins say nothing about enabling.
    File("etc/systemd/system/pre-.service.d/install.conf", "[Install]\nWantedBy=a.target\n");
    File("usr/lib/systemd/system/pre-fix.service", "[Service]\nExecStart=/bin/true\n");
  }

  void MakeMaskedUnits() {
    for (const char* name : {"masked", "masked-runtime", "emptied", "masked-enabled"}) {
      File(absl::StrCat("usr/lib/systemd/system/", name, ".service"));
    }
    Link("etc/systemd/system/masked.service", "/dev/null");
    Link("run/systemd/system/masked-runtime.service", "/dev/null");
    File("etc/systemd/system/emptied.service", "");
    Link("etc/systemd/system/masked-enabled.service", "/dev/null");
    Link("etc/systemd/system/a.target.wants/masked-enabled.service", "/usr/lib/systemd/system/masked-enabled.service");
    Link("usr/lib/systemd/system/vendor-masked.service", "/dev/null");
    Link("etc/systemd/system/nowhere-else.service", "/dev/null");
    // Another name of a masked unit.
    Link("usr/lib/systemd/system/alias-of-masked.service", "masked.service");
    Link("etc/systemd/system/empty-target.service", "/opt/empty.service");
    File("opt/empty.service", "");
  }

  void MakeLinkedUnits() {
    for (const char* name : {"linked", "linked-runtime", "linked-enabled", "renamed-target", "deep", "linked-alias"}) {
      File(absl::StrCat("opt/", name, ".service"));
    }
    Link("etc/systemd/system/linked.service", "/opt/linked.service");
    Link("run/systemd/system/linked-runtime.service", "/opt/linked-runtime.service");
    Link("etc/systemd/system/linked-enabled.service", "/opt/linked-enabled.service");
    Link("etc/systemd/system/a.target.wants/linked-enabled.service", "/opt/linked-enabled.service");
    Link("etc/systemd/system/renamed.service", "/opt/renamed-target.service");
    Link("opt/two/deep.service", "../deep.service");
    Link("etc/systemd/system/deep.service", "/opt/two/deep.service");
    Link("etc/systemd/system/relative.service", "../../../opt/linked.service");
    Link("usr/lib/systemd/system/vendor-linked.service", "/opt/linked.service");
    Link("etc/systemd/system/alias-of-linked.service", "linked-alias.service");
    Link("etc/systemd/system/linked-alias.service", "/opt/linked-alias.service");
  }

  void MakeBrokenUnits() {
    Link("etc/systemd/system/loop1.service", "loop2.service");
    Link("etc/systemd/system/loop2.service", "loop1.service");
    Link("etc/systemd/system/self.service", "self.service");
    Link("etc/systemd/system/dangling.service", "/opt/gone.service");
    Link("etc/systemd/system/dangling-alias.service", "gone.service");
    Link("etc/systemd/system/wrong-type.service", "/usr/lib/systemd/system/a.socket");
    Link("etc/systemd/system/alias.mount", "/usr/lib/systemd/system/mount-alias.mount");
    Link("etc/systemd/system/to-template.service", "/usr/lib/systemd/system/template@.service");
    File("usr/lib/systemd/system/tpl@x.mount");
    Link("etc/systemd/system/chain1.service", "chain2.service");
    Link("etc/systemd/system/chain2.service", "chain3.service");
    Link("etc/systemd/system/chain3.service", "/usr/lib/systemd/system/disabled.service");
  }

  void MakeTemplates() {
    File("usr/lib/systemd/system/template@.service");
    File("usr/lib/systemd/system/default@.service", "[Install]\nWantedBy=a.target\nDefaultInstance=one\n");
    File("usr/lib/systemd/system/unused@.service", "[Install]\nWantedBy=a.target\nDefaultInstance=one\n");
    File("usr/lib/systemd/system/plain@.service", "[Service]\nExecStart=/bin/true\n");
    File("usr/lib/systemd/system/vendor@.service");
    File("etc/systemd/system/template@file.service");
    Link("etc/systemd/system/a.target.wants/template@two.service", "/usr/lib/systemd/system/template@.service");
    Link("etc/systemd/system/a.target.wants/default@one.service", "/usr/lib/systemd/system/default@.service");
    Link("usr/lib/systemd/system/a.target.wants/vendor@x.service", "../vendor@.service");
    Link("run/systemd/system/a.target.wants/plain@run.service", "/usr/lib/systemd/system/plain@.service");
    Link("usr/lib/systemd/system/autotemplate@.service", "default@.service");
    Link("etc/systemd/system/linkinstance@a.service", "/usr/lib/systemd/system/default@.service");
    Link("etc/systemd/system/default@b.service", "/usr/lib/systemd/system/default@.service");
    Link("etc/systemd/system/a.target.wants/autotemplate@t.service", "/usr/lib/systemd/system/default@.service");
    Link("etc/systemd/system/a.target.wants/nothing@t.service", "/usr/lib/systemd/system/nothing@.service");
    File("usr/lib/systemd/system/masked@.service");
    Link("etc/systemd/system/masked@.service", "/dev/null");
    Link("etc/systemd/system/a.target.wants/masked@m.service", "/usr/lib/systemd/system/masked@.service");
  }

  fs::path root_;
};

TEST_F(UnitTree, StatesOfEveryArrangementAreWhatSystemctlSays) {
  MakePlainUnits();
  MakeEnabledUnits();
  MakeMaskedUnits();
  MakeLinkedUnits();
  MakeBrokenUnits();
  MakeTemplates();
  const std::vector<std::string> theirs = Theirs(root_.string());
  EXPECT_THAT(theirs, SizeIs(Gt(75)));
  EXPECT_EQ(Difference(theirs, Ours(OurSet(root_.string()), root_)), kNone);
}

// A link to the unit's own file in a less important folder. systemd 252 and some others cannot say
// its state ("too many levels of symbolic links", listed as `bad`); later ones follow the link,
// and all of them load the unit, as they pass over such a link then.
TEST_F(UnitTree, ALinkToItsOwnFileIsLinkedWhateverTheVersion) {
  File("usr/lib/systemd/system/relinked.service");
  Link("etc/systemd/system/relinked.service", "/usr/lib/systemd/system/relinked.service");
  EXPECT_THAT(Theirs(root_.string()), ElementsAre(AnyOf("relinked.service bad", "relinked.service linked")));
  EXPECT_THAT(Ours(OurSet(root_.string()), root_), ElementsAre("relinked.service linked"));
}

// Instances without a file are not listed, but may be asked for.
TEST_F(UnitTree, StatesOfInstancesAreWhatSystemctlSays) {
  MakeTemplates();
  const UnitSet set = OurSet(root_.string());
  size_t compared = 0;
  for (const auto& [name, unit] : set.units()) {
    if (name.find("@") == std::string::npos) continue;
    EXPECT_EQ(UnitFileStateName(unit.state), TheirsOf(root_.string(), name)) << name;
    ++compared;
  }
  EXPECT_GE(compared, 15U);
  EXPECT_NE(set.Find("template@two.service"), nullptr);
  EXPECT_NE(set.Find("plain@run.service"), nullptr);
}

}  // namespace
}  // namespace rollcall

#include "platform/systemd/unit_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::string_view kTypes[] = {"service", "socket", "timer", "path"};
constexpr char kWanted[] = "[Service]\nExecStart=/bin/d\n[Install]\nWantedBy=multi-user.target\n";
constexpr char kEtc[] = "/etc/systemd/system/";
constexpr char kRun[] = "/run/systemd/system/";
constexpr char kUsr[] = "/usr/lib/systemd/system/";

class UnitSetTest : public testing::Test {
 protected:
  void File(absl::string_view folder, absl::string_view name, absl::string_view text = kWanted) {
    tree_.SetFile(absl::StrCat(folder, name), text);
  }
  void Link(absl::string_view folder, absl::string_view name, absl::string_view target) {
    tree_.SetSymlink(absl::StrCat(folder, name), target);
  }
  UnitSet Load() {
    auto set = UnitSet::Load(tree_, kTypes, StopToken());
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }
  std::string State(absl::string_view name) {
    const UnitSet set = Load();
    const Unit* unit = set.Find(name);
    return unit == nullptr ? "none" : std::string(UnitFileStateName(unit->state));
  }

  MemoryTree tree_;
};

TEST_F(UnitSetTest, AHostWithoutUnitFoldersHasNone) {
  EXPECT_FALSE(Load().has_folders());
  EXPECT_THAT(Load().units(), IsEmpty());
}

TEST_F(UnitSetTest, StatesWithoutLinks) {
  File(kUsr, "disabled.service");
  File(kUsr, "static.service", "[Service]\nExecStart=/bin/d\n");
  File(kUsr, "also.service", "[Install]\nAlso=static.service\n");
  File(kUsr, "other.mount");
  File("/run/systemd/generator/", "generated.service");
  File("/run/systemd/generator.late/", "late.service");
  File("/run/systemd/transient/", "transient.service");
  EXPECT_EQ(State("disabled.service"), "disabled");
  EXPECT_EQ(State("static.service"), "static");
  EXPECT_EQ(State("also.service"), "indirect");
  EXPECT_EQ(State("generated.service"), "generated");
  EXPECT_EQ(State("late.service"), "generated");
  EXPECT_EQ(State("transient.service"), "transient");
  EXPECT_EQ(State("other.mount"), "none");
}

TEST_F(UnitSetTest, EnabledByALinkInAWantsFolder) {
  File(kUsr, "a.service");
  File(kUsr, "b.service");
  File(kUsr, "c.service");
  Link(kEtc, "multi-user.target.wants/a.service", "/lib/systemd/system/a.service");
  Link(kRun, "multi-user.target.requires/b.service", "/usr/lib/systemd/system/b.service");
  Link(kUsr, "sysinit.target.wants/c.service", "../c.service");
  EXPECT_EQ(State("a.service"), "enabled");
  EXPECT_EQ(State("b.service"), "enabled-runtime");
  EXPECT_EQ(State("c.service"), "disabled");
  const UnitSet set = Load();
  EXPECT_THAT(set.Find("a.service")->wanted_by, ElementsAre("multi-user.target"));
  EXPECT_THAT(set.Find("b.service")->required_by, ElementsAre("multi-user.target"));
  EXPECT_THAT(set.Find("c.service")->wanted_by, ElementsAre("sysinit.target"));
}

TEST_F(UnitSetTest, AnAliasPointsToItsUnitWhichIsEnabledByIt) {
  File(kUsr, "ssh.service", "[Unit]\nDescription=x\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n");
  Link(kEtc, "sshd.service", "/lib/systemd/system/ssh.service");
  const UnitSet set = Load();
  const Unit* alias = set.Find("sshd.service");
  ASSERT_NE(alias, nullptr);
  EXPECT_EQ(alias->state, UnitFileState::kAlias);
  EXPECT_EQ(alias->alias_of, "ssh.service");
  EXPECT_THAT(alias->assignments, IsEmpty());
  EXPECT_EQ(set.Find("ssh.service")->state, UnitFileState::kEnabled);
  EXPECT_THAT(set.Find("ssh.service")->aliases, ElementsAre("sshd.service"));
}

TEST_F(UnitSetTest, ANameThatTheUnitDoesNotAskForIsIndirect) {
  File(kUsr, "a.service");
  Link(kEtc, "other.service", "/usr/lib/systemd/system/a.service");
  EXPECT_EQ(State("a.service"), "indirect");
}

TEST_F(UnitSetTest, MaskedByALinkToNullOrAnEmptyFile) {
  File(kUsr, "a.service");
  File(kUsr, "b.service");
  File(kUsr, "c.service");
  Link(kEtc, "a.service", "/dev/null");
  Link(kRun, "b.service", "/dev/null");
  File(kEtc, "c.service", "");
  EXPECT_EQ(State("a.service"), "masked");
  EXPECT_EQ(State("b.service"), "masked-runtime");
  EXPECT_EQ(State("c.service"), "masked");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->path, "/etc/systemd/system/a.service");
  EXPECT_THAT(set.Find("a.service")->hidden_paths, ElementsAre("/usr/lib/systemd/system/a.service"));
  EXPECT_THAT(set.Find("c.service")->assignments, IsEmpty());
  EXPECT_THAT(set.problems(), IsEmpty());
}

TEST_F(UnitSetTest, OfAUnitInTwoPathsTheMoreImportantCounts) {
  File(kUsr, "a.service", "[Service]\nUser=vendor\n");
  File("/run/systemd/generator/", "a.service", "[Service]\nUser=generator\n");
  File(kEtc, "a.service", "[Service]\nUser=admin\n");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->Value("Service", "User"), "admin");
  EXPECT_THAT(set.Find("a.service")->hidden_paths,
              ElementsAre("/run/systemd/generator/a.service", "/usr/lib/systemd/system/a.service"));
}

TEST_F(UnitSetTest, AMergedUsrIsReadOnce) {
  File(kUsr, "a.service");
  tree_.SetSymlink("/lib", "usr/lib");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->path, "/usr/lib/systemd/system/a.service");
  EXPECT_THAT(set.Find("a.service")->hidden_paths, IsEmpty());
}

TEST_F(UnitSetTest, TemplateAndInstances) {
  File(kUsr, "getty@.service", "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n");
  Link(kUsr, "autovt@.service", "getty@.service");
  Link(kEtc, "getty.target.wants/getty@tty1.service", "/lib/systemd/system/getty@.service");
  Link(kEtc, "getty.target.wants/getty@tty2.service", "/lib/systemd/system/getty@.service");
  Link(kEtc, "getty.target.wants/gone@x.service", "/lib/systemd/system/gone@.service");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("getty@.service")->state, UnitFileState::kEnabled);
  EXPECT_EQ(set.Find("autovt@.service")->state, UnitFileState::kAlias);
  EXPECT_EQ(set.Find("getty@tty1.service")->state, UnitFileState::kEnabled);
  EXPECT_EQ(set.Find("getty@tty2.service")->state, UnitFileState::kEnabled);
  EXPECT_EQ(set.Find("getty@tty1.service")->path, "/usr/lib/systemd/system/getty@.service");
  EXPECT_THAT(set.Find("getty@tty1.service")->wanted_by, ElementsAre("getty.target"));
  EXPECT_EQ(set.Find("gone@x.service"), nullptr);
}

TEST_F(UnitSetTest, ATemplateEnabledForAnotherInstanceIsIndirect) {
  File(kUsr, "a@.service");
  Link(kEtc, "multi-user.target.wants/a@x.service", "/lib/systemd/system/a@.service");
  EXPECT_EQ(State("a@.service"), "indirect");
  EXPECT_EQ(State("a@x.service"), "enabled");
}

TEST_F(UnitSetTest, LinkedFromElsewhere) {
  File("/opt/", "linked.service");
  File("/opt/", "runtime.service");
  File("/opt/", "enabled.service");
  Link(kEtc, "linked.service", "/opt/linked.service");
  Link(kRun, "runtime.service", "/opt/runtime.service");
  Link(kEtc, "enabled.service", "/opt/enabled.service");
  Link(kEtc, "multi-user.target.wants/enabled.service", "/opt/enabled.service");
  EXPECT_EQ(State("linked.service"), "linked");
  EXPECT_EQ(State("runtime.service"), "linked-runtime");
  EXPECT_EQ(State("enabled.service"), "enabled");
  EXPECT_EQ(Load().Find("linked.service")->path, "/opt/linked.service");
}

TEST_F(UnitSetTest, CyclicAndDanglingLinksAreBadAndTheRestIsThere) {
  File(kUsr, "good.service");
  Link(kEtc, "a.service", "b.service");
  Link(kEtc, "b.service", "a.service");
  Link(kEtc, "self.service", "self.service");
  Link(kEtc, "gone.service", "/opt/gone.service");
  Link(kEtc, "missing.service", "nowhere.service");
  Link(kEtc, "type.service", "/usr/lib/systemd/system/x.socket");
  for (const char* name :
       {"a.service", "b.service", "self.service", "gone.service", "missing.service", "type.service"}) {
    EXPECT_EQ(State(name), "bad") << name;
  }
  const UnitSet set = Load();
  EXPECT_NE(set.Find("good.service"), nullptr);
  EXPECT_EQ(set.problems().size(), 6U);
  for (const UnitProblem& problem : set.problems()) EXPECT_TRUE(problem.detail_only) << problem.status;
  EXPECT_EQ(set.problems()[0].path, "/etc/systemd/system/a.service");
  EXPECT_THAT(std::string(set.problems()[0].status.message()), HasSubstr("circle"));
}

TEST_F(UnitSetTest, ADropInResetsAList) {
  File(kUsr, "a.service", "[Service]\nExecStart=/bin/old\nUser=one\n");
  File(kEtc, "a.service.d/10.conf", "[Service]\nExecStart=\nExecStart=/bin/new\n");
  const UnitSet set = Load();
  const Unit* unit = set.Find("a.service");
  EXPECT_THAT(unit->Values("Service", "ExecStart"), ElementsAre("/bin/new"));
  EXPECT_EQ(unit->Value("Service", "User"), "one");
  EXPECT_THAT(unit->drop_ins, ElementsAre("/etc/systemd/system/a.service.d/10.conf"));
}

TEST_F(UnitSetTest, AMaskedDropInDoesNotApply) {
  File(kUsr, "a.service", "[Service]\nUser=one\n");
  File(kUsr, "a.service.d/10.conf", "[Service]\nUser=two\n");
  Link(kEtc, "a.service.d/10.conf", "/dev/null");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->Value("Service", "User"), "one");
  EXPECT_THAT(set.Find("a.service")->drop_ins, IsEmpty());
  EXPECT_THAT(set.problems(), IsEmpty());
}

TEST_F(UnitSetTest, DropInsApplyByFileNameWhereverTheyLie) {
  File(kUsr, "foo-bar.service", "[Service]\nUser=unit\n");
  File(kUsr, "service.d/00-type.conf", "[Service]\nUser=type\nNice=1\n");
  File(kUsr, "foo-.service.d/10.conf", "[Service]\nUser=vendor prefix\n");
  File(kEtc, "foo-.service.d/20.conf", "[Service]\nUser=prefix\n");
  File(kUsr, "foo-bar.service.d/20.conf", "[Service]\nUser=hidden by the folder before\n");
  File(kRun, "foo-bar.service.d/30.conf", "[Service]\nNice=3\n");
  const UnitSet set = Load();
  const Unit* unit = set.Find("foo-bar.service");
  EXPECT_THAT(
      unit->drop_ins,
      ElementsAre("/usr/lib/systemd/system/service.d/00-type.conf", "/usr/lib/systemd/system/foo-.service.d/10.conf",
                  "/etc/systemd/system/foo-.service.d/20.conf", "/run/systemd/system/foo-bar.service.d/30.conf"));
  EXPECT_EQ(unit->Value("Service", "User"), "prefix");
  EXPECT_EQ(unit->Value("Service", "Nice"), "3");
}

TEST_F(UnitSetTest, AnInstallSectionMayComeFromADropIn) {
  File(kUsr, "a.service", "[Service]\nExecStart=/bin/d\n");
  File(kEtc, "a.service.d/install.conf", "[Install]\nWantedBy=multi-user.target\n");
  EXPECT_EQ(State("a.service"), "disabled");
  File(kEtc, "a.service.d/zz.conf", "[Install]\nWantedBy=\n");
  EXPECT_EQ(State("a.service"), "static");
}

TEST_F(UnitSetTest, ADependencyLinkToNullTakesItAway) {
  File(kUsr, "a.service");
  Link(kUsr, "sysinit.target.wants/a.service", "../a.service");
  Link(kEtc, "sysinit.target.wants/a.service", "/dev/null");
  EXPECT_THAT(Load().Find("a.service")->wanted_by, IsEmpty());
}

TEST_F(UnitSetTest, AnUnreadableFileIsAProblemAndStillAUnit) {
  File(kUsr, "a.service");
  File(kUsr, "b.service");
  tree_.SetError("/usr/lib/systemd/system/a.service", absl::PermissionDeniedError("no"));
  const UnitSet set = Load();
  ASSERT_NE(set.Find("a.service"), nullptr);
  EXPECT_EQ(set.Find("a.service")->state, UnitFileState::kUnknown);
  EXPECT_EQ(set.Find("b.service")->state, UnitFileState::kDisabled);
  ASSERT_EQ(set.problems().size(), 1U);
  EXPECT_EQ(set.problems()[0].path, "/usr/lib/systemd/system/a.service");
  EXPECT_FALSE(set.problems()[0].detail_only);
}

TEST_F(UnitSetTest, AnUnreadableFolderIsAProblemAndOthersAreRead) {
  File(kUsr, "a.service");
  File(kEtc, "b.service");
  tree_.SetError("/etc/systemd/system", absl::PermissionDeniedError("no"));
  const UnitSet set = Load();
  EXPECT_NE(set.Find("a.service"), nullptr);
  ASSERT_EQ(set.problems().size(), 1U);
  EXPECT_FALSE(set.problems()[0].detail_only);
}

TEST_F(UnitSetTest, AFileWhereAFolderIsExpectedIsAProblem) {
  tree_.SetFile("/etc/systemd/system", "x");
  File(kUsr, "a.service");
  const UnitSet set = Load();
  EXPECT_NE(set.Find("a.service"), nullptr);
  EXPECT_EQ(set.problems().size(), 1U);
}

TEST_F(UnitSetTest, ADirectoryWhereAUnitIsExpectedIsAProblem) {
  tree_.SetDirectory("/etc/systemd/system/a.service");
  File(kUsr, "b.service");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service"), nullptr);
  EXPECT_NE(set.Find("b.service"), nullptr);
  ASSERT_EQ(set.problems().size(), 1U);
  EXPECT_EQ(set.problems()[0].path, "/etc/systemd/system/a.service");
}

TEST_F(UnitSetTest, AFileThatGoesWhileTheFoldersAreReadIsNotThere) {
  File(kUsr, "a.service");
  File(kEtc, "a.service", "[Service]\nUser=x\n");
  File(kUsr, "b.service");
  tree_.SetAccessHook([this](absl::string_view path) {
    if (path == "/etc/systemd/system/a.service") tree_.Unset(path);
    return absl::OkStatus();
  });
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->path, "/usr/lib/systemd/system/a.service");
  EXPECT_NE(set.Find("b.service"), nullptr);
  EXPECT_THAT(set.problems(), IsEmpty());
}

TEST_F(UnitSetTest, ALargeFileIsReadUpToTheLimit) {
  std::string text = "[Service]\nUser=x\n";
  while (text.size() <= kMaxUnitFileBytes) absl::StrAppend(&text, "# ", std::string(1000, 'x'), "\n");
  File(kUsr, "a.service", text);
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->Value("Service", "User"), "x");
  ASSERT_EQ(set.problems().size(), 1U);
  EXPECT_TRUE(absl::IsResourceExhausted(set.problems()[0].status));
}

TEST_F(UnitSetTest, InstancesOfALargeTemplateAreBounded) {
  File(kUsr, "a@.service", absl::StrCat("[Service]\nExecStart=", std::string(900'000, 'x'), "\n"));
  for (int i = 0; i < 60; ++i)
    Link(kEtc, absl::StrCat("x.target.wants/a@", i, ".service"), "/usr/lib/systemd/system/a@.service");
  const UnitSet set = Load();
  EXPECT_EQ(set.units().size(), 61U);
  size_t bytes = 0;
  for (const auto& [name, unit] : set.units()) bytes += unit.Value("Service", "ExecStart").size();
  EXPECT_LE(bytes, UnitSet::kMaxSettingBytes);
  ASSERT_FALSE(set.problems().empty());
  EXPECT_TRUE(absl::IsResourceExhausted(set.problems()[0].status));
  EXPECT_TRUE(set.problems()[0].detail_only);
}

TEST_F(UnitSetTest, DamagedLinesAreDetail) {
  File(kUsr, "a.service", "[Service]\njunk\nUser=x\n");
  const UnitSet set = Load();
  EXPECT_EQ(set.Find("a.service")->Value("Service", "User"), "x");
  ASSERT_EQ(set.problems().size(), 1U);
  EXPECT_TRUE(set.problems()[0].detail_only);
  EXPECT_EQ(set.problems()[0].status.message(),
            "parse /usr/lib/systemd/system/a.service: line 2: neither a section nor an assignment");
}

TEST_F(UnitSetTest, StopsWhenAsked) {
  File(kUsr, "a.service");
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(UnitSet::Load(tree_, kTypes, source.token()).status()));
}

}  // namespace
}  // namespace rollcall

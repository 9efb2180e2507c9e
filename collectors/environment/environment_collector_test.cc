#include "collectors/environment/environment_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/environment/environment_test_support.h"
#include "collectors/environment/file_source.h"
#include "collectors/environment/process_source.h"
#include "collectors/environment/variable_groups.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Variable = pb::EnvironmentVariable;

// Starts from a host with one process and breaks one thing per test.
class Environment : public testing::Test {
 protected:
  // `name` of all records of one owner.
  std::vector<std::string> NamesOf(absl::string_view owner) const {
    std::vector<std::string> names;
    for (const pb::Record& record : host_.sink.records()) {
      const Variable& variable = record.environment_variable();
      if (variable.owner() == owner) names.push_back(variable.name());
    }
    return names;
  }

  EnvironmentTestHost host_;
};

std::string Block(const std::vector<std::string>& entries) {
  std::string block;
  for (const std::string& entry : entries) absl::StrAppend(&block, block.empty() ? "" : std::string(1, '\0'), entry);
  return block;
}

TEST_F(Environment, EveryKindOfSource) {
  host_.files.SetFile("/etc/environment", "LANG=C\n");
  host_.files.SetFile("/etc/default/locale", "LANG=en_US.UTF-8\n");
  host_.files.SetFile("/etc/environment.d/50-x.conf", "FROM_D=1\n");
  host_.files.SetFile("/etc/environment.d/README", "NOT_THIS=1\n");
  host_.files.SetFile("/etc/profile", "export PATH=/usr/bin:/bin\n");
  host_.files.SetFile("/etc/profile.d/java.sh", "export JAVA_HOME=/usr/lib/jvm/default\n");
  host_.files.SetFile("/etc/profile.d/java.csh", "setenv NOT_THIS 1\n");
  host_.files.SetFile("/etc/bash.bashrc", "PS1='x'\n");
  host_.files.SetFile("/etc/security/pam_env.conf", "EDITOR DEFAULT=vi\n");
  host_.files.SetFile(
      "/etc/systemd/system/app.service",
      "[Service]\nExecStart=/usr/bin/app\nEnvironment=TZ=UTC DB_PASSWORD=x\nEnvironmentFile=-/etc/app.env\n");
  host_.files.SetFile("/etc/app.env", "NODE_ENV=production\nTZ=Europe/Berlin\n");
  host_.AddProcess(7, "/usr/bin/app", "TZ=UTC");
  const std::string id(64, 'a');
  host_.AddProcess(8, "/usr/bin/app", "IN_CONTAINER=1", absl::Minutes(30), absl::StrCat("0::/docker/", id));
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_THAT(result.degradations(), IsEmpty());
  for (const char* path : {"/etc/environment", "/etc/default/locale", "/etc/environment.d/50-x.conf", "/etc/profile",
                           "/etc/profile.d/java.sh", "/etc/bash.bashrc", "/etc/security/pam_env.conf"}) {
    ASSERT_THAT(NamesOf(path), SizeIs(1)) << path;
    EXPECT_EQ(host_.Find(path, NamesOf(path)[0]).owner_kind(), Variable::SYSTEM_FILE);
    EXPECT_EQ(host_.Find(path, NamesOf(path)[0]).source(), path);
  }
  EXPECT_EQ(host_.Find("/etc/profile.d/java.sh", "JAVA_HOME").value(), "/usr/lib/jvm/default");
  EXPECT_THAT(NamesOf("app.service"), ElementsAre("DB_PASSWORD", "NODE_ENV", "TZ"));
  EXPECT_EQ(host_.Find("app.service", "TZ").owner_kind(), Variable::UNIT);
  EXPECT_EQ(host_.Find("app.service", "TZ").source(), "/etc/app.env") << "a file's variable is the file's";
  EXPECT_EQ(host_.Find("app.service", "DB_PASSWORD").value_class(), Variable::SECRET_LIKE);
  EXPECT_EQ(host_.Find("app.service", "DB_PASSWORD").source(), "/etc/systemd/system/app.service");
  EXPECT_EQ(host_.Find("/usr/bin/app", "TZ").owner_kind(), Variable::PROCESS);
  EXPECT_EQ(host_.Find(id, "IN_CONTAINER").owner_kind(), Variable::CONTAINER);
  EXPECT_THAT(NamesOf("/usr/bin/app"), ElementsAre("TZ")) << "not that of the container";
}

TEST_F(Environment, ProcessesAreGroupedByExecutableNameAndClass) {
  host_.AddProcess(10, "/usr/bin/w", Block({"A=1", "LANG=C", "B=x"}));
  host_.AddProcess(11, "/usr/bin/w", Block({"A=22", "LANG=en_US.UTF-8", "B=x"}));
  host_.AddProcess(12, "/usr/bin/w (deleted)", Block({"A=text", "LANG=C"}));
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(NamesOf("/usr/bin/w"), ElementsAre("A", "A", "B", "LANG"));
  const Variable number = host_.Find("/usr/bin/w", "A");
  EXPECT_EQ(number.value_class(), Variable::NUMBER);
  EXPECT_EQ(number.grouped_class(), Variable::NUMBER);
  EXPECT_EQ(number.process_count(), 2U);
  EXPECT_EQ(number.value(), "");
  EXPECT_EQ(number.value_length_at_most(), 8U);
  const Variable lang = host_.Find("/usr/bin/w", "LANG");
  EXPECT_EQ(lang.process_count(), 3U);
  EXPECT_EQ(lang.distinct_values(), 2U);
  EXPECT_EQ(lang.value(), "C") << "the first in order, whatever the order of processes";
  EXPECT_EQ(lang.value_length_at_most(), 16U) << "of the longest";
}

TEST_F(Environment, YoungProcessesKernelThreadsAndZombiesAreLeftOut) {
  host_.AddProcess(10, "/usr/bin/young", "A=1", absl::Seconds(59));
  host_.AddProcess(11, "/usr/bin/old", "A=1", absl::Seconds(61));
  host_.AddProcess(12, "/usr/bin/kthread", "A=1", absl::Minutes(30), "0::/", /*flags=*/0x00200000);
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(NamesOf("/usr/bin/young"), IsEmpty());
  EXPECT_THAT(NamesOf("/usr/bin/kthread"), IsEmpty());
  EXPECT_THAT(NamesOf("/usr/bin/old"), ElementsAre("A"));
}

TEST_F(Environment, AProcessThatEndsMeanwhileIsNothing) {
  host_.AddProcess(10, "/usr/bin/ends", "A=1");
  host_.files.SetAccessHook([&](absl::string_view path) {
    if (path == "/proc/10/environ") host_.files.Unset("/proc/10");
    return absl::OkStatus();
  });
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_THAT(result.degradations(), IsEmpty());
  EXPECT_THAT(NamesOf("/usr/bin/ends"), IsEmpty());
  EXPECT_THAT(NamesOf("/usr/lib/systemd/systemd"), ElementsAre("PATH"));
}

// Some processes are guarded by more than rights. They must not keep all others' variables from ever ending.
TEST_F(Environment, WhatIsRefusedInSpiteOfTheRightIsADegradation) {
  host_.AddProcess(10, "/usr/bin/other", "A=1");
  host_.files.SetError("/proc/10/environ", absl::PermissionDeniedError("permission denied"));
  const std::string ids = "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n";
  host_.files.SetFile("/proc/self/status", absl::StrCat(ids, "CapEff:\t0000000000080000\n"));
  pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_THAT(result.degradations(), SizeIs(1));
  EXPECT_THAT(result.degradations(0).message(), HasSubstr("1 processes"));
  host_.files.SetFile("/proc/self/status", absl::StrCat(ids, "CapEff:\tfffffffffff7ffff\n"));
  result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL) << "any right but that one";
  EXPECT_THAT(result.degradations(), IsEmpty());
}

// Were the run complete, what they had before would count as gone.
TEST_F(Environment, RefusedEnvironmentsAreOneProblem) {
  for (uint32_t pid = 10; pid < 20; ++pid) {
    host_.AddProcess(pid, "/usr/bin/other", "A=1");
    host_.files.SetError(absl::StrCat("/proc/", pid, "/environ"), absl::PermissionDeniedError("permission denied"));
  }
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(result.degradations(), IsEmpty());
  ASSERT_THAT(result.problems(), SizeIs(1));
  EXPECT_EQ(result.problems(0).path(), "/proc/PID/environ");
  EXPECT_THAT(result.problems(0).message(), HasSubstr("10 processes"));
  EXPECT_THAT(result.problems(0).remedy(), HasSubstr("CAP_SYS_PTRACE"));
  EXPECT_THAT(NamesOf("/usr/lib/systemd/systemd"), ElementsAre("PATH"));
}

TEST_F(Environment, AHiddenProcessOneIsAProblem) {
  host_.files.Unset("/proc/1");
  host_.AddProcess(10, "/usr/bin/mine", "A=1");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(NamesOf("/usr/bin/mine"), ElementsAre("A"));
}

TEST_F(Environment, WithoutProcessesFilesAreStillRead) {
  host_.files.Unset("/proc");
  host_.files.SetFile("/etc/environment", "LANG=C\n");
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(result.degradations(), SizeIs(1));
  EXPECT_THAT(NamesOf("/etc/environment"), ElementsAre("LANG"));
}

TEST_F(Environment, AHostWithNothingOfTheSortIsUnsupported) {
  host_.files.Unset("/proc");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::UNSUPPORTED);
}

TEST_F(Environment, WithoutATimeOfBootProcessesAreAProblemNotNone) {
  host_.files.SetFile("/proc/stat", "cpu 1 2 3\n");
  host_.files.SetFile("/etc/environment", "LANG=C\n");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::PARTIAL);
  host_.files.Unset("/proc/stat");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(NamesOf("/etc/environment"), ElementsAre("LANG"));
}

TEST_F(Environment, ManyVariablesAreCutLoudlyAndFilesComeFirst) {
  host_.files.SetFile("/etc/environment", "LANG=C\n");
  std::vector<std::string> entries;
  for (int i = 0; i < 1'000; ++i) entries.push_back(absl::StrCat("A", i, "=1"));
  for (uint32_t pid = 10; pid < 16; ++pid) host_.AddProcess(pid, absl::StrCat("/usr/bin/many", pid), Block(entries));
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_TRUE(result.truncated());
  EXPECT_EQ(result.observed_count(), 6'002U);
  EXPECT_THAT(host_.sink.records(), SizeIs(5'000));
  EXPECT_THAT(NamesOf("/etc/environment"), ElementsAre("LANG"));
}

TEST_F(Environment, OneProcessCannotCrowdOutTheOthers) {
  std::vector<std::string> entries;
  for (int i = 0; i < 6'000; ++i) entries.push_back(absl::StrCat("A", i, "=1"));
  host_.AddProcess(10, "/usr/bin/many", Block(entries));
  host_.AddProcess(11, "/usr/bin/other", "B=1");
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_FALSE(result.truncated());
  EXPECT_THAT(NamesOf("/usr/bin/many"), SizeIs(1'000));
  EXPECT_THAT(NamesOf("/usr/bin/other"), ElementsAre("B"));
  ASSERT_THAT(result.problems(), SizeIs(1));
  EXPECT_THAT(result.problems(0).message(), HasSubstr("with more variables than are kept: 1"));
}

TEST_F(Environment, ManyValuesOfOneNameAreCountedAndTheFirstIsShownWhateverTheOrder) {
  for (uint32_t pid = 10; pid < 210; ++pid) {
    host_.AddProcess(pid, "/usr/bin/w", absl::StrCat("PATH=/opt/v", 999 - pid, "/bin"));
  }
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(host_.Find("/usr/bin/w", "PATH").value(), "/opt/v790/bin");
  EXPECT_EQ(host_.Find("/usr/bin/w", "PATH").distinct_values(), VariableGroups::kMaxValues);
}

TEST(VariableGroups, AreBoundedAndCounted) {
  std::vector<rollcall::Variable> variables;
  for (int i = 0; i < 1'000; ++i) variables.push_back({absl::StrCat("A", i), "1"});
  VariableGroups groups;
  for (int i = 0; i < 20; ++i) groups.AddProcess(Variable::PROCESS, absl::StrCat("/usr/bin/", i), variables);
  groups.AddProcess(Variable::PROCESS, "/usr/bin/0", variables);
  EXPECT_EQ(groups.observed(), 20'000U) << "those without room count too";
  size_t taken = 0;
  while (const auto record = groups.TakeRecord()) taken += record->process_count() > 0 ? 1 : 0;
  EXPECT_EQ(taken, 10'000U);
  EXPECT_FALSE(groups.TakeRecord().has_value());
}

TEST_F(Environment, AVeryLongEnvironmentIsReadInPart) {
  host_.AddProcess(10, "/usr/bin/long", Block({"A=1", absl::StrCat("B=", std::string(kMaxEnvironBytes, 'x')), "C=1"}));
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(NamesOf("/usr/bin/long"), ElementsAre("A"));
  ASSERT_THAT(result.problems(), SizeIs(1));
  EXPECT_THAT(result.problems(0).message(), HasSubstr("larger than the limit: 1"));
}

TEST_F(Environment, UnitsShareAFileAndResetsCount) {
  host_.files.SetFile("/etc/app.env", "A=1\n");
  host_.files.SetFile("/etc/systemd/system/one.service",
                      "[Service]\nEnvironment=GONE=1\nEnvironment=\nEnvironment=B=1\nEnvironmentFile=/etc/app.env\n");
  host_.files.SetFile(
      "/etc/systemd/system/two.service",
      "[Service]\nEnvironmentFile=/etc/app.env\nEnvironmentFile=-/etc/%i.env\nEnvironmentFile=/etc/no.env\n");
  host_.files.SetFile("/etc/systemd/system/one.service.d/x.conf", "[Service]\nEnvironment=C=1\n");
  host_.files.SetFile("/usr/lib/systemd/system/db.socket", "[Socket]\nEnvironment=D=1\n");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(NamesOf("one.service"), ElementsAre("A", "B", "C"));
  EXPECT_THAT(NamesOf("two.service"), ElementsAre("A"));
  EXPECT_THAT(NamesOf("db.socket"), ElementsAre("D"));
}

TEST_F(Environment, UnitsNameFilesByPatterns) {
  host_.files.SetFile("/etc/app.d/10.env", "A=1\nTZ=UTC\n");
  host_.files.SetFile("/etc/app.d/20.env", "B=1\nTZ=Europe/Berlin\n");
  host_.files.SetFile("/etc/app.d/.hidden.env", "C=1\n");
  host_.files.SetFile("/etc/app.d/30.conf", "D=1\n");
  host_.files.SetDirectory("/etc/app.d/folder.env");
  host_.files.SetFile("/etc/systemd/system/one.service",
                      "[Service]\nEnvironmentFile=-/etc/app.d/*.env\nEnvironmentFile=-/etc/none.d/*\n");
  host_.files.SetFile("/etc/systemd/system/two.service", "[Service]\nEnvironmentFile=/etc/*.d/[13]?.*\n");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(NamesOf("one.service"), ElementsAre("A", "B", "TZ"));
  EXPECT_EQ(host_.Find("one.service", "A").source(), "/etc/app.d/10.env");
  EXPECT_EQ(host_.Find("one.service", "TZ").value(), "Europe/Berlin") << "files are read in order";
  EXPECT_THAT(NamesOf("two.service"), ElementsAre("A", "D", "TZ"));
}

TEST_F(Environment, ThePatternOfAnInstanceIsItsOwn) {
  host_.files.SetFile("/etc/app/a.env", "A=1\n");
  host_.files.SetFile("/etc/app/b.env", "B=1\n");
  host_.files.SetFile("/etc/systemd/system/app@.service",
                      "[Service]\nEnvironmentFile=/etc/%p/%i.*\n[Install]\nWantedBy=multi-user.target\n");
  for (const char* instance : {"app@a.service", "app@b.service"}) {
    host_.files.SetSymlink(absl::StrCat("/etc/systemd/system/multi-user.target.wants/", instance),
                           "/etc/systemd/system/app@.service");
  }
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(NamesOf("app@a.service"), ElementsAre("A"));
  EXPECT_THAT(NamesOf("app@b.service"), ElementsAre("B"));
  EXPECT_THAT(NamesOf("app@.service"), IsEmpty());
}

TEST_F(Environment, AFolderOfAPatternThatCannotBeListedIsAProblem) {
  host_.files.SetFile("/etc/app.d/10.env", "A=1\n");
  host_.files.SetError("/etc/app.d", absl::PermissionDeniedError("permission denied"));
  host_.files.SetFile("/etc/systemd/system/one.service", "[Service]\nEnvironmentFile=-/etc/app.d/*.env\n");
  const pb::RunResult result = host_.Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  ASSERT_THAT(result.problems(), SizeIs(1));
  EXPECT_EQ(result.problems(0).path(), "/etc/app.d/*.env");
}

TEST_F(Environment, AUnitIsPassedWhatTheManagerHas) {
  host_.AddProcess(1, "/usr/lib/systemd/systemd", Block({"TZ=Europe/Berlin", "LANG=C", "DB_PASSWORD=hunter2", "X=1"}));
  host_.files.SetFile("/etc/systemd/system/one.service",
                      "[Service]\nPassEnvironment=TZ DB_PASSWORD MISSING\nPassEnvironment=LANG=de\n");
  host_.files.SetFile("/etc/systemd/system/two.service",
                      "[Service]\nPassEnvironment=X\nPassEnvironment=\nPassEnvironment=TZ\nEnvironment=TZ=UTC\n");
  host_.Run();
  EXPECT_THAT(NamesOf("one.service"), IsEmpty()) << "systemd does not run";
  host_.files.SetDirectory("/run/systemd/system");
  EXPECT_EQ(host_.Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(NamesOf("one.service"), ElementsAre("DB_PASSWORD", "TZ"));
  EXPECT_EQ(host_.Find("one.service", "TZ").value(), "Europe/Berlin");
  EXPECT_EQ(host_.Find("one.service", "TZ").source(), "/proc/1/environ");
  EXPECT_EQ(host_.Find("one.service", "DB_PASSWORD").value(), "");
  EXPECT_EQ(host_.Find("one.service", "DB_PASSWORD").value_class(), Variable::SECRET_LIKE);
  EXPECT_THAT(NamesOf("two.service"), ElementsAre("TZ"));
  EXPECT_EQ(host_.Find("two.service", "TZ").value(), "UTC") << "what the unit sets comes later";
}

TEST_F(Environment, OfSeveralAssignmentsTheLastCounts) {
  host_.files.SetFile("/etc/systemd/system/app.service", "[Service]\nEnvironment=TZ=Europe/Berlin NODE_ENV=test\n");
  host_.files.SetFile("/etc/systemd/system/app.service.d/x.conf",
                      "[Service]\nEnvironment=TZ=UTC\nEnvironment=NODE_ENV=hunter2\n");
  host_.Run();
  EXPECT_EQ(host_.Find("app.service", "TZ").value(), "UTC");
  EXPECT_EQ(host_.Find("app.service", "TZ").distinct_values(), 2U);
  EXPECT_EQ(host_.Find("app.service", "NODE_ENV").value(), "") << "not the one that does not hold";
}

TEST_F(Environment, StopsWhenAsked) {
  StopSource source;
  source.RequestStop();
  EXPECT_EQ(host_.Run(source.token()).status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(host_.sink.records(), IsEmpty());
}

// One environment may be a megabyte.
TEST_F(Environment, AStopIsSeenBeforeTheNextProcess) {
  host_.AddProcess(10, "/usr/bin/other", "A=1");
  StopSource source;
  bool went_on = false;
  host_.files.SetAccessHook([&](absl::string_view path) {
    if (path == "/proc/1/environ") source.RequestStop();
    went_on = went_on || path == "/proc/10/environ";
    return absl::OkStatus();
  });
  EXPECT_EQ(host_.Run(source.token()).status(), pb::RunResult::PARTIAL);
  EXPECT_FALSE(went_on);
}

// What can be wrong with one file; `good` is what must be there whatever it is.
struct BrokenFile {
  const char* name;
  void (*break_it)(MemoryTree* files);
  pb::RunResult::Status status;
  const char* path;
};

const BrokenFile kBrokenFiles[] = {
    {"permission denied",
     [](MemoryTree* files) {
       files->SetFile("/etc/environment", "A=1\n");
       files->SetError("/etc/environment", absl::PermissionDeniedError("permission denied"));
     },
     pb::RunResult::PARTIAL, "/etc/environment"},
    {"directory where a file is expected", [](MemoryTree* files) { files->SetDirectory("/etc/environment"); },
     pb::RunResult::PARTIAL, "/etc/environment"},
    {"symlink loop", [](MemoryTree* files) { files->SetSymlink("/etc/environment", "environment"); },
     pb::RunResult::PARTIAL, "/etc/environment"},
    {"FIFO", [](MemoryTree* files) { files->SetSpecial("/etc/environment", FileInfo::Type::kFifo); },
     pb::RunResult::PARTIAL, "/etc/environment"},
    {"overlong",
     [](MemoryTree* files) {
       files->SetFile("/etc/environment", "A=1\nB=" + std::string(kMaxEnvironmentFileBytes, 'x'));
     },
     pb::RunResult::PARTIAL, "/etc/environment"},
    {"NUL bytes", [](MemoryTree* files) { files->SetFile("/etc/environment", std::string("\0A=1\nB=\0\n", 9)); },
     pb::RunResult::COMPLETE, "/etc/environment"},
    {"invalid UTF-8", [](MemoryTree* files) { files->SetFile("/etc/environment", "\xff\xfe=1\nA=\xff\n"); },
     pb::RunResult::COMPLETE, "/etc/environment"},
    {"truncated", [](MemoryTree* files) { files->SetFile("/etc/environment", "A=1\nB"); }, pb::RunResult::COMPLETE,
     "/etc/environment"},
    {"folder unreadable",
     [](MemoryTree* files) {
       files->SetDirectory("/etc/profile.d");
       files->SetError("/etc/profile.d", absl::PermissionDeniedError("permission denied"));
     },
     pb::RunResult::PARTIAL, "/etc/profile.d"},
    {"file named by a unit unreadable",
     [](MemoryTree* files) {
       files->SetFile("/etc/systemd/system/a.service", "[Service]\nEnvironmentFile=/etc/a.env\n");
       files->SetFile("/etc/a.env", "A=1\n");
       files->SetError("/etc/a.env", absl::PermissionDeniedError("permission denied"));
     },
     pb::RunResult::PARTIAL, "/etc/a.env"},
    {"stat damaged",
     [](MemoryTree* files) {
       files->SetFile("/proc/10/stat", "10 (x");
       files->SetFile("/proc/10/environ", "");
     },
     pb::RunResult::PARTIAL, "/proc/10"},
    {"environ is a directory",
     [](MemoryTree* files) {
       files->Unset("/proc/1/environ");
       files->SetDirectory("/proc/1/environ");
     },
     pb::RunResult::PARTIAL, "/proc/1"},
};

class BrokenEnvironment : public testing::TestWithParam<BrokenFile> {};

TEST_P(BrokenEnvironment, CostsNothingElse) {
  EnvironmentTestHost host;
  host.files.SetFile("/etc/profile", "export LANG=C\n");
  host.AddProcess(20, "/usr/bin/good", "A=1");
  GetParam().break_it(&host.files);
  const pb::RunResult result = host.Run();
  EXPECT_EQ(result.status(), GetParam().status) << result.DebugString();
  EXPECT_EQ(host.Find("/etc/profile", "LANG").value(), "C");
  EXPECT_EQ(host.Find("/usr/bin/good", "A").process_count(), 1U);
  const auto& told = GetParam().status == pb::RunResult::PARTIAL ? result.problems() : result.degradations();
  ASSERT_THAT(told, Not(IsEmpty())) << result.DebugString();
  EXPECT_EQ(told[0].path(), GetParam().path);
  EXPECT_NE(told[0].message(), "");
}

INSTANTIATE_TEST_SUITE_P(Files, BrokenEnvironment, testing::ValuesIn(kBrokenFiles), [](const auto& info) {
  std::string name = info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return isalnum(c) == 0; }, '_');
  return name;
});

TEST_F(Environment, AFileRewrittenBetweenRunsIsReadAnew) {
  host_.files.SetFile("/etc/environment", "A=1\n");
  host_.Run();
  EXPECT_THAT(NamesOf("/etc/environment"), ElementsAre("A"));
  host_.files.SetAccessHook([&, rewritten = false](absl::string_view path) mutable {
    if (path == "/etc/environment" && !rewritten) {
      rewritten = true;
      host_.files.SetFile("/etc/environment", "B=1\n");
    }
    return absl::OkStatus();
  });
  host_.Run();
  EXPECT_THAT(NamesOf("/etc/environment"), ElementsAre("B")) << "one state or the other, never a mixture";
}

}  // namespace
}  // namespace rollcall

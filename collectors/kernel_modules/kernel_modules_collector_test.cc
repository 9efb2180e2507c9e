#include "collectors/kernel_modules/kernel_modules_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/elf_builder.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kProcModules[] = "/proc/modules";
constexpr char kFolder[] = "/lib/modules/6.1.0";

std::string Line(absl::string_view name, absl::string_view state = "Live") {
  return absl::StrCat(name, " 4096 0 - ", state, " 0x0000000000000000\n");
}

// Starts from a host with two modules and breaks one thing per test.
class KernelModulesTest : public testing::Test {
 protected:
  KernelModulesTest() {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    collector_ = kKernelModulesCollector.create(context);
    files_.SetFile(kProcModules, Line("ext4") + Line("xfs"));
    AddToSysfs("ext4");
    AddToSysfs("xfs");
    files_.SetFile("/proc/sys/kernel/osrelease", "6.1.0\n");
    files_.SetFile(absl::StrCat(kFolder, "/modules.dep"), "kernel/ext4.ko:\nkernel/xfs.ko:\n");
    files_.SetFile(absl::StrCat(kFolder, "/modules.builtin"), "");
    for (const char* name : {"ext4", "xfs"}) SetModuleFile(name, "S1");
  }

  void AddToSysfs(absl::string_view name, absl::string_view state = "live") {
    files_.SetFile(absl::StrCat("/sys/module/", name, "/initstate"), absl::StrCat(state, "\n"));
  }

  void SetModuleFile(absl::string_view name, absl::string_view srcversion) {
    const std::string end(1, '\0');
    const std::string section = absl::StrCat("license=GPL", end, "srcversion=", srcversion, end, "vermagic=6.1.0", end);
    files_.SetFile(absl::StrCat(kFolder, "/kernel/", name, ".ko"), BuildElf({}, {{".modinfo", section}}));
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    pb::RunResult result = RunCollector(*collector_, kKernelModulesCollector, {}, clock_, stop, sink_);
    modules_.clear();
    for (const pb::Record& record : sink_.records()) modules_[record.kernel_module().name()] = record.kernel_module();
    return result;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, module] : modules_) names.push_back(name);
    return names;
  }

  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
  std::map<std::string, pb::KernelModule> modules_;
};

using KernelModules = KernelModulesTest;

TEST_F(KernelModules, ModulesWithTheirFiles) {
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_THAT(result.degradations(), IsEmpty());
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
  EXPECT_EQ(modules_["ext4"].file_path(), "/lib/modules/6.1.0/kernel/ext4.ko");
  EXPECT_EQ(modules_["ext4"].licence(), "GPL");
  EXPECT_FALSE(modules_["ext4"].in_tree());
  EXPECT_TRUE(modules_["ext4"].has_in_tree());
  EXPECT_FALSE(modules_["ext4"].has_signature());
}

TEST_F(KernelModules, AKernelWithoutModuleSupportIsUnsupportedNotEmpty) {
  files_.Unset(kProcModules);
  files_.Unset("/sys/module");
  files_.SetFile("/sys/module/printk/parameters/time", "Y\n");
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(KernelModules, AnUnreadableListIsAFailureNotAnEmptyKernel) {
  files_.SetError(kProcModules, absl::PermissionDeniedError("permission denied"));
  files_.SetError("/sys/module", absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::FAILED);
  EXPECT_EQ(result.problems(0).code(), "PERMISSION_DENIED");
}

TEST_F(KernelModules, NothingLoadedIsComplete) {
  files_.SetFile(kProcModules, "");
  files_.Unset("/sys/module");
  files_.SetDirectory("/sys/module");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(KernelModules, OneViewIsEnoughForThePart) {
  files_.SetError(kProcModules, absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
  EXPECT_FALSE(modules_["ext4"].hidden()) << "nothing is hidden by a view that was not read";

  files_.SetError(kProcModules, absl::OkStatus());
  files_.SetError("/sys/module", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
  EXPECT_FALSE(modules_["ext4"].hidden());
}

TEST_F(KernelModules, AListThatIsGoneThoughModulesAreLoadedIsAProblem) {
  files_.Unset(kProcModules);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).path(), kProcModules);
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
}

TEST_F(KernelModules, AModuleInOneViewOnlyIsHidden) {
  AddToSysfs("unseen");
  files_.SetFile(kProcModules, Line("ext4") + Line("xfs") + Line("sneaky"));
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("ext4", "sneaky", "unseen", "xfs"));
  EXPECT_TRUE(modules_["unseen"].hidden());
  EXPECT_EQ(modules_["unseen"].missing_from(), pb::KernelModule::PROC_MODULES);
  EXPECT_EQ(modules_["unseen"].state(), pb::KernelModule::LIVE);
  EXPECT_TRUE(modules_["sneaky"].hidden());
  EXPECT_EQ(modules_["sneaky"].missing_from(), pb::KernelModule::SYS_MODULE);
  EXPECT_FALSE(modules_["ext4"].hidden());
}

TEST_F(KernelModules, AModuleLoadedBetweenTwoLooksIsNotHidden) {
  files_.SetAccessHook([&, loaded = false](absl::string_view path) mutable {
    if (path != "/sys/module" || loaded) return absl::OkStatus();
    loaded = true;
    files_.SetFile(kProcModules, Line("ext4") + Line("xfs") + Line("late"));
    AddToSysfs("late");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("ext4", "late", "xfs"));
  EXPECT_FALSE(modules_["late"].hidden());
}

TEST_F(KernelModules, AModuleUnloadedBetweenTwoLooksIsGone) {
  files_.SetAccessHook([&, unloaded = false](absl::string_view path) mutable {
    if (path != "/sys/module" || unloaded) return absl::OkStatus();
    unloaded = true;
    files_.Unset("/sys/module/xfs");
    files_.SetFile(kProcModules, Line("ext4"));
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("ext4"));
}

TEST_F(KernelModules, AModuleOnItsWayIsNotHidden) {
  files_.SetFile(kProcModules, Line("ext4") + Line("xfs") + Line("coming", "Loading"));
  AddToSysfs("going", "going");
  Run();
  EXPECT_FALSE(modules_["coming"].hidden());
  EXPECT_EQ(modules_["coming"].state(), pb::KernelModule::LOADING);
  EXPECT_FALSE(modules_["going"].hidden());
}

TEST_F(KernelModules, ADamagedLineHidesNothing) {
  files_.SetFile(kProcModules, Line("ext4") + "\x01 4096 0 - Live 0x0\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(result.problems(0).message(), HasSubstr("line 2"));
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
  EXPECT_FALSE(modules_["xfs"].hidden());
}

TEST_F(KernelModules, WhatIsBuiltInIsNotLoaded) {
  files_.SetFile(absl::StrCat(kFolder, "/modules.builtin"), "kernel/security/apparmor/apparmor.ko\nkernel/lib/xz.ko\n");
  files_.SetFile(absl::StrCat(kFolder, "/modules.builtin.modinfo"), std::string("xz.license=GPL\0", 15));
  files_.SetFile("/sys/module/apparmor/parameters/mode", "enforce\n");
  files_.SetFile("/sys/module/printk/parameters/time", "Y\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Names(), ElementsAre("apparmor", "ext4", "printk", "xfs", "xz"));
  for (const char* name : {"apparmor", "printk", "xz"}) {
    EXPECT_TRUE(modules_[name].builtin()) << name;
    EXPECT_FALSE(modules_[name].hidden()) << name;
    EXPECT_EQ(modules_[name].state(), pb::KernelModule::STATE_UNSPECIFIED) << name;
  }
  EXPECT_EQ(modules_["xz"].licence(), "GPL");
  EXPECT_FALSE(modules_["ext4"].builtin());
}

TEST_F(KernelModules, ParametersThatCannotBeReadAreNamed) {
  const std::string folder = "/sys/module/ext4/parameters/";
  files_.SetFile(folder + "debug", "N\n");
  files_.SetFile(folder + "empty", "\n");
  files_.SetFile(folder + "key_password", "hunter2\n");
  files_.SetFile(folder + "refused", "x");
  files_.SetInfo(folder + "refused", {.mode = 0400});
  files_.SetError(folder + "refused", absl::PermissionDeniedError("permission denied"));
  files_.SetFile(folder + "text", "caf\xe9\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  const auto& parameters = modules_["ext4"].parameters();
  ASSERT_THAT(parameters, SizeIs(5));
  EXPECT_EQ(parameters[0].value(), "N");
  EXPECT_TRUE(parameters[1].has_value());
  EXPECT_EQ(parameters[1].value(), "");
  EXPECT_EQ(parameters[2].name(), "key_password");
  EXPECT_FALSE(parameters[2].has_value()) << "a name that says it is a secret";
  EXPECT_EQ(parameters[3].name(), "refused");
  EXPECT_FALSE(parameters[3].has_value());
  EXPECT_EQ(parameters[4].value(), "caf\xEF\xBF\xBD");
}

TEST_F(KernelModules, AParameterThatCanOnlyBeWrittenIsNoLoss) {
  const std::string path = "/sys/module/ext4/parameters/reset";
  files_.SetFile(path, "");
  files_.SetInfo(path, {.mode = 0200});
  files_.SetAccessHook([&, reads = 0](absl::string_view accessed) mutable {
    // The read fails, the stat after it does not.
    return accessed == path && ++reads == 1 ? absl::PermissionDeniedError("permission denied") : absl::OkStatus();
  });
  const pb::RunResult result = Run();
  EXPECT_THAT(result.degradations(), IsEmpty());
  ASSERT_THAT(modules_["ext4"].parameters(), SizeIs(1));
  EXPECT_FALSE(modules_["ext4"].parameters(0).has_value());
}

TEST_F(KernelModules, AParameterRefusedToUsIsADegradationOnce) {
  int reads = 0;
  for (const char* name : {"a", "b"}) {
    files_.SetFile(absl::StrCat("/sys/module/ext4/parameters/", name), "1\n");
    files_.SetInfo(absl::StrCat("/sys/module/ext4/parameters/", name), {.mode = 0400});
  }
  files_.SetAccessHook([&](absl::string_view accessed) {
    const bool parameter = absl::StrContains(accessed, "/parameters/");
    return parameter && ++reads % 2 == 1 ? absl::PermissionDeniedError("permission denied") : absl::OkStatus();
  });
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_THAT(result.degradations(), SizeIs(1));
  EXPECT_EQ(result.degradations(0).path(), "/sys/module/ext4/parameters/a");
}

TEST_F(KernelModules, AFileOfAnotherBuildIsTold) {
  files_.SetFile("/sys/module/ext4/srcversion", "S2\n");
  files_.SetFile("/sys/module/xfs/srcversion", "S1\n");
  Run();
  EXPECT_TRUE(modules_["ext4"].file_differs());
  EXPECT_EQ(modules_["ext4"].srcversion(), "S2") << "of what is loaded";
  EXPECT_FALSE(modules_["xfs"].file_differs());
}

TEST_F(KernelModules, WithoutTheKernelsFolderModulesAreStillKnown) {
  files_.Unset("/lib/modules");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL) << "what was built in is not known to be gone";
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
  ASSERT_THAT(result.problems(), SizeIs(1));
  EXPECT_EQ(result.problems(0).path(), kFolder);
  EXPECT_THAT(result.problems(0).remedy(), HasSubstr("install the modules"));
}

TEST_F(KernelModules, AKernelWithoutLoadedModulesNeedsNoFolder) {
  files_.Unset("/lib/modules");
  files_.SetFile("/proc/modules", "");
  files_.Unset("/sys/module/ext4");
  files_.Unset("/sys/module/xfs");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_THAT(Names(), IsEmpty());
  ASSERT_THAT(result.degradations(), SizeIs(1));
  EXPECT_EQ(result.degradations(0).path(), kFolder);
}

TEST_F(KernelModules, AReleaseThatIsAPathIsNotFollowed) {
  files_.SetFile("/proc/sys/kernel/osrelease", "../../etc\n");
  const pb::RunResult result = Run();
  EXPECT_THAT(Names(), ElementsAre("ext4", "xfs"));
  EXPECT_EQ(modules_["ext4"].file_path(), "");
  EXPECT_EQ(result.problems(0).path(), "/proc/sys/kernel/osrelease");
}

// What can be wrong with a host's files. Both modules must be there whatever it is.
struct BrokenHost {
  const char* name;
  void (*break_it)(MemoryTree* files);
  pb::RunResult::Status status;
  // Of the problem or degradation.
  const char* path;
};

const BrokenHost kBrokenHosts[] = {
    {"module file unreadable",
     [](MemoryTree* files) {
       files->SetError("/lib/modules/6.1.0/kernel/ext4.ko", absl::PermissionDeniedError("permission denied"));
     },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/kernel/ext4.ko"},
    {"module file gone", [](MemoryTree* files) { files->Unset("/lib/modules/6.1.0/kernel/ext4.ko"); },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/kernel/ext4.ko"},
    {"module file is a directory", [](MemoryTree* files) { files->SetDirectory("/lib/modules/6.1.0/kernel/ext4.ko"); },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/kernel/ext4.ko"},
    {"module file is a link to itself",
     [](MemoryTree* files) { files->SetSymlink("/lib/modules/6.1.0/kernel/ext4.ko", "ext4.ko"); },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/kernel/ext4.ko"},
    {"module file truncated",
     [](MemoryTree* files) {
       files->SetFile("/lib/modules/6.1.0/kernel/ext4.ko",
                      "\x7f"
                      "ELF");
     },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/kernel/ext4.ko"},
    {"index is a FIFO",
     [](MemoryTree* files) { files->SetSpecial("/lib/modules/6.1.0/modules.dep", FileInfo::Type::kFifo); },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/modules.dep"},
    {"index damaged", [](MemoryTree* files) { files->SetFile("/lib/modules/6.1.0/modules.dep", "\xff\xfe\n"); },
     pb::RunResult::COMPLETE, "/lib/modules/6.1.0/modules.dep"},
    {"list of built-ins unreadable",
     [](MemoryTree* files) {
       files->SetError("/lib/modules/6.1.0/modules.builtin", absl::PermissionDeniedError("permission denied"));
     },
     pb::RunResult::PARTIAL, "/lib/modules/6.1.0/modules.builtin"},
    {"list of built-ins damaged",
     [](MemoryTree* files) { files->SetFile("/lib/modules/6.1.0/modules.builtin", "nonsense\n"); },
     pb::RunResult::PARTIAL, "/lib/modules/6.1.0/modules.builtin"},
    {"no list of built-ins", [](MemoryTree* files) { files->Unset("/lib/modules/6.1.0/modules.builtin"); },
     pb::RunResult::PARTIAL, "/lib/modules/6.1.0/modules.builtin"},
    {"no release", [](MemoryTree* files) { files->Unset("/proc/sys/kernel/osrelease"); }, pb::RunResult::PARTIAL,
     "/proc/sys/kernel/osrelease"},
    {"a module's folder unreadable",
     [](MemoryTree* files) { files->SetError("/sys/module/ext4", absl::PermissionDeniedError("permission denied")); },
     pb::RunResult::PARTIAL, "/sys/module/ext4"},
    {"a file among the folders", [](MemoryTree* files) { files->SetFile("/sys/module/file", "x"); },
     pb::RunResult::PARTIAL, "/sys/module/file"},
    {"package lists unreadable",
     [](MemoryTree* files) {
       files->SetDirectory("/var/lib/dpkg/info");
       files->SetError("/var/lib/dpkg/info", absl::PermissionDeniedError("permission denied"));
     },
     pb::RunResult::COMPLETE, "/var/lib/dpkg/info"},
};

class BrokenKernelModules : public KernelModulesTest, public testing::WithParamInterface<BrokenHost> {};

TEST_P(BrokenKernelModules, CostNoModule) {
  GetParam().break_it(&files_);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), GetParam().status) << result.DebugString();
  EXPECT_THAT(Names(), AnyOf(ElementsAre("ext4", "xfs"), ElementsAre("ext4", "file", "xfs")));
  EXPECT_EQ(modules_["xfs"].state(), pb::KernelModule::LIVE);
  const auto& told = GetParam().status == pb::RunResult::PARTIAL ? result.problems() : result.degradations();
  ASSERT_THAT(told, Not(IsEmpty()));
  EXPECT_EQ(told[0].path(), GetParam().path);
  EXPECT_NE(told[0].message(), "");
}

INSTANTIATE_TEST_SUITE_P(Hosts, BrokenKernelModules, testing::ValuesIn(kBrokenHosts), [](const auto& info) {
  std::string name = info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return isalnum(c) == 0; }, '_');
  return name;
});

TEST_F(KernelModules, StopsWhenAsked) {
  StopSource source;
  source.RequestStop();
  EXPECT_EQ(Run(source.token()).status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Names(), IsEmpty());
}

}  // namespace
}  // namespace rollcall

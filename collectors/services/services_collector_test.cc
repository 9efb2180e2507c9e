#include "collectors/services/services_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/systemd/system_manager.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Service = pb::StartupService;

// Carries an answer.
class TestSystemManager : public SystemManager {
 public:
  absl::StatusOr<std::vector<UnitRunState>> ListUnits(absl::Duration patience) const override {
    ++calls;
    EXPECT_LE(patience, absl::Seconds(2));
    return answer;
  }
  absl::StatusOr<std::vector<TimerRunState>> ListTimers(absl::Duration /*patience*/) const override {
    return absl::UnimplementedError("list timers: not asked for services");
  }
  absl::StatusOr<std::vector<UnitRunState>> answer = std::vector<UnitRunState>();
  mutable int calls = 0;
};

class ServicesCollectorTest : public testing::Test {
 protected:
  ServicesCollectorTest() {
    tree_.SetDirectory("/");
    File("/usr/lib/systemd/system/ssh.service",
         "[Unit]\nDescription=OpenBSD Secure Shell server\n[Service]\nType=notify\nExecStart=/usr/sbin/sshd -D $OPTS\n"
         "ExecReload=/bin/kill -HUP $MAINPID\nRestart=on-failure\nEnvironmentFile=-/etc/default/ssh\n"
         "[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n");
    tree_.SetSymlink("/etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service");
    tree_.SetSymlink("/etc/systemd/system/sshd.service", "/usr/lib/systemd/system/ssh.service");
    tree_.SetDirectory("/run/systemd/system");
  }

  void File(absl::string_view path, absl::string_view text, uint32_t mode = 0644) {
    tree_.SetFile(path, text);
    FileInfo info = *tree_.Stat(path);
    info.mode = mode;
    tree_.SetInfo(path, info);
  }

  void Unit(absl::string_view name, absl::string_view text) {
    File(absl::StrCat("/usr/lib/systemd/system/", name), text);
  }

  // Runs the collector, and keeps the records by `MANAGER name`.
  pb::RunResult Run() {
    CollectorContext context;
    context.files = &tree_;
    context.clock = &clock_;
    context.system_manager = manager_;
    if (collector_ == nullptr) collector_ = kServicesCollector.create(context);
    VectorSink sink;
    pb::RunResult result = RunCollector(*collector_, kServicesCollector, {}, clock_, StopToken(), sink);
    services_.clear();
    for (const pb::Record& record : sink.records()) {
      const Service& service = record.startup_service();
      services_[absl::StrCat(Service::Manager_Name(service.manager()), " ", service.name())] = service;
    }
    return result;
  }

  const Service& Of(const std::string& key) {
    EXPECT_NE(services_.find(key), services_.end()) << key;
    return services_[key];
  }

  MemoryTree tree_;
  FakeClock clock_;
  const SystemManager* manager_ = nullptr;
  std::unique_ptr<Collector> collector_;
  std::map<std::string, Service> services_;
};

TEST_F(ServicesCollectorTest, AUnitHasItsSettings) {
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  const Service& ssh = Of("SYSTEMD ssh.service");
  EXPECT_EQ(ssh.description(), "OpenBSD Secure Shell server");
  EXPECT_EQ(ssh.unit_path(), "/usr/lib/systemd/system/ssh.service");
  EXPECT_EQ(ssh.enabled(), Service::ENABLED);
  EXPECT_EQ(ssh.type(), "notify");
  EXPECT_EQ(ssh.restart(), "on-failure");
  EXPECT_EQ(ssh.executable(), "/usr/sbin/sshd");
  EXPECT_THAT(ssh.exec_start(), ElementsAre("/usr/sbin/sshd -D $OPTS"));
  ASSERT_THAT(ssh.exec_other(), SizeIs(1));
  EXPECT_EQ(ssh.exec_other(0).setting(), "ExecReload");
  EXPECT_THAT(ssh.environment_files(), ElementsAre("-/etc/default/ssh"));
  EXPECT_THAT(ssh.wanted_by(), ElementsAre("multi-user.target"));
  EXPECT_THAT(ssh.install_wanted_by(), ElementsAre("multi-user.target"));
  EXPECT_THAT(ssh.aliases(), ElementsAre("sshd.service"));
  EXPECT_THAT(ssh.file_sha256(), SizeIs(64));
  EXPECT_FALSE(ssh.writable_by_others());
  EXPECT_EQ(Of("SYSTEMD sshd.service").alias_of(), "ssh.service");
  EXPECT_EQ(Of("SYSTEMD sshd.service").enabled(), Service::ALIAS);
}

TEST_F(ServicesCollectorTest, ASecondEqualsSignInExecStartIsKept) {
  Unit("a.service", "[Service]\nExecStart=/bin/a --user=x --opt=k=v\nEnvironment=A=b=c \"D=e f\"\n");
  Run();
  EXPECT_THAT(Of("SYSTEMD a.service").exec_start(), ElementsAre("/bin/a --user=x --opt=k=v"));
  EXPECT_THAT(Of("SYSTEMD a.service").environment_names(), ElementsAre("A", "D"));
}

TEST_F(ServicesCollectorTest, RestartNoIsNo) {
  Unit("a.service", "[Service]\nExecStart=/bin/a\nRestart=no\n");
  Unit("b.service", "[Service]\nExecStart=/bin/a\n");
  Unit("c.service", "[Service]\nExecStart=/bin/a\nRestart=always\n");
  Run();
  EXPECT_EQ(Of("SYSTEMD a.service").restart(), "no");
  EXPECT_EQ(Of("SYSTEMD b.service").restart(), "no");
  EXPECT_EQ(Of("SYSTEMD c.service").restart(), "always");
}

TEST_F(ServicesCollectorTest, ValuesOfEnvironmentVariablesAreNowhere) {
  Unit("a.service",
       "[Service]\nExecStart=/bin/a\nEnvironment=TOKEN=hunter2 \"DSN=u:hunter2@h\"\nPassEnvironment=LANG\n");
  Run();
  EXPECT_THAT(Of("SYSTEMD a.service").environment_names(), ElementsAre("DSN", "LANG", "TOKEN"));
  EXPECT_EQ(Of("SYSTEMD a.service").DebugString().find("hunter2"), std::string::npos);
}

TEST_F(ServicesCollectorTest, ExecStartPrefixesAreShownAndNotPartOfTheExecutable) {
  for (const absl::string_view prefix : {"-", "@", ":", "+", "!", "!!", "-+"}) {
    Unit("a.service", absl::StrCat("[Service]\nExecStart=", prefix, "/bin/a argument\n"));
    Run();
    EXPECT_EQ(Of("SYSTEMD a.service").executable(), "/bin/a") << prefix;
    EXPECT_THAT(Of("SYSTEMD a.service").exec_start(), ElementsAre(absl::StrCat(prefix, "/bin/a argument")));
  }
}

TEST_F(ServicesCollectorTest, ADropInResetsExecStart) {
  File("/etc/systemd/system/ssh.service.d/o.conf", "[Service]\nExecStart=\nExecStart=/opt/sshd\nUser=me\n");
  Run();
  EXPECT_THAT(Of("SYSTEMD ssh.service").exec_start(), ElementsAre("/opt/sshd"));
  EXPECT_EQ(Of("SYSTEMD ssh.service").executable(), "/opt/sshd");
  EXPECT_EQ(Of("SYSTEMD ssh.service").user(), "me");
  EXPECT_THAT(Of("SYSTEMD ssh.service").drop_ins(), ElementsAre("/etc/systemd/system/ssh.service.d/o.conf"));
}

TEST_F(ServicesCollectorTest, AMaskedUnitHasNoCommands) {
  tree_.SetSymlink("/etc/systemd/system/ssh.service", "/dev/null");
  Run();
  EXPECT_EQ(Of("SYSTEMD ssh.service").enabled(), Service::MASKED);
  EXPECT_THAT(Of("SYSTEMD ssh.service").exec_start(), IsEmpty());
  EXPECT_EQ(Of("SYSTEMD ssh.service").restart(), "");
  EXPECT_THAT(Of("SYSTEMD ssh.service").hidden_paths(), ElementsAre("/usr/lib/systemd/system/ssh.service"));
}

TEST_F(ServicesCollectorTest, SocketsPathsAndTimersNameWhatTheyStart) {
  Unit("a.socket", "[Socket]\nListenStream=22\nListenDatagram=/run/x\n");
  Unit("b.socket", "[Socket]\nListenStream=[::1]:80\nAccept=yes\n");
  Unit("c.socket", "[Socket]\nListenStream=1\nListenStream=\nListenStream=2\nService=other.service\n");
  Unit("d.path", "[Path]\nPathExists=/x\n");
  Unit("e.timer", "[Timer]\nOnCalendar=daily\nUnit=job.service\n");
  Unit("f.target", "[Unit]\nDescription=x\n");
  Run();
  EXPECT_EQ(Of("SYSTEMD a.socket").triggers(), "a.service");
  EXPECT_THAT(Of("SYSTEMD a.socket").listens(), ElementsAre("22", "/run/x"));
  EXPECT_EQ(Of("SYSTEMD b.socket").triggers(), "b@.service");
  EXPECT_EQ(Of("SYSTEMD c.socket").triggers(), "other.service");
  EXPECT_THAT(Of("SYSTEMD c.socket").listens(), ElementsAre("2"));
  EXPECT_EQ(Of("SYSTEMD d.path").triggers(), "d.service");
  EXPECT_EQ(Of("SYSTEMD e.timer").triggers(), "job.service");
  EXPECT_EQ(services_.count("SYSTEMD f.target"), 0U) << "a target starts nothing itself";
}

TEST_F(ServicesCollectorTest, StatesComeFromSystemd) {
  Unit("idle.service", "[Service]\nExecStart=/bin/a\n");
  Unit("t@.service", "[Service]\nExecStart=/bin/a\n");
  TestSystemManager manager;
  manager.answer = std::vector<UnitRunState>{{"ssh.service", "loaded", "active", "running", 77},
                                             {"gone.service", "not-found", "inactive", "dead", 0},
                                             {"session-1.scope", "loaded", "active", "running", 0}};
  manager_ = &manager;
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Of("SYSTEMD ssh.service").active_state(), "active");
  EXPECT_EQ(Of("SYSTEMD ssh.service").sub_state(), "running");
  EXPECT_EQ(Of("SYSTEMD ssh.service").main_pid(), 77U);
  EXPECT_EQ(Of("SYSTEMD idle.service").active_state(), "inactive");
  EXPECT_EQ(Of("SYSTEMD t@.service").active_state(), "");
  EXPECT_EQ(Of("SYSTEMD sshd.service").active_state(), "");
  EXPECT_EQ(services_.count("SYSTEMD gone.service"), 0U);
  EXPECT_EQ(manager.calls, 1);
}

TEST_F(ServicesCollectorTest, WithDbusDownEveryServiceIsStillThere) {
  TestSystemManager manager;
  manager.answer = std::vector<UnitRunState>{{"ssh.service", "loaded", "active", "running", 77}};
  manager_ = &manager;
  Run();
  const size_t with_bus = services_.size();
  for (const absl::Status& down : {absl::UnavailableError("call ListUnits: gone"), absl::NotFoundError("no socket"),
                                   absl::DeadlineExceededError("late"), absl::PermissionDeniedError("no")}) {
    manager.answer = down;
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << "only a complete run may retire what is gone";
    EXPECT_EQ(services_.size(), with_bus);
    ASSERT_THAT(result.degradations(), SizeIs(1));
    EXPECT_EQ(result.degradations(0).path(), "/run/dbus/system_bus_socket");
    EXPECT_THAT(result.degradations(0).remedy(), HasSubstr("/run/dbus"));
    EXPECT_EQ(Of("SYSTEMD ssh.service").active_state(), "");
    EXPECT_EQ(Of("SYSTEMD ssh.service").enabled(), Service::ENABLED);
  }
}

TEST_F(ServicesCollectorTest, AnotherInitIsNotAskedForUnits) {
  tree_.Unset("/run/systemd/system");
  TestSystemManager manager;
  manager.answer = absl::UnavailableError("down");
  manager_ = &manager;
  const pb::RunResult result = Run();
  EXPECT_EQ(manager.calls, 0);
  EXPECT_THAT(result.degradations(), IsEmpty());
}

TEST_F(ServicesCollectorTest, SaysWhoElseCanChangeAUnit) {
  const auto set_info = [this](absl::string_view path, uint32_t mode, uint32_t uid, uint32_t gid) {
    FileInfo info = *tree_.Stat(path);
    info.mode = mode;
    info.uid = uid;
    info.gid = gid;
    tree_.SetInfo(path, info);
  };
  File("/usr/sbin/sshd", "x", 0755);
  const std::string unit = "/usr/lib/systemd/system/ssh.service";
  set_info(unit, 0666, 0, 0);
  Run();
  EXPECT_THAT(Of("SYSTEMD ssh.service").writable_paths(), ElementsAre(unit));
  set_info(unit, 0664, 0, 50);
  Run();
  EXPECT_TRUE(Of("SYSTEMD ssh.service").writable_by_others());
  set_info(unit, 0644, 1000, 0);
  Run();
  EXPECT_TRUE(Of("SYSTEMD ssh.service").writable_by_others());
  set_info(unit, 0664, 0, 0);
  Run();
  EXPECT_FALSE(Of("SYSTEMD ssh.service").writable_by_others()) << "root's own group";
  set_info("/usr/lib/systemd/system", 0777, 0, 0);
  set_info("/usr/sbin/sshd", 0757, 0, 0);
  Run();
  EXPECT_THAT(Of("SYSTEMD ssh.service").writable_paths(), ElementsAre("/usr/lib/systemd/system", "/usr/sbin/sshd"));
  set_info("/usr/lib/systemd/system", 01777, 0, 0);
  set_info("/usr/sbin/sshd", 0755, 0, 0);
  Run();
  EXPECT_FALSE(Of("SYSTEMD ssh.service").writable_by_others()) << "the sticky bit keeps others' hands off";
}

TEST_F(ServicesCollectorTest, AMaskIsNotWritableByOthersThoughNullIs) {
  tree_.SetSpecial("/dev/null", FileInfo::Type::kDevice);
  FileInfo info = *tree_.Stat("/dev/null");
  info.mode = 0666;
  tree_.SetInfo("/dev/null", info);
  tree_.SetSymlink("/etc/systemd/system/ssh.service", "/dev/null");
  Run();
  EXPECT_FALSE(Of("SYSTEMD ssh.service").writable_by_others());
}

TEST_F(ServicesCollectorTest, InitScriptsAndTheirRunlevels) {
  const char kHeader[] =
      "#!/bin/sh\n### BEGIN INIT INFO\n# Default-Start: 2 3\n# Short-Description: A\n### END INIT INFO\n";
  File("/etc/init.d/a", kHeader, 0755);
  File("/etc/init.d/b", kHeader, 0755);
  File("/etc/init.d/ssh", "#!/bin/sh\n", 0755);
  File("/etc/init.d/off", kHeader, 0644);
  File("/etc/init.d/README", "text");
  File("/etc/init.d/functions-of-mine", "f() { :; }\n");
  File("/etc/init.d/a.dpkg-old", kHeader, 0755);
  tree_.SetSymlink("/etc/rc2.d/S20a", "../init.d/a");
  tree_.SetSymlink("/etc/rc3.d/S20a", "../init.d/a");
  tree_.SetSymlink("/etc/rc0.d/K01a", "../init.d/a");
  tree_.SetSymlink("/etc/rc2.d/S30gone", "../init.d/gone");
  tree_.SetSymlink("/etc/rcS.d/S01off", "../init.d/off");
  File("/etc/rc2.d/S99own", "#!/bin/sh\nnc -l\n", 0755);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Of("SYSV a").enabled(), Service::ENABLED);
  EXPECT_THAT(Of("SYSV a").wanted_by(), ElementsAre("2", "3"));
  EXPECT_THAT(Of("SYSV a").install_wanted_by(), ElementsAre("2", "3"));
  EXPECT_EQ(Of("SYSV a").description(), "A");
  EXPECT_THAT(Of("SYSV a").exec_start(), ElementsAre("/etc/init.d/a start"));
  EXPECT_EQ(Of("SYSV b").enabled(), Service::DISABLED);
  EXPECT_EQ(Of("SYSV ssh").replaced_by(), "ssh.service");
  EXPECT_EQ(Of("SYSV off").enabled(), Service::DISABLED) << "not executable";
  EXPECT_EQ(Of("SYSV /etc/rc2.d/S99own").enabled(), Service::ENABLED);
  EXPECT_EQ(std::count_if(services_.begin(), services_.end(),
                          [](const auto& entry) { return entry.second.manager() == Service::SYSV; }),
            5);
}

TEST_F(ServicesCollectorTest, RedHatsFoldersAreReadOnce) {
  File("/etc/rc.d/init.d/a", "#!/bin/sh\n# chkconfig: 35 1 1\n", 0755);
  tree_.SetSymlink("/etc/init.d", "rc.d/init.d");
  tree_.SetSymlink("/etc/rc3.d", "rc.d/rc3.d");
  tree_.SetSymlink("/etc/rc.d/rc3.d/S01a", "../init.d/a");
  File("/etc/rc.d/rc.local", "#!/bin/sh\ntouch /var/lock/subsys/local\n", 0755);
  tree_.SetSymlink("/etc/rc.local", "rc.d/rc.local");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Of("SYSV a").wanted_by(), ElementsAre("3"));
  EXPECT_EQ(Of("RC_LOCAL /etc/rc.local").enabled(), Service::ENABLED);
  EXPECT_EQ(services_.count("RC_LOCAL /etc/rc.d/rc.local"), 0U);
}

TEST_F(ServicesCollectorTest, AnRcLocalThatIsNotExecutableDoesNotRun) {
  File("/etc/rc.local", "#!/bin/sh -e\n/opt/agent --token=x &\nexit 0\n");
  Run();
  EXPECT_EQ(Of("RC_LOCAL /etc/rc.local").enabled(), Service::DISABLED);
  EXPECT_THAT(Of("RC_LOCAL /etc/rc.local").exec_start(), ElementsAre("/opt/agent --token=x &"));
}

TEST_F(ServicesCollectorTest, EntriesOfInittabWithoutIdsAreOneByActionAndProgram) {
  File("/etc/inittab",
       "::sysinit:/sbin/openrc sysinit\n::sysinit:/sbin/openrc boot\ntty1::respawn:/sbin/getty tty1\nx::off:/y\n");
  Run();
  EXPECT_THAT(Of("INITTAB sysinit:/sbin/openrc").exec_start(),
              ElementsAre("/sbin/openrc sysinit", "/sbin/openrc boot"));
  EXPECT_EQ(Of("INITTAB tty1").restart(), "respawn");
  EXPECT_EQ(Of("INITTAB x").enabled(), Service::DISABLED);
}

TEST_F(ServicesCollectorTest, PreloadedLibrariesAreStartupEntries) {
  File("/etc/ld.so.preload", "/usr/lib/libone.so /tmp/libtwo.so\n/usr/lib/libone.so\n");
  File("/tmp/libtwo.so", "x", 0666);
  Run();
  EXPECT_EQ(Of("LD_SO_PRELOAD /usr/lib/libone.so").executable(), "/usr/lib/libone.so");
  EXPECT_TRUE(Of("LD_SO_PRELOAD /tmp/libtwo.so").writable_by_others());
}

TEST_F(ServicesCollectorTest, XinetdServicesWithIncludesAndDefaults) {
  File("/etc/xinetd.conf", "defaults\n{\ndisabled = b\n}\nincludedir /etc/xinetd.d\ninclude /etc/xinetd.conf\n");
  File("/etc/xinetd.d/a",
       "service ftp\n{\ndisable = no\nuser = ftp\nserver = /usr/sbin/ftpd\nserver_args = -l\nport = 21\n"
       "protocol = tcp\nbind = 10.0.0.1\nenv = KEY=secret\n}\n");
  File("/etc/xinetd.d/b", "service b\n{\nserver = /b\n}\nservice c\n{\ndisable = YES\n}\n");
  File("/etc/xinetd.d/b.rpmsave", "service no\n{\n}\n");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  const Service& ftp = Of("XINETD ftp");
  EXPECT_EQ(ftp.enabled(), Service::ENABLED);
  EXPECT_THAT(ftp.exec_start(), ElementsAre("/usr/sbin/ftpd -l"));
  EXPECT_THAT(ftp.listens(), ElementsAre("10.0.0.1:21/tcp"));
  EXPECT_THAT(ftp.environment_names(), ElementsAre("KEY"));
  EXPECT_EQ(ftp.unit_path(), "/etc/xinetd.d/a");
  EXPECT_EQ(Of("XINETD b").enabled(), Service::DISABLED);
  EXPECT_EQ(Of("XINETD c").enabled(), Service::DISABLED);
  EXPECT_EQ(services_.count("XINETD no"), 0U);
}

TEST_F(ServicesCollectorTest, TheOwningPackageIsNamed) {
  File("/var/lib/dpkg/info/openssh-server.list", "/.\n/lib/systemd/system/ssh.service\n");
  Run();
  EXPECT_EQ(Of("SYSTEMD ssh.service").package(), "openssh-server");
}

TEST_F(ServicesCollectorTest, AHostWithoutAnyManagerIsUnsupported) {
  MemoryTree empty;
  empty.SetFile("/app", "x");
  CollectorContext context;
  context.files = &empty;
  context.clock = &clock_;
  VectorSink sink;
  EXPECT_EQ(
      RunCollector(*kServicesCollector.create(context), kServicesCollector, {}, clock_, StopToken(), sink).status(),
      pb::RunResult::UNSUPPORTED);
}

// One broken input each: the rest is there, and what is missing has a path and a reason.
TEST_F(ServicesCollectorTest, BrokenInputsKeepTheGoodPart) {
  struct Case {
    const char* name;
    const char* path;
    std::function<void()> damage;
  };
  const Case kCases[] = {
      {"permission denied", "/etc/inittab",
       [this] {
         File("/etc/inittab", "1::wait:/x\n");
         tree_.SetError("/etc/inittab", absl::PermissionDeniedError("no"));
       }},
      {"directory for a file", "/etc/inittab", [this] { tree_.SetDirectory("/etc/inittab"); }},
      {"file for a directory", "/etc/init.d", [this] { File("/etc/init.d", "x"); }},
      {"symlink loop", "/etc/xinetd.conf",
       [this] {
         tree_.SetSymlink("/etc/xinetd.conf", "xinetd.conf2");
         tree_.SetSymlink("/etc/xinetd.conf2", "xinetd.conf");
       }},
      {"unreadable directory", "/etc/profile.d",
       [this] {
         File("/etc/profile.d/a.sh", "x");
         tree_.SetError("/etc/profile.d", absl::PermissionDeniedError("no"));
       }},
      {"too large", "/etc/profile", [this] { File("/etc/profile", std::string((size_t{1} << 20) + 1, 'x')); }},
      {"truncated", "/etc/inetd.conf", [this] { File("/etc/inetd.conf", "a stream tcp nowait root /a a\nb str"); }},
      {"overlong line", "/etc/inittab",
       [this] { File("/etc/inittab", absl::StrCat("a::wait:", std::string(100'000, 'x'), "\nb::wait:/b\n")); }},
      {"NUL bytes", "/etc/inittab", [this] { File("/etc/inittab", absl::string_view("a\0b\nb::wait:/b\n", 16)); }},
      {"unreadable unit folder", "/etc/systemd/system",
       [this] { tree_.SetError("/etc/systemd/system", absl::DataLossError("I/O error")); }},
  };
  for (const Case& broken : kCases) {
    SCOPED_TRACE(broken.name);
    broken.damage();
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
    ASSERT_GE(result.problems_size(), 1);
    EXPECT_EQ(result.problems(0).path(), broken.path);
    EXPECT_NE(result.problems(0).message(), "");
    EXPECT_EQ(services_.count("SYSTEMD ssh.service"), 1U);
    tree_.SetError(broken.path, absl::OkStatus());
    if (absl::string_view(broken.path) != "/etc/systemd/system") tree_.Unset(broken.path);
    tree_.Unset("/etc/xinetd.conf2");
  }
}

TEST_F(ServicesCollectorTest, InvalidUtf8IsReplaced) {
  Unit("a.service", "[Unit]\nDescription=caf\xE9\n[Service]\nExecStart=/bin/\xFF\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(result.degradations(), SizeIs(2)) << "one for each line";
  EXPECT_EQ(Of("SYSTEMD a.service").description(), "caf\xEF\xBF\xBD");
}

TEST_F(ServicesCollectorTest, FilesThatGoDuringTheRunAreNoProblem) {
  File("/etc/init.d/a", "#!/bin/sh\n", 0755);
  File("/etc/init.d/b", "#!/bin/sh\n", 0755);
  tree_.SetAccessHook([this](absl::string_view path) {
    if (path == "/etc/init.d/a") tree_.Unset(path);
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(services_.count("SYSV a"), 0U);
  EXPECT_EQ(services_.count("SYSV b"), 1U);
}

TEST_F(ServicesCollectorTest, StopsWhenAskedAndPassesOnAFullSink) {
  CollectorContext context;
  context.files = &tree_;
  context.clock = &clock_;
  const auto collector = kServicesCollector.create(context);
  StopSource source;
  source.RequestStop();
  VectorSink sink;
  RunReport report;
  EXPECT_TRUE(absl::IsCancelled(collector->Collect(sink, report, source.token())));
  VectorSink full(1);
  EXPECT_TRUE(absl::IsResourceExhausted(collector->Collect(full, report, StopToken())));
}

}  // namespace
}  // namespace rollcall

// The client against a real dbus-daemon on which the test plays systemd, and against sockets
// that are no bus.
#include "platform/systemd/dbus_system_manager.h"

#include <dbus/dbus.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "platform/clock.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kShort = absl::Milliseconds(300);
// What a deadline may be late on a busy machine, and yet is no wait without end.
constexpr absl::Duration kNotForever = absl::Seconds(30);

// A directory that looks like a host's root as far as the bus goes.
class HostDirectory {
 public:
  HostDirectory() {
    std::string name = testing::TempDir() + "bus_XXXXXX";
    root_ = mkdtemp(name.data());
    fs::create_directories(root_ / "run" / "dbus");
  }
  ~HostDirectory() { fs::remove_all(root_); }
  fs::path root() const { return root_; }
  fs::path socket() const { return root_ / "run" / "dbus" / "system_bus_socket"; }

 private:
  fs::path root_;
};

// A dbus-daemon of the test's own.
class BusDaemon {
 public:
  explicit BusDaemon(const HostDirectory& host) {
    const fs::path config = host.root() / "bus.conf";
    std::ofstream(config) << "<busconfig><listen>unix:path=" << host.socket().string()
                          << "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>"
                             "<allow own=\"*\"/><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
                             "</policy></busconfig>";
    std::string arguments[] = {"dbus-daemon", "--nofork", "--config-file=" + config.string()};
    char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
    }
    EXPECT_EQ(::posix_spawnp(&pid_, "dbus-daemon", &quiet, nullptr, argv, environ), 0) << "is dbus-daemon installed?";
    posix_spawn_file_actions_destroy(&quiet);
    // The socket's file is there a moment before anybody listens on it.
    for (int i = 0; i < 1000 && !Answers(host.socket()); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  ~BusDaemon() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  static bool Answers(const fs::path& socket) {
    DBusError error = DBUS_ERROR_INIT;
    DBusConnection* connection =
        dbus_connection_open_private(absl::StrCat("unix:path=", socket.string()).c_str(), &error);
    dbus_error_free(&error);
    if (connection == nullptr) return false;
    dbus_connection_close(connection);
    dbus_connection_unref(connection);
    return true;
  }

  pid_t pid_ = -1;
};

enum class Manner {
  kAnswer,
  kNeverAnswer,
  kWrongType,
  kRefuse,
  kTooMany,
  kNeverSayPids,
  kOddTimers,
  kForgetTimers,
  kManyTimers,
  kLeave
};

// Plays org.freedesktop.systemd1 on a thread.
class FakeSystemd {
 public:
  // `OBJECT PROPERTY` and its value; what is not there is 0.
  using TimerValues = std::map<std::string, uint64_t>;

  FakeSystemd(const HostDirectory& host, Manner manner, std::vector<std::string> timers = {}, TimerValues values = {})
      : manner_(manner), timers_(std::move(timers)), timer_values_(std::move(values)) {
    DBusError error = DBUS_ERROR_INIT;
    connection_ = dbus_connection_open_private(absl::StrCat("unix:path=", host.socket().string()).c_str(), &error);
    EXPECT_NE(connection_, nullptr) << error.message;
    EXPECT_TRUE(dbus_bus_register(connection_, &error)) << error.message;
    dbus_connection_set_exit_on_disconnect(connection_, FALSE);
    EXPECT_EQ(dbus_bus_request_name(connection_, "org.freedesktop.systemd1", 0, &error),
              DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeSystemd() {
    stop_ = true;
    thread_.join();
    dbus_connection_close(connection_);
    dbus_connection_unref(connection_);
  }

 private:
  void Serve() {
    while (!stop_ && dbus_connection_read_write(connection_, 20) != 0) {
      while (DBusMessage* call = dbus_connection_pop_message(connection_)) {
        if (dbus_message_get_type(call) == DBUS_MESSAGE_TYPE_METHOD_CALL) Answer(call);
        dbus_message_unref(call);
      }
    }
  }

  void Answer(DBusMessage* call) {
    if (manner_ == Manner::kNeverAnswer) return;
    if (manner_ == Manner::kLeave) {
      dbus_connection_close(connection_);
      return;
    }
    DBusMessage* reply = manner_ == Manner::kRefuse
                             ? dbus_message_new_error(call, DBUS_ERROR_ACCESS_DENIED, "not for you")
                             : dbus_message_new_method_return(call);
    if (dbus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Get") != 0) {
      if (manner_ == Manner::kNeverSayPids) return dbus_message_unref(reply);
      if (!AppendProperty(call, reply)) return dbus_message_unref(reply);
    } else if (manner_ == Manner::kWrongType) {
      const char* text = "units";
      dbus_message_append_args(reply, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
    } else if (manner_ != Manner::kRefuse) {
      AppendUnits(reply);
    }
    dbus_connection_send(connection_, reply, nullptr);
    dbus_connection_flush(connection_);
    dbus_message_unref(reply);
  }

  // The property that was asked for; false if no answer is to be given.
  bool AppendProperty(DBusMessage* call, DBusMessage* reply) const {
    const char* interface = nullptr;
    const char* property = nullptr;
    EXPECT_TRUE(dbus_message_get_args(call, nullptr, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &property,
                                      DBUS_TYPE_INVALID));
    const std::string name = property;
    if (name == "MainPID") {
      AppendVariant(reply, "u", dbus_uint32_t{4242});
      return true;
    }
    EXPECT_EQ(std::string(interface), "org.freedesktop.systemd1.Timer");
    const std::string path = dbus_message_get_path(call);
    if (manner_ == Manner::kForgetTimers && name == "LastTriggerUSec") return false;
    const auto found = timer_values_.find(absl::StrCat(path.substr(path.rfind('/') + 1), " ", name));
    const uint64_t value = found == timer_values_.end() ? 0 : found->second;
    if (manner_ == Manner::kOddTimers && path.ends_with("text")) {
      const char* text = "soon";
      AppendVariant(reply, "s", text);
    } else {
      AppendVariant(reply, "t", dbus_uint64_t{value});
    }
    return true;
  }

  template <typename Value>
  static void AppendVariant(DBusMessage* reply, const char* type, Value value) {
    DBusMessageIter message;
    DBusMessageIter variant;
    dbus_message_iter_init_append(reply, &message);
    dbus_message_iter_open_container(&message, DBUS_TYPE_VARIANT, type, &variant);
    dbus_message_iter_append_basic(&variant, *type, &value);
    dbus_message_iter_close_container(&message, &variant);
  }

  void AppendUnits(DBusMessage* reply) const {
    DBusMessageIter message;
    DBusMessageIter array;
    dbus_message_iter_init_append(reply, &message);
    dbus_message_iter_open_container(&message, DBUS_TYPE_ARRAY, "(ssssssouso)", &array);
    AppendUnit(&array, {"ssh.service", "Secure shell", "loaded", "active", "running"});
    AppendUnit(&array, {"cron.service", "Cron", "loaded", "failed", "failed"});
    AppendUnit(&array, {"idle.timer", "Stopped", "loaded", "inactive", "dead"});
    AppendUnit(&array, {"dbus.socket", "Bus", "loaded", "active", "listening"});
    for (const std::string& timer : timers_) {
      AppendUnit(&array, {timer + ".timer", "", "loaded", "active", "waiting"}, timer);
    }
    for (size_t i = 0; manner_ == Manner::kManyTimers && i <= SystemManager::kMaxTimers; ++i) {
      AppendUnit(&array, {absl::StrCat("t", i, ".timer"), "", "loaded", "active", "waiting"});
    }
    for (size_t i = 0; manner_ == Manner::kTooMany && i < SystemManager::kMaxUnits; ++i) {
      AppendUnit(&array, {absl::StrCat("u", i, ".mount"), "", "loaded", "active", "mounted"});
    }
    dbus_message_iter_close_container(&message, &array);
  }

  static void AppendUnit(DBusMessageIter* array, const std::vector<std::string>& leading,
                         const std::string& object = "x") {
    DBusMessageIter fields;
    dbus_message_iter_open_container(array, DBUS_TYPE_STRUCT, nullptr, &fields);
    const auto append = [&fields](int type, const char* text) { dbus_message_iter_append_basic(&fields, type, &text); };
    for (const std::string& text : leading) append(DBUS_TYPE_STRING, text.c_str());
    append(DBUS_TYPE_STRING, "");
    append(DBUS_TYPE_OBJECT_PATH, absl::StrCat("/org/freedesktop/systemd1/unit/", object).c_str());
    const dbus_uint32_t job = 0;
    dbus_message_iter_append_basic(&fields, DBUS_TYPE_UINT32, &job);
    append(DBUS_TYPE_STRING, "");
    append(DBUS_TYPE_OBJECT_PATH, "/");
    dbus_message_iter_close_container(array, &fields);
  }

  const Manner manner_;
  // Active timers, by their name without suffix, which is their object's too.
  const std::vector<std::string> timers_;
  const TimerValues timer_values_;
  DBusConnection* connection_ = nullptr;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class DbusSystemManagerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { dbus_threads_init_default(); }

  absl::StatusOr<std::vector<UnitRunState>> Ask(absl::Duration patience = kPatience) {
    return NewDbusSystemManager(host_.root().string())->ListUnits(patience);
  }

  // What the client says of a fake systemd of that manner, and how long it took.
  absl::StatusOr<std::vector<UnitRunState>> AskFake(Manner manner, absl::Duration patience = kPatience) {
    const BusDaemon daemon(host_);
    const FakeSystemd fake(host_, manner);
    const absl::Duration start = clock_.Monotonic();
    auto units = Ask(patience);
    took_ = clock_.Monotonic() - start;
    return units;
  }

  absl::StatusOr<std::vector<TimerRunState>> AskTimers(Manner manner, std::vector<std::string> timers,
                                                       FakeSystemd::TimerValues values,
                                                       absl::Duration patience = kPatience) {
    const BusDaemon daemon(host_);
    const FakeSystemd fake(host_, manner, std::move(timers), std::move(values));
    auto told = NewDbusSystemManager(host_.root().string())->ListTimers(patience);
    fs::remove(host_.socket());
    return told;
  }

  // A listening socket where the bus is expected.
  ScopedFd Listen(int backlog) {
    ScopedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    host_.socket().string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), backlog), 0);
    return fd;
  }

  HostDirectory host_;
  SystemClock clock_;
  absl::Duration took_;
};

TEST_F(DbusSystemManagerTest, GivesStatesAndMainProcesses) {
  const auto units = AskFake(Manner::kAnswer);
  ASSERT_TRUE(units.ok()) << units.status();
  EXPECT_THAT(*units, UnorderedElementsAre(UnitRunState{"ssh.service", "loaded", "active", "running", 4242},
                                           UnitRunState{"cron.service", "loaded", "failed", "failed", 0},
                                           UnitRunState{"idle.timer", "loaded", "inactive", "dead", 0},
                                           UnitRunState{"dbus.socket", "loaded", "active", "listening", 0}));
}

TEST_F(DbusSystemManagerTest, ConnectsAnewForEachQuestion) {
  const auto manager = NewDbusSystemManager(host_.root().string());
  for (int i = 0; i < 2; ++i) {
    const BusDaemon daemon(host_);
    const FakeSystemd fake(host_, Manner::kAnswer);
    EXPECT_TRUE(manager->ListUnits(kPatience).ok());
    fs::remove(host_.socket());
  }
}

TEST_F(DbusSystemManagerTest, AServiceThatNeverAnswersEndsWithTheDeadline) {
  EXPECT_TRUE(absl::IsDeadlineExceeded(AskFake(Manner::kNeverAnswer, kShort).status()));
  EXPECT_GE(took_, kShort - absl::Milliseconds(50));
  EXPECT_LT(took_, kNotForever);
}

TEST_F(DbusSystemManagerTest, MainProcessesThatAreNeverToldCostOnlyTheTime) {
  // Long enough for the units themselves.
  const auto units = AskFake(Manner::kNeverSayPids, absl::Seconds(3));
  ASSERT_TRUE(units.ok()) << units.status();
  EXPECT_EQ(units->size(), 4U);
  EXPECT_EQ((*units)[0].main_pid, 0U);
  EXPECT_LT(took_, kNotForever);
}

TEST_F(DbusSystemManagerTest, GivesTimesOfActiveTimers) {
  const uint64_t awake = static_cast<uint64_t>(absl::ToInt64Microseconds(KernelAwakeTime()));
  const absl::Time now = clock_.Now();
  constexpr uint64_t kHour = 3'600'000'000;
  const absl::Time calendar = absl::FromUnixSeconds(4'000'000'000);
  const auto timers = AskTimers(Manner::kAnswer, {"calendar", "counted", "both", "never"},
                                {{"calendar NextElapseUSecRealtime", 4'000'000'000'000'000},
                                 {"calendar NextElapseUSecMonotonic", UINT64_MAX},
                                 {"calendar LastTriggerUSec", 1'700'000'000'000'001},
                                 {"counted NextElapseUSecMonotonic", awake + kHour},
                                 {"both NextElapseUSecRealtime", 4'000'000'000'000'000},
                                 {"both NextElapseUSecMonotonic", awake + 2 * kHour}});
  ASSERT_TRUE(timers.ok()) << timers.status();
  ASSERT_EQ(timers->size(), 4U) << "the stopped one is not among them";
  EXPECT_EQ((*timers)[0], (TimerRunState{"calendar.timer", calendar, absl::FromUnixMicros(1'700'000'000'000'001)}));
  EXPECT_EQ((*timers)[1].name, "counted.timer");
  EXPECT_LT(absl::AbsDuration(*(*timers)[1].next_elapse - (now + absl::Hours(1))), absl::Seconds(5));
  EXPECT_LT(absl::AbsDuration(*(*timers)[2].next_elapse - (now + absl::Hours(2))), absl::Seconds(5));
  EXPECT_EQ((*timers)[3], (TimerRunState{"never.timer", std::nullopt, std::nullopt}));
}

TEST_F(DbusSystemManagerTest, TimesPastAllBoundsAreNone) {
  const auto timers = AskTimers(Manner::kOddTimers, {"big", "huge", "text"},
                                {{"big NextElapseUSecRealtime", 253'402'300'800'000'000},
                                 {"big NextElapseUSecMonotonic", 253'402'300'799'000'000},
                                 {"big LastTriggerUSec", uint64_t{1} << 63},
                                 {"huge NextElapseUSecRealtime", UINT64_MAX - 1},
                                 {"huge LastTriggerUSec", UINT64_MAX}});
  ASSERT_TRUE(timers.ok()) << timers.status();
  EXPECT_THAT(*timers, UnorderedElementsAre(TimerRunState{"big.timer", std::nullopt, std::nullopt},
                                            TimerRunState{"huge.timer", std::nullopt, std::nullopt}))
      << "one that answers with text is left out";
}

TEST_F(DbusSystemManagerTest, TimersHalfToldAreAnError) {
  EXPECT_TRUE(absl::IsDeadlineExceeded(AskTimers(Manner::kForgetTimers, {"a"}, {}, absl::Seconds(1)).status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(AskTimers(Manner::kNeverAnswer, {"a"}, {}, kShort).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(AskTimers(Manner::kManyTimers, {}, {}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(AskTimers(Manner::kRefuse, {"a"}, {}).status()));
}

TEST_F(DbusSystemManagerTest, AnAnswerOfTheWrongTypeIsRefused) {
  const absl::Status status = AskFake(Manner::kWrongType).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("an answer of type s"));
}

TEST_F(DbusSystemManagerTest, TooManyUnitsAreRefused) {
  EXPECT_TRUE(absl::IsResourceExhausted(AskFake(Manner::kTooMany).status()));
}

TEST_F(DbusSystemManagerTest, ARefusalIsPermissionDenied) {
  const absl::Status status = AskFake(Manner::kRefuse).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("not for you"));
}

TEST_F(DbusSystemManagerTest, AServiceThatLeavesIsUnavailable) {
  EXPECT_TRUE(absl::IsUnavailable(AskFake(Manner::kLeave).status()));
  EXPECT_LT(took_, kNotForever);
}

TEST_F(DbusSystemManagerTest, ABusWithoutSystemdIsNotFound) {
  const BusDaemon daemon(host_);
  EXPECT_TRUE(absl::IsNotFound(Ask().status())) << Ask().status();
}

TEST_F(DbusSystemManagerTest, NoSocketIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(Ask().status()));
  fs::remove_all(host_.root() / "run");
  EXPECT_TRUE(absl::IsNotFound(Ask().status()));
}

TEST_F(DbusSystemManagerTest, ASocketNobodyListensOnIsNotFound) {
  Listen(1);  // closed again, the file stays
  EXPECT_TRUE(absl::IsNotFound(Ask().status()));
}

TEST_F(DbusSystemManagerTest, AFileInItsPlaceIsRefused) {
  std::ofstream(host_.socket()) << "x";
  EXPECT_TRUE(absl::IsFailedPrecondition(Ask().status()));
}

TEST_F(DbusSystemManagerTest, ALinkOutOfTheTreeIsNotFollowed) {
  HostDirectory other;
  const BusDaemon daemon(other);
  const FakeSystemd fake(other, Manner::kAnswer);
  fs::create_symlink(other.socket(), host_.socket());
  EXPECT_TRUE(absl::IsFailedPrecondition(Ask().status())) << Ask().status();
}

TEST_F(DbusSystemManagerTest, AListenerThatNeverSpeaksEndsWithTheDeadline) {
  const ScopedFd listener = Listen(8);
  const absl::Duration start = clock_.Monotonic();
  EXPECT_FALSE(Ask(kShort).ok());
  EXPECT_LT(clock_.Monotonic() - start, kNotForever);
}

TEST_F(DbusSystemManagerTest, AFullQueueIsNotWaitedFor) {
  const ScopedFd listener = Listen(0);
  std::vector<ScopedFd> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    host_.socket().string().copy(address.sun_path, sizeof address.sun_path - 1);
    static_cast<void>(::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  const absl::Duration start = clock_.Monotonic();
  EXPECT_TRUE(absl::IsUnavailable(Ask(kShort).status()));
  EXPECT_LT(clock_.Monotonic() - start, kNotForever);
}

TEST_F(DbusSystemManagerTest, GarbageInsteadOfABusIsAnError) {
  const ScopedFd listener = Listen(8);
  std::thread server([&] {
    // The first connection is the probe.
    for (int i = 0; i < 2; ++i) {
      const ScopedFd peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const std::string garbage(100'000, '\xA7');
      static_cast<void>(::send(peer.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL));
    }
  });
  const absl::Duration start = clock_.Monotonic();
  EXPECT_FALSE(Ask(kShort).ok());
  EXPECT_LT(clock_.Monotonic() - start, kNotForever);
  server.join();
}

}  // namespace
}  // namespace rollcall

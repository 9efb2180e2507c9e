#include "platform/systemd/dbus_system_manager.h"

#include <dbus/dbus.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/clock.h"
#include "platform/errno_status.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr char kSocketPath[] = "/run/dbus/system_bus_socket";
constexpr char kSystemd[] = "org.freedesktop.systemd1";
// 20,000 units take about 6 MB.
constexpr long kMaxMessageBytes = 16L << 20;
// Services asked for their main process.
constexpr size_t kMaxMainPids = 2'000;

// DBusError, freed with its scope.
class Error {
 public:
  Error() { dbus_error_init(&error_); }
  ~Error() { dbus_error_free(&error_); }
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;

  DBusError* get() { return &error_; }

  absl::Status ToStatus(absl::string_view what) const {
    const std::string message = absl::StrCat(
        what, ": ", error_.message == nullptr || *error_.message == '\0' ? "no reason given" : error_.message);
    for (const char* denied : {DBUS_ERROR_ACCESS_DENIED, DBUS_ERROR_AUTH_FAILED}) {
      if (dbus_error_has_name(&error_, denied) != 0) return absl::PermissionDeniedError(message);
    }
    for (const char* nobody : {DBUS_ERROR_SERVICE_UNKNOWN, DBUS_ERROR_NAME_HAS_NO_OWNER}) {
      if (dbus_error_has_name(&error_, nobody) != 0) return absl::NotFoundError(message);
    }
    return absl::UnavailableError(message);
  }

 private:
  DBusError error_;
};

struct CloseConnection {
  void operator()(DBusConnection* connection) const {
    dbus_connection_close(connection);
    dbus_connection_unref(connection);
  }
};
using Connection = std::unique_ptr<DBusConnection, CloseConnection>;

struct UnrefMessage {
  void operator()(DBusMessage* message) const { dbus_message_unref(message); }
};
using Message = std::unique_ptr<DBusMessage, UnrefMessage>;

struct UnrefPending {
  void operator()(DBusPendingCall* call) const {
    dbus_pending_call_cancel(call);
    dbus_pending_call_unref(call);
  }
};
using Pending = std::unique_ptr<DBusPendingCall, UnrefPending>;

// The time of one question and all it takes.
class Deadline {
 public:
  Deadline(const Clock& clock, absl::Duration patience) : clock_(clock), end_(clock.Monotonic() + patience) {}

  // What is left, for poll(2); at least 1.
  int Milliseconds() const {
    const absl::Duration left = std::clamp(end_ - clock_.Monotonic(), absl::Milliseconds(1), absl::Minutes(1));
    return static_cast<int>(absl::ToInt64Milliseconds(left));
  }
  bool passed() const { return clock_.Monotonic() >= end_; }

 private:
  const Clock& clock_;
  const absl::Duration end_;
};

// An O_PATH descriptor of the socket below `root`.
absl::StatusOr<ScopedFd> OpenSocket(const std::string& root) {
  ScopedFd at(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid()) return ErrnoStatus(errno, "open", root);
  for (const char* part : {"run", "dbus", "system_bus_socket"}) {
    ScopedFd next(::openat(at.get(), part, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) return ErrnoStatus(errno, "open", kSocketPath);
    at = std::move(next);
  }
  struct stat info = {};
  if (::fstat(at.get(), &info) != 0) return ErrnoStatus(errno, "stat", kSocketPath);
  if (!S_ISSOCK(info.st_mode))
    return absl::FailedPreconditionError(absl::StrCat("open ", kSocketPath, ": not a socket"));
  return at;
}

std::string DescriptorPath(const ScopedFd& fd) { return absl::StrCat("/proc/self/fd/", fd.get()); }

// Whether someone takes connections there. libdbus waits without end for a listener whose
// queue is full; a socket that does not block tells.
absl::Status CheckListening(const ScopedFd& socket_fd) {
  const ScopedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return ErrnoStatus(errno, "make socket for", kSocketPath);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = DescriptorPath(socket_fd);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return absl::OkStatus();
  if (errno == ECONNREFUSED) return absl::NotFoundError(absl::StrCat("connect to ", kSocketPath, ": nobody listens"));
  return ErrnoStatus(errno, "connect to", kSocketPath);
}

absl::StatusOr<Connection> Connect(const std::string& root) {
  ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd socket_fd, OpenSocket(root));
  ROLLCALL_RETURN_IF_ERROR(CheckListening(socket_fd));
  dbus_threads_init_default();
  dbus_connection_set_change_sigpipe(FALSE);
  Error error;
  Connection connection(
      dbus_connection_open_private(absl::StrCat("unix:path=", DescriptorPath(socket_fd)).c_str(), error.get()));
  if (connection == nullptr) return error.ToStatus(absl::StrCat("connect to ", kSocketPath));
  dbus_connection_set_exit_on_disconnect(connection.get(), FALSE);
  dbus_connection_set_max_message_size(connection.get(), kMaxMessageBytes);
  dbus_connection_set_max_received_size(connection.get(), 2 * kMaxMessageBytes);
  dbus_connection_set_max_message_unix_fds(connection.get(), 0);
  return connection;
}

// Input and output of one connection. libdbus's own blocking calls wait without end for a
// listener that accepts and then says nothing: their timeout does not cover authentication.
class Exchange {
 public:
  // `connection` must outlive it.
  Exchange(DBusConnection* connection, const Deadline& deadline) : connection_(connection), deadline_(deadline) {
    dbus_connection_set_watch_functions(connection_, &Exchange::Add, &Exchange::Remove, nullptr, this, nullptr);
  }
  ~Exchange() { dbus_connection_set_watch_functions(connection_, nullptr, nullptr, nullptr, nullptr, nullptr); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Sends a call; nullptr if it cannot be sent.
  Pending Send(DBusMessage* call) {
    dbus_message_set_auto_start(call, FALSE);
    DBusPendingCall* pending = nullptr;
    if (dbus_connection_send_with_reply(connection_, call, &pending, DBUS_TIMEOUT_INFINITE) == 0) return nullptr;
    return Pending(pending);
  }

  // Waits for the answer. False if it did not come in time.
  bool Wait(DBusPendingCall* pending) {
    while (dbus_pending_call_get_completed(pending) == 0) {
      if (deadline_.passed()) return false;
      HandleReady(Poll());
      while (dbus_connection_dispatch(connection_) == DBUS_DISPATCH_DATA_REMAINS) {
      }
    }
    return true;
  }

 private:
  static dbus_bool_t Add(DBusWatch* watch, void* self) {
    static_cast<Exchange*>(self)->watches_.push_back(watch);
    return TRUE;
  }
  static void Remove(DBusWatch* watch, void* self) {
    std::vector<DBusWatch*>& watches = static_cast<Exchange*>(self)->watches_;
    watches.erase(std::remove(watches.begin(), watches.end(), watch), watches.end());
  }

  // All watches are of the one socket: what it is ready for.
  unsigned int Poll() const {
    pollfd fd = {.fd = -1, .events = 0, .revents = 0};
    for (DBusWatch* watch : watches_) {
      if (dbus_watch_get_enabled(watch) == 0) continue;
      fd.fd = dbus_watch_get_unix_fd(watch);
      const unsigned int flags = dbus_watch_get_flags(watch);
      if ((flags & DBUS_WATCH_READABLE) != 0) fd.events |= POLLIN;
      if ((flags & DBUS_WATCH_WRITABLE) != 0) fd.events |= POLLOUT;
    }
    if (::poll(&fd, 1, deadline_.Milliseconds()) <= 0) return 0;
    unsigned int ready = 0;
    if ((fd.revents & POLLIN) != 0) ready |= DBUS_WATCH_READABLE;
    if ((fd.revents & POLLOUT) != 0) ready |= DBUS_WATCH_WRITABLE;
    if ((fd.revents & POLLHUP) != 0) ready |= DBUS_WATCH_HANGUP;
    if ((fd.revents & (POLLERR | POLLNVAL)) != 0) ready |= DBUS_WATCH_ERROR;
    return ready;
  }

  void HandleReady(unsigned int ready) {
    if (ready == 0) return;
    constexpr unsigned int kTrouble = DBUS_WATCH_HANGUP | DBUS_WATCH_ERROR;
    // A copy: handling one may remove others.
    for (DBusWatch* watch : std::vector<DBusWatch*>(watches_)) {
      if (std::find(watches_.begin(), watches_.end(), watch) == watches_.end()) continue;
      if (dbus_watch_get_enabled(watch) == 0) continue;
      const unsigned int mine = ready & (dbus_watch_get_flags(watch) | kTrouble);
      if (mine != 0) dbus_watch_handle(watch, mine);
    }
  }

  DBusConnection* const connection_;
  const Deadline& deadline_;
  std::vector<DBusWatch*> watches_;
};

absl::StatusOr<Message> Call(Exchange& exchange, const char* service, const char* path, const char* interface,
                             const char* method) {
  const Message call(dbus_message_new_method_call(service, path, interface, method));
  if (call == nullptr) return absl::ResourceExhaustedError("make message: out of memory");
  const std::string what = absl::StrCat("call ", method, " over ", kSocketPath);
  const Pending pending = exchange.Send(call.get());
  if (pending == nullptr) return absl::UnavailableError(absl::StrCat(what, ": not connected"));
  if (!exchange.Wait(pending.get())) return absl::DeadlineExceededError(absl::StrCat(what, ": no answer in time"));
  Message reply(dbus_pending_call_steal_reply(pending.get()));
  if (reply == nullptr) return absl::UnavailableError(absl::StrCat(what, ": no answer"));
  Error error;
  if (dbus_set_error_from_message(error.get(), reply.get()) != 0) return error.ToStatus(what);
  return reply;
}

// Reads the string at `fields` and moves on. False if there is none.
bool TakeString(DBusMessageIter* fields, std::string* out) {
  const int type = dbus_message_iter_get_arg_type(fields);
  if (type != DBUS_TYPE_STRING && type != DBUS_TYPE_OBJECT_PATH) return false;
  const char* text = nullptr;
  dbus_message_iter_get_basic(fields, &text);
  *out = text;
  dbus_message_iter_next(fields);
  return true;
}

struct ListedUnit {
  UnitRunState state;
  std::string object_path;
};

// The answer to ListUnits: an array of (ssssssouso), systemd's org.freedesktop.systemd1(5).
absl::StatusOr<std::vector<ListedUnit>> TakeUnits(DBusMessage* reply) {
  constexpr char kSignature[] = "a(ssssssouso)";
  if (dbus_message_has_signature(reply, kSignature) == 0) {
    return absl::UnavailableError(
        absl::StrCat("read ListUnits: an answer of type ", dbus_message_get_signature(reply)));
  }
  DBusMessageIter message;
  DBusMessageIter array;
  dbus_message_iter_init(reply, &message);
  dbus_message_iter_recurse(&message, &array);
  std::vector<ListedUnit> units;
  for (; dbus_message_iter_get_arg_type(&array) == DBUS_TYPE_STRUCT; dbus_message_iter_next(&array)) {
    if (units.size() >= SystemManager::kMaxUnits) {
      return absl::ResourceExhaustedError(
          absl::StrCat("read ListUnits: more than ", SystemManager::kMaxUnits, " units"));
    }
    DBusMessageIter fields;
    dbus_message_iter_recurse(&array, &fields);
    ListedUnit unit;
    std::string skipped;
    const bool taken = TakeString(&fields, &unit.state.name) && TakeString(&fields, &skipped) &&
                       TakeString(&fields, &unit.state.load_state) && TakeString(&fields, &unit.state.active_state) &&
                       TakeString(&fields, &unit.state.sub_state) && TakeString(&fields, &skipped) &&
                       TakeString(&fields, &unit.object_path);
    if (taken) units.push_back(std::move(unit));
  }
  return units;
}

// The question for a property of one unit; nullptr if it cannot be asked.
Pending AskProperty(Exchange& exchange, const std::string& object_path, const char* interface, const char* property) {
  const Message call(
      dbus_message_new_method_call(kSystemd, object_path.c_str(), "org.freedesktop.DBus.Properties", "Get"));
  if (call == nullptr) return nullptr;
  const bool made = dbus_message_append_args(call.get(), DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &property,
                                             DBUS_TYPE_INVALID) != 0;
  return made ? exchange.Send(call.get()) : nullptr;
}

// Reads the number of `type` that answers AskProperty. False if the answer is no such thing.
bool TakeProperty(DBusPendingCall* pending, int type, void* out) {
  const Message reply(dbus_pending_call_steal_reply(pending));
  if (reply == nullptr || dbus_message_has_signature(reply.get(), "v") == 0) return false;
  DBusMessageIter message;
  DBusMessageIter variant;
  dbus_message_iter_init(reply.get(), &message);
  dbus_message_iter_recurse(&message, &variant);
  if (dbus_message_iter_get_arg_type(&variant) != type) return false;
  dbus_message_iter_get_basic(&variant, out);
  return true;
}

uint32_t TakeMainPid(DBusPendingCall* pending) {
  dbus_uint32_t pid = 0;
  return TakeProperty(pending, DBUS_TYPE_UINT32, &pid) ? pid : 0;
}

// Fills in main processes of running services as far as the time goes: all questions are sent
// before the first answer is read. They are a figure, not worth failing for.
void AddMainPids(Exchange& exchange, std::vector<ListedUnit>* units) {
  std::vector<std::pair<Pending, ListedUnit*>> questions;
  for (ListedUnit& unit : *units) {
    if (questions.size() >= kMaxMainPids) break;
    if (!absl::EndsWith(unit.state.name, ".service") || unit.state.sub_state != "running") continue;
    Pending pending = AskProperty(exchange, unit.object_path, "org.freedesktop.systemd1.Service", "MainPID");
    if (pending != nullptr) questions.emplace_back(std::move(pending), &unit);
  }
  for (auto& [pending, unit] : questions) {
    if (!exchange.Wait(pending.get())) return;
    unit->state.main_pid = TakeMainPid(pending.get());
  }
}

// What a timer is asked for; microseconds of the wall clock, of KernelAwakeTime(), of the wall clock.
constexpr const char* kTimerProperties[] = {"NextElapseUSecRealtime", "NextElapseUSecMonotonic", "LastTriggerUSec"};

// The moment of a number of systemd's; nothing for 0 and the infinite, which stand for none, and
// for what is past the last time a record can hold.
std::optional<absl::Time> ToTime(uint64_t microseconds, absl::Time origin) {
  constexpr uint64_t kMaxMicroseconds = 253'402'300'799ULL * 1'000'000;
  if (microseconds == 0 || microseconds > kMaxMicroseconds) return std::nullopt;
  const absl::Time time = origin + absl::Microseconds(static_cast<int64_t>(microseconds));
  if (time < absl::UnixEpoch() || time - absl::UnixEpoch() > absl::Microseconds(int64_t{kMaxMicroseconds})) {
    return std::nullopt;
  }
  return time;
}

struct TimerQuestion {
  const ListedUnit* unit = nullptr;
  std::vector<Pending> pending;
};

// All questions are sent before the first answer is read.
absl::StatusOr<std::vector<TimerQuestion>> AskTimers(Exchange& exchange, const std::vector<ListedUnit>& units) {
  std::vector<TimerQuestion> questions;
  for (const ListedUnit& unit : units) {
    if (!absl::EndsWith(unit.state.name, ".timer") || unit.state.active_state != "active") continue;
    if (questions.size() >= SystemManager::kMaxTimers) {
      return absl::ResourceExhaustedError(absl::StrCat("ask timers: more than ", SystemManager::kMaxTimers));
    }
    TimerQuestion question;
    question.unit = &unit;
    for (const char* property : kTimerProperties) {
      Pending pending = AskProperty(exchange, unit.object_path, "org.freedesktop.systemd1.Timer", property);
      if (pending == nullptr) return absl::UnavailableError("ask timers: not connected");
      question.pending.push_back(std::move(pending));
    }
    questions.push_back(std::move(question));
  }
  return questions;
}

// The answers of one timer; nothing if it is none any more. `awake_zero` is the moment at which
// KernelAwakeTime() was zero.
std::optional<TimerRunState> TakeTimer(const TimerQuestion& question, absl::Time awake_zero) {
  dbus_uint64_t values[std::size(kTimerProperties)] = {};
  for (size_t i = 0; i < std::size(kTimerProperties); ++i) {
    if (!TakeProperty(question.pending[i].get(), DBUS_TYPE_UINT64, &values[i])) return std::nullopt;
  }
  TimerRunState timer;
  timer.name = question.unit->state.name;
  timer.next_elapse = ToTime(values[0], absl::UnixEpoch());
  const std::optional<absl::Time> counted = ToTime(values[1], awake_zero);
  if (counted.has_value() && (!timer.next_elapse.has_value() || *counted < *timer.next_elapse)) {
    timer.next_elapse = counted;
  }
  timer.last_trigger = ToTime(values[2], absl::UnixEpoch());
  return timer;
}

class DbusSystemManager : public SystemManager {
 public:
  explicit DbusSystemManager(absl::string_view root) : root_(root) {}

  absl::StatusOr<std::vector<UnitRunState>> ListUnits(absl::Duration patience) const override {
    const Deadline deadline(clock_, patience);
    ROLLCALL_ASSIGN_OR_RETURN(const Connection connection, Connect(root_));
    Exchange exchange(connection.get(), deadline);
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<ListedUnit> units, AskUnits(exchange));
    AddMainPids(exchange, &units);
    std::vector<UnitRunState> states;
    states.reserve(units.size());
    for (ListedUnit& unit : units) states.push_back(std::move(unit.state));
    return states;
  }

  absl::StatusOr<std::vector<TimerRunState>> ListTimers(absl::Duration patience) const override {
    const Deadline deadline(clock_, patience);
    ROLLCALL_ASSIGN_OR_RETURN(const Connection connection, Connect(root_));
    Exchange exchange(connection.get(), deadline);
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<ListedUnit> units, AskUnits(exchange));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<TimerQuestion> questions, AskTimers(exchange, units));
    std::vector<TimerRunState> timers;
    const absl::Time awake_zero = clock_.Now() - KernelAwakeTime();
    for (const TimerQuestion& question : questions) {
      for (const Pending& pending : question.pending) {
        if (!exchange.Wait(pending.get())) return absl::DeadlineExceededError("ask timers: no answer in time");
      }
      std::optional<TimerRunState> timer = TakeTimer(question, awake_zero);
      if (timer.has_value()) timers.push_back(*std::move(timer));
    }
    return timers;
  }

 private:
  static absl::StatusOr<std::vector<ListedUnit>> AskUnits(Exchange& exchange) {
    // What dbus_bus_register() does, with an end to it.
    const auto hello = Call(exchange, DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "Hello");
    if (!hello.ok()) return hello.status();
    ROLLCALL_ASSIGN_OR_RETURN(const Message reply, Call(exchange, kSystemd, "/org/freedesktop/systemd1",
                                                        "org.freedesktop.systemd1.Manager", "ListUnits"));
    return TakeUnits(reply.get());
  }

  const std::string root_;
  const SystemClock clock_;
};

}  // namespace

std::unique_ptr<SystemManager> NewDbusSystemManager(absl::string_view root) {
  return std::make_unique<DbusSystemManager>(root);
}

}  // namespace rollcall

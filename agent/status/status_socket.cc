#include "agent/status/status_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/errno_status.h"

namespace rollcall {
namespace {

constexpr size_t kMaxQuestionBytes = 64;
constexpr absl::Duration kClientPatience = absl::Seconds(1);

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("use socket ", path, ": a socket's path has 1 to 107 bytes"));
  }
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// No read or write on the socket blocks for longer.
void SetPatience(int fd, absl::Duration patience) {
  const timeval time = absl::ToTimeval(patience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

absl::StatusOr<ScopedFd> Connect(const std::string& path) {
  const absl::StatusOr<sockaddr_un> address = AddressOf(path);
  if (!address.ok()) return address.status();
  ScopedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "make socket", path);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0) return fd;
  if (errno == ECONNREFUSED) return absl::UnavailableError(absl::StrCat("connect to ", path, ": nobody listens"));
  return ErrnoStatus(errno, "connect to", path);
}

bool SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Reads up to and without a newline; false at the limit, the end or after too long.
bool ReadLine(int fd, size_t limit, std::string* line) {
  char buffer[4096];
  while (line->size() <= limit) {
    const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    const absl::string_view got(buffer, static_cast<size_t>(n));
    const size_t end = got.find('\n');
    absl::StrAppend(line, got.substr(0, end));
    if (end != absl::string_view::npos) return true;
  }
  return false;
}

absl::Status MakeWay(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (!directory.empty() && mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "make directory", directory);
  }
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode))
    return absl::FailedPreconditionError(absl::StrCat("use socket ", path, ": not a socket"));
  if (Connect(path).ok()) {
    return absl::FailedPreconditionError(absl::StrCat("use socket ", path, ": another agent answers there"));
  }
  if (unlink(path.c_str()) != 0) return ErrnoStatus(errno, "replace", path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<StatusServer>> StatusServer::Start(const std::string& path, Handler handler) {
  const absl::StatusOr<sockaddr_un> address = AddressOf(path);
  if (!address.ok()) return address.status();
  if (absl::Status status = MakeWay(path); !status.ok()) return status;
  ScopedFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ScopedFd stop(eventfd(0, EFD_CLOEXEC));
  if (!listener.valid() || !stop.valid()) return ErrnoStatus(errno, "make socket", path);
  // The mode must be right from the first moment; bind(2) knows only the umask.
  const mode_t before = umask(0177);
  const int bound = bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
  const int error = errno;
  umask(before);
  if (bound != 0) return ErrnoStatus(error, "bind", path);
  if (listen(listener.get(), 8) != 0) return ErrnoStatus(errno, "listen on", path);
  return std::unique_ptr<StatusServer>(
      new StatusServer(path, std::move(handler), std::move(listener), std::move(stop)));
}

StatusServer::StatusServer(std::string path, Handler handler, ScopedFd listener, ScopedFd stop)
    : path_(std::move(path)), handler_(std::move(handler)), listener_(std::move(listener)), stop_(std::move(stop)) {
  thread_ = std::thread([this] { Run(); });
}

StatusServer::~StatusServer() {
  const uint64_t one = 1;
  // Fails only at the counter's maximum, which also wakes the thread.
  [[maybe_unused]] const ssize_t written = write(stop_.get(), &one, sizeof(one));
  thread_.join();
  unlink(path_.c_str());
}

void StatusServer::Run() {
  while (true) {
    pollfd fds[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    if (fds[0].revents == 0) continue;
    const ScopedFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.valid()) {
      Serve(connection.get());
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      poll(&fds[1], 1, 1000);  // the connection stays pending; do not spin on it
    }
  }
}

void StatusServer::Serve(int connection) const {
  SetPatience(connection, kClientPatience);
  std::string question;
  if (!ReadLine(connection, kMaxQuestionBytes, &question)) return;
  SendAll(connection, absl::StrCat(handler_(question), "\n"));
}

absl::StatusOr<std::string> AskAgent(const std::string& path, absl::string_view question, absl::Duration timeout) {
  const absl::StatusOr<ScopedFd> fd = Connect(path);
  if (!fd.ok()) return fd.status();
  SetPatience(fd->get(), timeout);
  std::string answer;
  if (!SendAll(fd->get(), absl::StrCat(question, "\n")) || !ReadLine(fd->get(), kMaxAnswerBytes, &answer)) {
    return absl::DeadlineExceededError(absl::StrCat("ask the agent at ", path, ": no complete answer"));
  }
  return answer;
}

}  // namespace rollcall

#include "tests/e2e/recording_relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int ConnectTo(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

bool SendAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

RecordingRelay::RecordingRelay(int backend_port) : backend_port_(backend_port) {
  int pipe_ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  stop_read_ = pipe_ends[0];
  stop_write_ = pipe_ends[1];
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

RecordingRelay::~RecordingRelay() {
  close(stop_write_);  // wakes every poll
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  close(stop_read_);
  close(listener_);
}

std::vector<RecordingRelay::Capture> RecordingRelay::Captures() const {
  const std::lock_guard lock(mutex_);
  std::vector<Capture> captures;
  for (const Capture& capture : captures_) {
    if (!capture.to_backend.empty() || !capture.to_agent.empty()) captures.push_back(capture);
  }
  return captures;
}

void RecordingRelay::Accept() {
  while (true) {
    pollfd waits[] = {{listener_, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 || waits[1].revents != 0) return;
    const int agent = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (agent < 0) continue;
    const std::lock_guard lock(mutex_);
    Capture* capture = &captures_.emplace_back();
    connections_.emplace_back([this, agent, capture] { Forward(agent, capture); });
  }
}

void RecordingRelay::Forward(int agent, Capture* capture) {
  const int backend = ConnectTo(backend_port_);
  while (backend >= 0) {
    pollfd waits[] = {{agent, POLLIN, 0}, {backend, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (poll(waits, 3, -1) < 0 || waits[2].revents != 0) break;
    if (waits[0].revents != 0 && !Move(agent, backend, &capture->to_backend)) break;
    if (waits[1].revents != 0 && !Move(backend, agent, &capture->to_agent)) break;
  }
  if (backend >= 0) close(backend);
  close(agent);
}

bool RecordingRelay::Move(int from, int to, std::string* record) {
  char buffer[16384];
  const ssize_t size = recv(from, buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  {
    const std::lock_guard lock(mutex_);
    record->append(buffer, static_cast<size_t>(size));
  }
  return SendAll(to, buffer, static_cast<size_t>(size));
}

std::string TlsFlaw(const std::string& bytes) {
  constexpr size_t kHeader = 5;
  constexpr size_t kMaxRecord = (size_t{1} << 14) + 256;
  size_t at = 0;
  while (at + kHeader <= bytes.size()) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[at + i]); };
    const int type = byte(0);  // RFC 8446, section 5.1
    const size_t size = size_t{byte(3)} * 256 + byte(4);
    if (at == 0 && type != 0x16) return absl::StrCat("the first record has type ", type, ", not handshake");
    if (type < 0x14 || type > 0x17) return absl::StrCat("record at ", at, " has type ", type);
    if (byte(1) != 3) return absl::StrCat("record at ", at, " has version ", byte(1), ".", byte(2));
    if (size == 0 || size > kMaxRecord) return absl::StrCat("record at ", at, " has ", size, " bytes");
    at += kHeader + size;
  }
  return at == 0 ? "no record" : "";
}

}  // namespace rollcall

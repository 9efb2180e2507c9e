#include "platform/testing/loopback_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "platform/testing/sockets.h"

namespace rollcall {
namespace {

// Moves what is there; false when there is no more to come.
bool Move(int from, int to, const LoopbackServer::Passed& passed) {
  char buffer[16384];
  const ssize_t size = ::recv(from, buffer, sizeof(buffer), 0);
  if (size <= 0) return false;
  const absl::string_view bytes(buffer, static_cast<size_t>(size));
  if (passed) passed(bytes);
  return SendAll(to, bytes);
}

}  // namespace

LoopbackServer::LoopbackServer(Serve serve)
    : serve_(std::move(serve)), listener_(BindTestSocket({})), port_(PortOf(listener_)) {
  int pipe_ends[2] = {-1, -1};
  if (port_ == 0 || ::pipe2(pipe_ends, O_CLOEXEC) != 0) {
    std::perror("cannot listen on loopback");
    std::abort();
  }
  stop_read_ = ScopedFd(pipe_ends[0]);
  stop_write_ = ScopedFd(pipe_ends[1]);
  acceptor_ = std::thread([this] { Accept(); });
}

LoopbackServer::~LoopbackServer() {
  stop_write_.Reset();  // wakes every poll
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
}

bool LoopbackServer::WaitToRead(int fd) const {
  pollfd waits[] = {{fd, POLLIN, 0}, {stop_read_.get(), POLLIN, 0}};
  return ::poll(waits, 2, -1) >= 0 && waits[1].revents == 0;
}

void LoopbackServer::Accept() {
  while (WaitToRead(listener_.get())) {
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    connections_.emplace_back([this, client] {
      const ScopedFd owned(client);
      serve_(*this, client);
    });
  }
}

void LoopbackServer::Tunnel(int client, int other, const Passed& to_other, const Passed& to_client) const {
  while (true) {
    pollfd waits[] = {{client, POLLIN, 0}, {other, POLLIN, 0}, {stop_read_.get(), POLLIN, 0}};
    if (::poll(waits, 3, -1) < 0 || waits[2].revents != 0) return;
    if (waits[0].revents != 0 && !Move(client, other, to_other)) return;
    if (waits[1].revents != 0 && !Move(other, client, to_client)) return;
  }
}

ScopedFd ConnectToLoopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  ScopedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fd.Reset();
  return fd;
}

bool SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace rollcall

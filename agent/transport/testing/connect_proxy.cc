#include "agent/transport/testing/connect_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr size_t kMaxHead = 8192;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void Say(int fd, absl::string_view text) {
  EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

// Port of `CONNECT 127.0.0.1:PORT HTTP/1.x`; 0 for anything else.
int PortOf(absl::string_view head) {
  int port = 0;
  const std::vector<absl::string_view> words = absl::StrSplit(head.substr(0, head.find('\r')), ' ');
  const absl::string_view host = "127.0.0.1:";
  const bool connect = words.size() == 3 && words[0] == "CONNECT" && absl::StartsWith(words[1], host);
  return connect && absl::SimpleAtoi(words[1].substr(host.size()), &port) ? port : 0;
}

// Moves what is there; false when there is no more to come.
bool Move(int from, int to) {
  char buffer[16384];
  const ssize_t size = recv(from, buffer, sizeof(buffer), 0);
  for (ssize_t sent = 0; sent < size;) {
    const ssize_t more = send(to, buffer + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  return size > 0;
}

}  // namespace

ConnectProxy::ConnectProxy(std::string authorization) : authorization_(std::move(authorization)) {
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

ConnectProxy::~ConnectProxy() {
  close(stop_write_);  // wakes every poll
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  close(stop_read_);
  close(listener_);
}

std::vector<std::string> ConnectProxy::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ConnectProxy::Accept() {
  while (true) {
    pollfd waits[] = {{listener_, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 || waits[1].revents != 0) return;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) connections_.emplace_back([this, client] { Serve(client); });
  }
}

std::string ConnectProxy::ReadHead(int client) const {
  std::string head;
  while (!absl::EndsWith(head, "\r\n\r\n") && head.size() < kMaxHead) {
    pollfd waits[] = {{client, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    char c = 0;
    if (poll(waits, 2, -1) < 0 || waits[1].revents != 0 || recv(client, &c, 1, 0) != 1) return "";
    head += c;
  }
  return head;
}

void ConnectProxy::Serve(int client) {
  const std::string head = ReadHead(client);
  {
    const std::lock_guard lock(mutex_);
    if (!head.empty()) requests_.push_back(head);
  }
  const sockaddr_in address = Loopback(PortOf(head));
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (head.empty()) {
    // The client went away, or the test ends.
  } else if (!authorization_.empty() &&
             !absl::StrContains(head, "\r\nProxy-Authorization:" + authorization_ + "\r\n") &&
             !absl::StrContains(head, "\r\nProxy-Authorization: " + authorization_ + "\r\n")) {
    Say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\n\r\n");
  } else if (address.sin_port == 0 ||
             connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    Say(client, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
  } else {
    Say(client, "HTTP/1.1 200 Connection established\r\n\r\n");
    Tunnel(client, server);
  }
  close(server);
  close(client);
}

void ConnectProxy::Tunnel(int client, int server) const {
  while (true) {
    pollfd waits[] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {stop_read_, POLLIN, 0}};
    if (poll(waits, 3, -1) < 0 || waits[2].revents != 0) return;
    if (waits[0].revents != 0 && !Move(client, server)) return;
    if (waits[1].revents != 0 && !Move(server, client)) return;
  }
}

}  // namespace rollcall

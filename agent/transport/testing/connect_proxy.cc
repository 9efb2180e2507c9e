#include "agent/transport/testing/connect_proxy.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr size_t kMaxHead = 8192;

void Say(int fd, absl::string_view text) { EXPECT_TRUE(SendAll(fd, text)); }

// Port of `CONNECT 127.0.0.1:PORT HTTP/1.x`; 0 for anything else.
int PortOf(absl::string_view head) {
  int port = 0;
  const std::vector<absl::string_view> words = absl::StrSplit(head.substr(0, head.find('\r')), ' ');
  const absl::string_view host = "127.0.0.1:";
  const bool connect = words.size() == 3 && words[0] == "CONNECT" && absl::StartsWith(words[1], host);
  return connect && absl::SimpleAtoi(words[1].substr(host.size()), &port) ? port : 0;
}

// The request's head, up to and with the empty line; empty if none came.
std::string ReadHead(const LoopbackServer& server, int client) {
  std::string head;
  while (!absl::EndsWith(head, "\r\n\r\n") && head.size() < kMaxHead) {
    char c = 0;
    if (!server.WaitToRead(client) || ::recv(client, &c, 1, 0) != 1) return "";
    head += c;
  }
  return head;
}

}  // namespace

ConnectProxy::ConnectProxy(std::string authorization)
    : authorization_(std::move(authorization)),
      server_([this](const LoopbackServer& server, int client) { Serve(server, client); }) {}

std::vector<std::string> ConnectProxy::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ConnectProxy::Serve(const LoopbackServer& server, int client) {
  const std::string head = ReadHead(server, client);
  {
    const std::lock_guard lock(mutex_);
    if (!head.empty()) requests_.push_back(head);
  }
  const int port = PortOf(head);
  if (head.empty()) {
    // The client went away, or the test ends.
  } else if (!authorization_.empty() &&
             !absl::StrContains(head, "\r\nProxy-Authorization:" + authorization_ + "\r\n") &&
             !absl::StrContains(head, "\r\nProxy-Authorization: " + authorization_ + "\r\n")) {
    Say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\n\r\n");
  } else if (const ScopedFd backend = ConnectToLoopback(port); port == 0 || !backend.valid()) {
    Say(client, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
  } else {
    Say(client, "HTTP/1.1 200 Connection established\r\n\r\n");
    server.Tunnel(client, backend.get());
  }
}

}  // namespace rollcall

// Sockets for tests that look for them.
#ifndef ROLLCALL_PLATFORM_TESTING_SOCKETS_H_
#define ROLLCALL_PLATFORM_TESTING_SOCKETS_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "platform/scoped_fd.h"

namespace rollcall {

struct TestSocketOptions {
  int type = SOCK_STREAM;
  // Textual IPv4 or IPv6 address; the family follows from it.
  std::string address = "127.0.0.1";
  // 0 lets the kernel choose.
  uint16_t port = 0;
  bool v6only = true;
  bool reuse_port = false;
  int backlog = 16;
};

// A bound, and for SOCK_STREAM listening, socket. Invalid if anything failed.
inline ScopedFd BindTestSocket(const TestSocketOptions& options) {
  const bool ipv6 = options.address.find(':') != std::string::npos;
  ScopedFd fd(::socket(ipv6 ? AF_INET6 : AF_INET, options.type | SOCK_CLOEXEC, 0));
  const int on = 1;
  const int v6only = options.v6only ? 1 : 0;
  if (options.reuse_port) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  if (ipv6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(options.port);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(options.port);
  ::inet_pton(AF_INET, options.address.c_str(), &v4.sin_addr);
  ::inet_pton(AF_INET6, options.address.c_str(), &v6.sin6_addr);
  const auto* address = ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const socklen_t size = ipv6 ? sizeof(v6) : sizeof(v4);
  if (::bind(fd.get(), address, size) != 0) return ScopedFd();
  if (options.type == SOCK_STREAM && ::listen(fd.get(), options.backlog) != 0) return ScopedFd();
  return fd;
}

// A listening unix socket. A name that begins with `@` is abstract.
inline ScopedFd ListenOnUnixSocket(const std::string& name, int type = SOCK_STREAM) {
  ScopedFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof(address.sun_path)) return ScopedFd();
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return ScopedFd();
  if (::listen(fd.get(), 16) != 0) return ScopedFd();
  return fd;
}

// Port the kernel chose for a socket of either family; 0 if none.
inline uint16_t PortOf(const ScopedFd& fd) {
  sockaddr_in6 address = {};
  socklen_t size = sizeof(address);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin6_port);  // at the same place in sockaddr_in
}

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_SOCKETS_H_

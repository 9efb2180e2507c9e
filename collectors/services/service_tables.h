// Tables of one service a line: inittab(5), inetd.conf(5), and ld.so.preload of ld.so(8).
#ifndef ROLLCALL_COLLECTORS_SERVICES_SERVICE_TABLES_H_
#define ROLLCALL_COLLECTORS_SERVICES_SERVICE_TABLES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Entries kept of one table, and problems told of one.
inline constexpr size_t kMaxTableEntries = 5'000;
inline constexpr size_t kMaxTableProblems = 20;
// Longest line.
inline constexpr size_t kMaxTableLineBytes = 16 << 10;

template <typename Entry>
struct ServiceTable {
  // In file order.
  std::vector<Entry> entries;
  // What was wrong, as `line N: ...` without the line's text.
  std::vector<absl::Status> problems;
};

// `id:runlevels:action:process`. The id is empty, and may be a terminal, in BusyBox's dialect.
struct InittabEntry {
  std::string id;
  std::string runlevels;
  std::string action;
  std::string process;

  friend bool operator==(const InittabEntry&, const InittabEntry&) = default;
};

// Blank lines, comments and the initial runlevel (`initdefault`) are no entries. Pure.
ServiceTable<InittabEntry> ParseInittab(absl::string_view text);

// `[address:]service type protocol wait user[.group] program arguments`.
struct InetdEntry {
  // Of the address and service, the way they are written.
  std::string service;
  std::string socket_type;
  std::string protocol;
  // `wait` or `nowait`, with a limit perhaps.
  std::string wait;
  std::string user;
  std::string group;
  // `internal` for what inetd answers itself.
  std::string program;
  // The argument vector, argv[0] included: for a wrapper such as tcpd(8) it is the program.
  std::string arguments;
  // A line that update-inetd(8) turned off: `#<off># ...`.
  bool off = false;

  friend bool operator==(const InetdEntry&, const InetdEntry&) = default;
};

// Pure.
ServiceTable<InetdEntry> ParseInetd(absl::string_view text);

// Libraries the dynamic loader loads into every program, in order. White space and colons divide
// them; a `#` starts a comment. Pure.
std::vector<std::string> ParseLdSoPreload(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_SERVICE_TABLES_H_

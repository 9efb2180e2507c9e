#include "collectors/ports/namespace_sockets.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/proc_net.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;

// Members tried before a namespace counts as ended.
constexpr size_t kMaxMembersTried = 8;
// A table of 200,000 connections.
constexpr size_t kMaxTableBytes = size_t{32} << 20;
constexpr size_t kMaxInterfaceTableBytes = size_t{1} << 20;
// Where ip-netns(8) and Docker keep namespaces by name.
constexpr absl::string_view kNamedFolders[] = {"/run/netns", "/run/docker/netns"};

struct Table {
  const char* name;
  Protocol protocol;
  bool ipv6;
  // A host may be without IPv6 and, like the kernels of some sandboxes, without unix sockets.
  bool optional;
};
constexpr Table kTables[] = {{"tcp", Protocol::kTcp, false, false},
                             {"tcp6", Protocol::kTcp, true, true},
                             {"udp", Protocol::kUdp, false, true},
                             {"udp6", Protocol::kUdp, true, true},
                             {"unix", Protocol::kUnixStream, false, true}};

void Append(std::vector<ListeningSocket> from, std::vector<ListeningSocket>* to) {
  if (to->empty()) {
    *to = std::move(from);
    return;
  }
  to->insert(to->end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void Take(ProcNetTable table, const std::string& path, bool truncated, std::vector<ListeningSocket>* out,
          RunReport& report) {
  Append(std::move(table.sockets), out);
  if (table.malformed > 0) {
    const std::string more = table.malformed > 1 ? absl::StrCat(" (and ", table.malformed - 1, " more)") : "";
    report.AddProblem(path, absl::DataLossError(absl::StrCat("parse ", path, ": ", table.first_malformed, more)));
  }
  if (truncated) {
    report.AddProblem(path, absl::ResourceExhaustedError(
                                absl::StrCat("read ", path, ": larger than ", kMaxTableBytes >> 20, " MiB")));
  }
}

void ReportProblems(const SocketTable& table, RunReport& report) {
  for (const absl::Status& problem : table.problems) report.AddProblem("netlink:sock_diag", problem);
}

}  // namespace

std::vector<ListeningSocket> NamespaceSockets::Read(const NetworkNamespace& ns, RunReport& report) const {
  std::vector<ListeningSocket> sockets;
  const size_t tries = std::min(ns.members.size(), kMaxMembersTried);
  bool ask_kernel = kernel_ != nullptr;
  for (size_t i = 0; i < tries; ++i) {
    Outcome outcome = ask_kernel ? ReadKernel(ns.members[i], ns, &sockets, report) : Outcome::kNotAllowed;
    if (outcome == Outcome::kNotAllowed) {
      ask_kernel = false;
      outcome = ReadProc(ns.members[i], ns, &sockets, report);
    }
    if (outcome == Outcome::kDone) break;
  }
  return sockets;
}

NamespaceSockets::Outcome NamespaceSockets::ReadKernel(uint32_t pid, const NetworkNamespace& ns,
                                                       std::vector<ListeningSocket>* out, RunReport& report) const {
  absl::StatusOr<SocketTable> table = kernel_->Listening(pid);
  if (absl::IsNotFound(table.status())) return Outcome::kMemberGone;
  if (absl::IsPermissionDenied(table.status()) || absl::IsUnimplemented(table.status())) return Outcome::kNotAllowed;
  if (!table.ok()) {
    report.AddProblem("netlink:sock_diag", table.status());
    return Outcome::kNotAllowed;
  }
  // The member may have moved to another namespace, and the pid may be another process's.
  if (ns.inode != 0 && table->namespace_inode != ns.inode) return Outcome::kMemberGone;
  ReportProblems(*table, report);
  Append(std::move(table->sockets), out);
  if (table->without_sctp) ReadSctp(pid, out, report);
  return Outcome::kDone;
}

NamespaceSockets::Outcome NamespaceSockets::ReadProc(uint32_t pid, const NetworkNamespace& ns,
                                                     std::vector<ListeningSocket>* out, RunReport& report) const {
  std::vector<ListeningSocket> sockets;
  for (const Table& what : kTables) {
    const std::string path = absl::StrCat("/proc/", pid, "/net/", what.name);
    bool truncated = false;
    const absl::StatusOr<std::string> content = files_.ReadPrefix(path, kMaxTableBytes, &truncated);
    if (absl::IsNotFound(content.status()) && !what.optional) return Outcome::kMemberGone;
    if (absl::IsNotFound(content.status())) continue;
    if (!content.ok()) {
      report.AddProblem(path, content.status());
      continue;
    }
    Take(what.protocol == Protocol::kUnixStream ? ParseProcNetUnix(*content)
                                                : ParseProcNetInet(*content, what.protocol, what.ipv6),
         path, truncated, &sockets, report);
  }
  ReadSctp(pid, &sockets, report);
  if (ns.inode != 0) {
    const absl::StatusOr<std::string> link = files_.ReadLink(absl::StrCat("/proc/", pid, "/ns/net"));
    const bool moved = link.ok() ? InodeInLink(*link, "net") != ns.inode : absl::IsNotFound(link.status());
    if (moved) return Outcome::kMemberGone;
  }
  Append(std::move(sockets), out);
  return Outcome::kDone;
}

void NamespaceSockets::ReadSctp(uint32_t pid, std::vector<ListeningSocket>* out, RunReport& report) const {
  const std::string path = absl::StrCat("/proc/", pid, "/net/sctp/eps");
  bool truncated = false;
  const absl::StatusOr<std::string> content = files_.ReadPrefix(path, kMaxTableBytes, &truncated);
  if (absl::IsNotFound(content.status())) return;  // no SCTP in this kernel
  if (!content.ok()) {
    report.AddProblem(path, content.status());
    return;
  }
  Take(ParseProcNetSctpEndpoints(*content), path, truncated, out, report);
}

std::vector<NamespaceSockets::Named> NamespaceSockets::ReadNamed(std::unordered_set<uint64_t> seen,
                                                                 RunReport& report) const {
  std::vector<Named> out;
  if (kernel_ == nullptr) return out;
  for (const absl::string_view folder : kNamedFolders) {
    const absl::StatusOr<std::vector<DirectoryEntry>> names = files_.List(folder);
    if (!names.ok()) continue;  // seldom there
    for (const DirectoryEntry& name : *names) {
      const std::string path = absl::StrCat(folder, "/", name.name);
      const absl::StatusOr<FileInfo> info = files_.Stat(path);
      if (!info.ok() || !seen.insert(info->inode).second) continue;
      const absl::StatusOr<ScopedFd> fd = files_.Open(path);
      absl::StatusOr<SocketTable> table = fd.ok() ? kernel_->ListeningIn(fd->get()) : fd.status();
      if (table.ok()) {
        ReportProblems(*table, report);
        out.push_back({table->namespace_inode, std::move(table->sockets)});
      } else if (absl::IsPermissionDenied(table.status())) {
        report.AddDegradation(path, table.status(), "give the agent CAP_SYS_ADMIN, or ignore: no process is in it");
      } else if (!absl::IsInvalidArgument(table.status()) && !absl::IsNotFound(table.status())) {
        report.AddProblem(path, table.status());  // InvalidArgument: not a namespace, as after `ip netns add` failed
      }
    }
  }
  return out;
}

std::map<uint32_t, std::string> NamespaceSockets::InterfaceNames(const NetworkNamespace& ns) const {
  std::map<uint32_t, std::string> names;
  if (ns.is_host) {  // sysfs shows the interfaces of the namespace it was mounted in
    const absl::StatusOr<std::vector<DirectoryEntry>> interfaces = files_.List("/sys/class/net");
    for (const DirectoryEntry& entry : interfaces.ok() ? *interfaces : std::vector<DirectoryEntry>()) {
      uint32_t index = 0;
      const auto text = files_.ReadFile(absl::StrCat("/sys/class/net/", entry.name, "/ifindex"), 64);
      if (text.ok() && absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &index)) names.emplace(index, entry.name);
    }
  }
  for (size_t i = 0; i < std::min(ns.members.size(), kMaxMembersTried); ++i) {
    const std::string folder = absl::StrCat("/proc/", ns.members[i], "/net/");
    const absl::StatusOr<std::string> igmp = files_.ReadFile(folder + "igmp", kMaxInterfaceTableBytes);
    const absl::StatusOr<std::string> if_inet6 = files_.ReadFile(folder + "if_inet6", kMaxInterfaceTableBytes);
    if (igmp.ok()) ParseProcNetIgmp(*igmp, &names);
    if (if_inet6.ok()) ParseProcNetIfInet6(*if_inet6, &names);
    if (igmp.ok() || if_inet6.ok()) break;
  }
  return names;
}

}  // namespace rollcall

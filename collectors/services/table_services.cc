#include "collectors/services/table_services.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/services/service_tables.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using Service = pb::StartupService;

constexpr char kInittab[] = "/etc/inittab";
constexpr char kPreload[] = "/etc/ld.so.preload";

absl::string_view FirstWord(absl::string_view text) { return text.substr(0, text.find_first_of(" \t")); }

std::string InittabName(const InittabEntry& entry) {
  if (!entry.id.empty()) return ToRecordText(entry.id);
  return ToRecordText(absl::StrCat(entry.action, ":", FirstWord(entry.process)));
}

void AddInetdFile(ServiceScan& scan, const std::string& path) {
  const std::optional<std::string> text = scan.Read(path);
  if (!text) return;
  scan.NotePresence();
  const ServiceTable<InetdEntry> table = ParseInetd(*text);
  scan.AddProblems(path, table.problems);
  for (const InetdEntry& entry : table.entries) {
    Service service;
    service.set_manager(Service::INETD);
    service.set_name(ToRecordText(absl::StrCat(entry.service, "/", entry.protocol)));
    ServiceScan::SetFile(path, *text, &service);
    service.set_enabled(entry.off ? Service::DISABLED : Service::ENABLED);
    service.set_type(ToRecordText(entry.wait));
    service.set_user(ToRecordText(entry.user));
    service.set_group(ToRecordText(entry.group));
    service.add_listens(service.name());
    if (entry.program != "internal") {
      service.set_executable(ToRecordText(entry.program));
      service.add_exec_start(
          ToRecordText(absl::StrCat(entry.program, entry.arguments.empty() ? "" : " ", entry.arguments)));
    }
    scan.Add(std::move(service));
  }
}

void AddProfile(ServiceScan& scan, const std::string& path) {
  const std::optional<std::string> text = scan.Read(path);
  if (!text) return;
  scan.NotePresence();
  Service service;
  service.set_manager(Service::PROFILE);
  service.set_name(ToRecordText(path));
  ServiceScan::SetFile(path, *text, &service);
  service.set_enabled(Service::ENABLED);
  scan.Add(std::move(service));
}

}  // namespace

void AddInittab(ServiceScan& scan) {
  const std::optional<std::string> text = scan.Read(kInittab);
  if (!text) return;
  scan.NotePresence();
  const ServiceTable<InittabEntry> table = ParseInittab(*text);
  scan.AddProblems(kInittab, table.problems);
  std::map<std::string, Service> by_name;
  for (const InittabEntry& entry : table.entries) {
    const auto [named, is_new] = by_name.emplace(InittabName(entry), Service());
    Service& service = named->second;
    service.add_exec_start(ToRecordText(entry.process));
    if (!is_new) continue;
    service.set_manager(Service::INITTAB);
    service.set_name(named->first);
    ServiceScan::SetFile(kInittab, *text, &service);
    service.set_type(ToRecordText(entry.action));
    if (entry.action == "respawn") service.set_restart("respawn");
    service.set_enabled(entry.action == "off" ? Service::DISABLED : Service::ENABLED);
    service.set_executable(ToRecordText(FirstWord(entry.process)));
    for (const char level : entry.runlevels) service.add_wanted_by(ToRecordText(absl::string_view(&level, 1)));
  }
  for (auto& [name, service] : by_name) scan.Add(std::move(service));
}

void AddInetd(ServiceScan& scan) {
  constexpr absl::string_view kFolder = "/etc/inetd.d";
  AddInetdFile(scan, "/etc/inetd.conf");
  for (const DirectoryEntry& entry : scan.List(std::string(kFolder))) {
    if (entry.type != FileInfo::Type::kDirectory && !absl::StartsWith(entry.name, ".")) {
      AddInetdFile(scan, absl::StrCat(kFolder, "/", entry.name));
    }
  }
}

void AddPreloads(ServiceScan& scan) {
  const std::optional<std::string> text = scan.Read(kPreload);
  if (!text) return;
  scan.NotePresence();
  std::set<std::string> seen;
  for (const std::string& library : ParseLdSoPreload(*text)) {
    if (!seen.insert(library).second) continue;
    Service service;
    service.set_manager(Service::LD_SO_PRELOAD);
    service.set_name(ToRecordText(library));
    ServiceScan::SetFile(kPreload, *text, &service);
    service.set_executable(ToRecordText(library));
    service.set_enabled(Service::ENABLED);
    scan.Add(std::move(service));
  }
}

void AddProfiles(ServiceScan& scan) {
  constexpr std::array<absl::string_view, 14> kFiles = {
      "/etc/profile",   "/etc/bash.bashrc", "/etc/bashrc",     "/etc/bash.bash_logout",
      "/etc/csh.cshrc", "/etc/csh.login",   "/etc/zshenv",     "/etc/zprofile",
      "/etc/zshrc",     "/etc/zlogin",      "/etc/zsh/zshenv", "/etc/zsh/zprofile",
      "/etc/zsh/zshrc", "/etc/zsh/zlogin"};
  for (const absl::string_view path : kFiles) AddProfile(scan, std::string(path));
  constexpr absl::string_view kFolder = "/etc/profile.d";
  for (const DirectoryEntry& entry : scan.List(std::string(kFolder))) {
    if (entry.type == FileInfo::Type::kDirectory) continue;
    // Only these are read; see /etc/profile and /etc/csh.login.
    if (absl::EndsWith(entry.name, ".sh") || absl::EndsWith(entry.name, ".csh")) {
      AddProfile(scan, absl::StrCat(kFolder, "/", entry.name));
    }
  }
}

}  // namespace rollcall

#include "collectors/accounts/account_sources.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collectors/accounts/name_sources.h"
#include "collectors/accounts/sudoers_reader.h"

namespace rollcall {
namespace {

constexpr absl::string_view kPasswd = "/etc/passwd";
constexpr absl::string_view kGroup = "/etc/group";
constexpr absl::string_view kShadow = "/etc/shadow";
constexpr absl::string_view kGroupShadow = "/etc/gshadow";
constexpr absl::string_view kMountInfo = "/proc/1/mountinfo";

constexpr absl::string_view kReadRemedy = "run the agent as root or with CAP_DAC_READ_SEARCH";
constexpr absl::string_view kRepairRemedy = "repair the line; pwck(8) and grpck(8) name it";

absl::Status InFile(absl::string_view path, const absl::Status& problem) {
  return absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message()));
}

template <typename Entry>
void ReportEntries(absl::string_view path, const AccountFile<Entry>& file, RunReport& report) {
  for (const absl::Status& problem : file.problems) report.AddProblem(path, InFile(path, problem), kRepairRemedy);
  if (file.name_service_lines == 0) return;
  report.AddDegradation(path,
                        absl::UnimplementedError(absl::StrCat("parse ", path, ": ", file.name_service_lines,
                                                              " lines name accounts of a name service (`+`, `-`)")),
                        "none needed: accounts that are not in the host's own files are not listed");
}

absl::Status ReadUsers(const FileTree& files, RunReport& report, AccountSources* sources) {
  const auto text = files.ReadFile(kPasswd, kMaxFileBytes);
  if (absl::IsNotFound(text.status())) return absl::UnimplementedError("read /etc/passwd: not there");
  if (!text.ok()) return text.status();
  AccountFile<PasswdEntry> file = ParsePasswd(*text);
  ReportEntries(kPasswd, file, report);
  // Every host has a root account: this is a file that is being written, or none at all.
  if (file.entries.empty()) return absl::DataLossError("parse /etc/passwd: no account in it");
  sources->users = std::move(file.entries);
  return absl::OkStatus();
}

void ReadGroups(const FileTree& files, RunReport& report, AccountSources* sources) {
  const auto text = files.ReadFile(kGroup, kMaxFileBytes);
  sources->groups_known = text.ok() || absl::IsNotFound(text.status());
  if (!text.ok()) {
    if (!sources->groups_known) report.AddProblem(kGroup, text.status(), kReadRemedy);
    return;
  }
  AccountFile<GroupEntry> file = ParseGroup(*text);
  ReportEntries(kGroup, file, report);
  sources->groups = std::move(file.entries);
}

// A file that is not there has no entries: no password is set in it.
template <typename Entry>
std::optional<std::map<std::string, Entry>> ReadShadow(const FileTree& files, absl::string_view path,
                                                       ShadowFile<Entry> (*parse)(absl::string_view),
                                                       RunReport& report) {
  std::map<std::string, Entry> entries;
  const auto text = files.ReadFile(path, kMaxFileBytes);
  if (absl::IsNotFound(text.status())) return entries;
  if (!text.ok()) {
    report.AddDegradation(path, text.status(), kReadRemedy);
    return std::nullopt;
  }
  ShadowFile<Entry> file = parse(*text);
  for (const absl::Status& problem : file.problems) report.AddDegradation(path, InFile(path, problem), kRepairRemedy);
  for (Entry& entry : file.entries) {
    std::string name = entry.name;
    entries.emplace(std::move(name), std::move(entry));
  }
  return entries;
}

std::string HostName(const FileTree& files) {
  constexpr size_t kMaxBytes = 4096;
  for (const absl::string_view path : {"/proc/sys/kernel/hostname", "/etc/hostname"}) {
    const auto text = files.ReadFile(path, kMaxBytes);
    if (!text.ok()) continue;
    const absl::string_view name = absl::StripAsciiWhitespace(*text);
    if (!name.empty() && name[0] != '#') return std::string(name.substr(0, name.find('\n')));
  }
  return "";
}

void ReadSudo(const FileTree& files, RunReport& report, AccountSources* sources) {
  const std::string host = HostName(files);
  SudoersTree tree = ReadSudoers(files, absl::string_view(host).substr(0, host.find('.')));
  for (const SudoersProblem& problem : tree.problems) {
    const bool denied = absl::IsPermissionDenied(problem.status);
    report.AddDegradation(problem.path, problem.status, denied ? kReadRemedy : "check the file with visudo -c");
  }
  sources->sudo.emplace(std::move(tree.merged), host);
  sources->sudo_incomplete = tree.incomplete;
  for (const std::string& source : sources->sudo->sources_with_netgroups()) {
    sources->sudo_incomplete = true;
    report.AddDegradation(
        source.substr(0, source.rfind(':')),
        absl::UnimplementedError(absl::StrCat("apply ", source, ": names a netgroup or non-Unix group")),
        "none needed: their members are known to the name service only");
  }
  if (!sources->sudo->cut()) return;
  sources->sudo_incomplete = true;
  report.AddDegradation("/etc/sudoers", absl::ResourceExhaustedError("apply sudoers: a list has too many members"),
                        "shorten the aliases");
}

void ReadKeySettings(const FileTree& files, RunReport& report, AccountSources* sources) {
  sources->key_locations = ReadKeyLocations(files);
  const KeyLocations& locations = sources->key_locations;
  for (const SshdConfigProblem& problem : locations.problems) {
    const bool wildcard = absl::IsUnimplemented(problem.status);
    report.AddDegradation(problem.path, problem.status, wildcard ? "name the folder in full" : kReadRemedy);
  }
  constexpr absl::string_view kConfig = "/etc/ssh/sshd_config";
  bool command = locations.command;
  bool unknown = false;
  for (const KeyBlock& block : locations.blocks) {
    command = command || block.command == true;
    for (const SshdMatch& condition : block.conditions) unknown = unknown || condition.unknown;
  }
  if (command) {
    report.AddDegradation(kConfig, absl::UnimplementedError("read keys: AuthorizedKeysCommand is a program"),
                          "none needed: the keys it gives are not listed");
  }
  if (unknown) {
    report.AddDegradation(kConfig, absl::UnimplementedError("read keys: set by a Match block for some connections"),
                          "none needed: keys in files that only such a block names are not listed");
  }
  const auto mounts = files.ReadFile(kMountInfo, kMaxFileBytes);
  if (mounts.ok()) sources->remote_mounts = RemoteMounts(*mounts);
}

void ReportNameSources(const FileTree& files, RunReport& report) {
  for (const absl::string_view path : {"/etc/nsswitch.conf", "/usr/etc/nsswitch.conf"}) {
    const auto text = files.ReadFile(path, kMaxFileBytes);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) report.AddDegradation(path, text.status(), kReadRemedy);
    for (const auto& [database, services] : OtherNameSources(text.ok() ? *text : "")) {
      report.AddDegradation(
          path,
          absl::UnimplementedError(absl::StrCat("read ", database, " of ", absl::StrJoin(services, ", "),
                                                ": only the host's own files are read")),
          "none needed: name services are never enumerated");
    }
    return;
  }
}

}  // namespace

absl::Status ReadAccountSources(const FileTree& files, RunReport& report, AccountSources* sources) {
  if (absl::Status status = ReadUsers(files, report, sources); !status.ok()) return status;
  ReadGroups(files, report, sources);
  sources->shadow = ReadShadow<ShadowEntry>(files, kShadow, ParseShadow, report);
  sources->group_shadow = ReadShadow<GroupShadowEntry>(files, kGroupShadow, ParseGroupShadow, report);
  ReadSudo(files, report, sources);
  ReadKeySettings(files, report, sources);
  ReportNameSources(files, report);
  return absl::OkStatus();
}

}  // namespace rollcall

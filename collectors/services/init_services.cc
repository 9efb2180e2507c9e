#include "collectors/services/init_services.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/services/init_script.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using Service = pb::StartupService;

constexpr std::array<absl::string_view, 2> kScriptFolders = {"/etc/init.d", "/etc/rc.d/init.d"};
// Above the rcN.d folders.
constexpr std::array<absl::string_view, 3> kRunlevelParents = {"/etc", "/etc/rc.d", "/etc/init.d"};
constexpr std::array<absl::string_view, 9> kRunlevels = {"0", "1", "2", "3", "4", "5", "6", "S", "boot"};
constexpr absl::string_view kOpenRcRunlevels = "/etc/runlevels";
constexpr uint32_t kExecutable = 0111;

// Runlevels by the name of the script they start.
using Runlevels = std::map<std::string, std::set<std::string>>;

// Parts of the init system, and what editors and package managers leave behind.
bool IsNoScript(absl::string_view name) {
  constexpr std::array<absl::string_view, 7> kParts = {"rc",        "rcS",          "README",    "skeleton",
                                                       "functions", "functions.sh", "boot.local"};
  constexpr std::array<absl::string_view, 8> kLeftovers = {"~",       ".bak",     ".orig",     ".rpmsave",
                                                           ".rpmnew", ".rpmorig", ".dpkg-new", ".dpkg-old"};
  return absl::StartsWith(name, ".") || absl::StrContains(name, ".dpkg-") ||
         std::find(kParts.begin(), kParts.end(), name) != kParts.end() ||
         std::any_of(kLeftovers.begin(), kLeftovers.end(),
                     [name](absl::string_view ending) { return absl::EndsWith(name, ending); });
}

// `S20ssh`: what it starts; empty for `K20ssh`, which stops, and for anything else.
absl::string_view StartedBy(absl::string_view name) {
  const auto digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (name.size() < 4 || name[0] != 'S' || !digit(name[1]) || !digit(name[2])) return "";
  return name.substr(3);
}

bool IsExecutable(const FileTree& files, const std::string& path) {
  const absl::StatusOr<FileInfo> info = files.Stat(path);
  return info.ok() && (info->mode & kExecutable) != 0;
}

class InitScripts {
 public:
  InitScripts(ServiceScan& scan, const UnitSet& units) : scan_(scan), units_(units) {}

  absl::Status Add() {
    for (const absl::string_view parent : kRunlevelParents) {
      const absl::StatusOr<FileInfo> info = scan_.files().Stat(parent);
      if (info.ok() && info->type != FileInfo::Type::kDirectory) continue;
      for (const absl::string_view level : kRunlevels) ReadRunlevel(parent, level);
    }
    ReadOpenRcRunlevels();
    for (const absl::string_view folder : kScriptFolders) {
      const std::string path(folder);
      if (!scan_.FirstVisit(path)) continue;
      for (const DirectoryEntry& entry : scan_.List(path)) {
        if (scan_.stopped()) return absl::CancelledError("read init scripts: stopped");
        if (entry.type == FileInfo::Type::kDirectory || IsNoScript(entry.name)) continue;
        AddScript(absl::StrCat(path, "/", entry.name), entry.name);
      }
    }
    return absl::OkStatus();
  }

 private:
  void ReadRunlevel(absl::string_view parent, absl::string_view level) {
    const std::string folder =
        level == "boot" ? absl::StrCat(parent, "/boot.d") : absl::StrCat(parent, "/rc", level, ".d");
    if (!scan_.FirstVisit(folder)) return;
    for (const DirectoryEntry& entry : scan_.List(folder)) {
      const absl::string_view started = StartedBy(entry.name);
      if (started.empty()) continue;
      const std::string path = absl::StrCat(folder, "/", entry.name);
      if (entry.type == FileInfo::Type::kRegular) {
        // Its path is its name: another runlevel may have a file of the same name.
        AddScript(path, path, level);
        continue;
      }
      const absl::StatusOr<std::string> target = scan_.files().ReadLink(path);
      // The script's name is where the link leads; its own is only for people.
      if (target.ok()) started_[target->substr(target->rfind('/') + 1)].insert(std::string(level));
    }
  }

  void ReadOpenRcRunlevels() {
    for (const DirectoryEntry& level : scan_.List(std::string(kOpenRcRunlevels))) {
      if (level.type != FileInfo::Type::kDirectory) continue;
      for (const DirectoryEntry& entry : scan_.List(absl::StrCat(kOpenRcRunlevels, "/", level.name))) {
        openrc_started_[entry.name].insert(ToRecordText(level.name));
      }
    }
  }

  // `own_level`: the runlevel of a script that lies in its folder.
  void AddScript(const std::string& path, const std::string& name, absl::string_view own_level = "") {
    const std::optional<std::string> text = scan_.Read(path);
    if (!text) return;
    const InitScript script = ParseInitScript(*text);
    std::set<std::string> levels = (script.openrc ? openrc_started_ : started_)[name];
    if (!own_level.empty()) levels.insert(std::string(own_level));
    const bool executable = IsExecutable(scan_.files(), path);
    // A text beside the scripts, such as functions they share.
    if (!executable && levels.empty() && !script.has_header && !script.openrc) return;
    scan_.NotePresence();
    Service service;
    service.set_manager(script.openrc ? Service::OPENRC : Service::SYSV);
    service.set_name(ToRecordText(name));
    service.set_description(ToRecordText(script.description));
    ServiceScan::SetFile(path, *text, &service);
    const bool starts = std::any_of(levels.begin(), levels.end(), [](const std::string& level) {
      return level != "0" && level != "6";  // halt and reboot
    });
    service.set_enabled(executable && starts ? Service::ENABLED : Service::DISABLED);
    for (const std::string& level : levels) service.add_wanted_by(level);
    for (const std::string& level : script.default_start) service.add_install_wanted_by(ToRecordText(level));
    if (script.openrc) {
      SetOpenRc(script, name, &service);
    } else {
      service.add_exec_start(ToRecordText(absl::StrCat(path, " start")));
      SetReplacedBy(name, &service);
    }
    AddDegradations(path, script);
    scan_.Add(std::move(service));
  }

  void SetOpenRc(const InitScript& script, const std::string& name, Service* service) {
    const auto value = [&script](absl::string_view variable) {
      const auto found = script.variables.find(variable);
      return found == script.variables.end() ? std::string() : ToRecordText(found->second);
    };
    const std::string command = value("command");
    service->set_executable(command);
    if (!command.empty()) {
      const std::string arguments = value("command_args");
      service->add_exec_start(absl::StrCat(command, arguments.empty() ? "" : " ", arguments));
    }
    const std::string user = value("command_user");  // `user:group`
    const size_t colon = user.find(':');
    service->set_user(user.substr(0, colon));
    if (colon != std::string::npos) service->set_group(user.substr(colon + 1));
    service->set_working_directory(value("directory"));
    std::string settings = absl::StrCat("/etc/conf.d/", name);
    if (scan_.files().Stat(settings).ok()) service->add_environment_files(ToRecordText(settings));
  }

  // systemd ignores a script of the name of a unit it has, unless the unit was made of the script.
  void SetReplacedBy(const std::string& name, Service* service) const {
    const Unit* unit = units_.Find(absl::StrCat(absl::StripSuffix(name, ".sh"), ".service"));
    if (unit == nullptr || unit->state == UnitFileState::kGenerated || unit->state == UnitFileState::kBad) return;
    service->set_replaced_by(unit->alias_of.empty() ? unit->name : unit->alias_of);
  }

  void AddDegradations(const std::string& path, const InitScript& script) {
    for (const absl::Status& problem : script.problems) {
      scan_.report().AddDegradation(path,
                                    absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message())),
                                    "repair the script");
    }
  }

  ServiceScan& scan_;
  const UnitSet& units_;
  Runlevels started_;
  Runlevels openrc_started_;
};

void AddLocalScript(ServiceScan& scan, const std::string& path) {
  const std::optional<std::string> text = scan.Read(path);
  if (!text) return;
  scan.NotePresence();
  Service service;
  service.set_manager(Service::RC_LOCAL);
  service.set_name(ToRecordText(path));
  ServiceScan::SetFile(path, *text, &service);
  for (const std::string& command : ScriptCommands(*text)) service.add_exec_start(ToRecordText(command));
  service.set_enabled(IsExecutable(scan.files(), path) ? Service::ENABLED : Service::DISABLED);
  scan.Add(std::move(service));
}

}  // namespace

absl::Status AddInitScripts(ServiceScan& scan, const UnitSet& units) { return InitScripts(scan, units).Add(); }

void AddLocalScripts(ServiceScan& scan) {
  // Distributions link one to another.
  constexpr std::array<absl::string_view, 3> kPaths = {"/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/boot.local"};
  for (const absl::string_view path : kPaths) {
    if (scan.FirstVisit(std::string(path))) AddLocalScript(scan, std::string(path));
  }
  constexpr absl::string_view kLocal = "/etc/local.d";
  for (const DirectoryEntry& entry : scan.List(std::string(kLocal))) {
    if (absl::EndsWith(entry.name, ".start")) AddLocalScript(scan, absl::StrCat(kLocal, "/", entry.name));
  }
}

}  // namespace rollcall

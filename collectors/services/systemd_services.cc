#include "collectors/services/systemd_services.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "platform/status_macros.h"
#include "platform/systemd/unit_name.h"
#include "platform/systemd/unit_words.h"

namespace rollcall {
namespace {

using Service = pb::StartupService;

// Types of units that start something of their own accord. Targets, mounts, slices and scopes
// start nothing; what they pull in is here.
constexpr std::array<absl::string_view, 4> kTypes = {"service", "socket", "path", "timer"};

// For all questions of one run.
constexpr absl::Duration kPatience = absl::Seconds(2);

using RunStates = std::unordered_map<std::string, UnitRunState>;

Service::Enabled EnabledOf(UnitFileState state) {
  switch (state) {
    case UnitFileState::kUnknown:
      return Service::ENABLED_UNSPECIFIED;
    case UnitFileState::kEnabled:
      return Service::ENABLED;
    case UnitFileState::kEnabledRuntime:
      return Service::ENABLED_RUNTIME;
    case UnitFileState::kLinked:
      return Service::LINKED;
    case UnitFileState::kLinkedRuntime:
      return Service::LINKED_RUNTIME;
    case UnitFileState::kAlias:
      return Service::ALIAS;
    case UnitFileState::kMasked:
      return Service::MASKED;
    case UnitFileState::kMaskedRuntime:
      return Service::MASKED_RUNTIME;
    case UnitFileState::kStatic:
      return Service::STATIC;
    case UnitFileState::kDisabled:
      return Service::DISABLED;
    case UnitFileState::kIndirect:
      return Service::INDIRECT;
    case UnitFileState::kGenerated:
      return Service::GENERATED;
    case UnitFileState::kTransient:
      return Service::TRANSIENT;
    case UnitFileState::kBad:
      return Service::BAD;
  }
  return Service::ENABLED_UNSPECIFIED;
}

// The section of the unit's own type, such as `Service`.
absl::string_view SectionOf(absl::string_view type) {
  if (type == "socket") return "Socket";
  if (type == "path") return "Path";
  if (type == "timer") return "Timer";
  return "Service";
}

void SetCommands(const Unit& unit, absl::string_view section, Service* service) {
  constexpr std::array<absl::string_view, 6> kOther = {"ExecCondition", "ExecStartPre", "ExecStartPost",
                                                       "ExecReload",    "ExecStop",     "ExecStopPost"};
  for (const absl::string_view command : unit.Values(section, "ExecStart")) {
    service->add_exec_start(ToRecordText(command));
    if (!service->executable().empty()) continue;
    const UnitCommands commands = SplitUnitCommands(command);
    if (!commands.commands.empty()) service->set_executable(ToRecordText(commands.commands.front().program));
  }
  for (const absl::string_view setting : kOther) {
    for (const absl::string_view command : unit.Values(section, setting)) {
      pb::StartupCommand* other = service->add_exec_other();
      other->set_setting(std::string(setting));
      other->set_command(ToRecordText(command));
    }
  }
}

void SetEnvironment(const Unit& unit, absl::string_view section, Service* service) {
  std::set<std::string> names;
  for (const absl::string_view setting : {"Environment", "PassEnvironment"}) {
    for (const absl::string_view value : unit.Values(section, setting)) {
      for (std::string& name : UnitEnvironmentNames(value)) names.insert(std::move(name));
    }
  }
  for (const std::string& name : names) service->add_environment_names(name);
  for (const absl::string_view value : unit.Values(section, "EnvironmentFile")) {
    service->add_environment_files(ToRecordText(value));
  }
  service->set_working_directory(ToRecordText(unit.Value(section, "WorkingDirectory")));
}

// Type= or what systemd takes for it, see systemd.service(5).
std::string TypeOf(const Unit& unit) {
  const absl::string_view type = unit.Value("Service", "Type");
  if (!type.empty()) return ToRecordText(type);
  if (!unit.Value("Service", "BusName").empty()) return "dbus";
  return unit.Values("Service", "ExecStart").empty() ? "oneshot" : "simple";
}

void SetService(const Unit& unit, Service* service) {
  service->set_type(TypeOf(unit));
  const absl::string_view restart = unit.Value("Service", "Restart");
  service->set_restart(restart.empty() ? "no" : ToRecordText(restart));
}

// What a socket, path or timer starts, see systemd.socket(5) and its siblings.
std::string TriggeredBy(const Unit& unit, absl::string_view section) {
  if (section == "Service") return "";
  const bool socket = section == "Socket";
  const absl::string_view named = unit.Value(section, socket ? "Service" : "Unit");
  if (!named.empty()) return ToRecordText(named);
  const absl::string_view stem = absl::string_view(unit.name).substr(0, unit.name.rfind('.'));
  // One instance for each connection.
  const bool accepts = socket && UnitBoolean(unit.Value(section, "Accept"), false);
  return absl::StrCat(stem, accepts ? "@" : "", ".service");
}

void SetListens(const Unit& unit, Service* service) {
  constexpr std::array<absl::string_view, 7> kSettings = {
      "ListenStream",  "ListenDatagram", "ListenSequentialPacket", "ListenFIFO",
      "ListenSpecial", "ListenNetlink",  "ListenMessageQueue"};
  for (const absl::string_view setting : kSettings) {
    for (const absl::string_view value : unit.Values("Socket", setting)) service->add_listens(ToRecordText(value));
  }
}

std::vector<std::string> Union(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::set<std::string> both(a.begin(), a.end());
  both.insert(b.begin(), b.end());
  return {both.begin(), both.end()};
}

Service ToService(const Unit& unit) {
  Service service;
  service.set_manager(Service::SYSTEMD);
  service.set_name(unit.name);
  service.set_enabled(EnabledOf(unit.state));
  service.set_alias_of(unit.alias_of);
  if (!unit.alias_of.empty()) return service;
  service.set_unit_path(ToRecordText(unit.path));
  service.set_file_sha256(unit.sha256);
  for (const std::string& alias : unit.aliases) service.add_aliases(alias);
  for (const std::string& path : unit.hidden_paths) service.add_hidden_paths(ToRecordText(path));
  for (const std::string& by : Union(unit.wanted_by, unit.required_by)) service.add_wanted_by(ToRecordText(by));
  for (const std::string& by : Union(unit.install.wanted_by, unit.install.required_by)) {
    service.add_install_wanted_by(ToRecordText(by));
  }
  // A unit without a readable file has no settings, not the default ones.
  if (unit.assignments.empty()) return service;
  for (const std::string& path : unit.drop_ins) service.add_drop_ins(ToRecordText(path));
  const absl::string_view section = SectionOf(UnitTypeOf(unit.name));
  service.set_description(ToRecordText(unit.Value("Unit", "Description")));
  service.set_source_path(ToRecordText(unit.Value("Unit", "SourcePath")));
  SetCommands(unit, section, &service);
  SetEnvironment(unit, section, &service);
  service.set_user(ToRecordText(unit.Value(section, "User")));
  service.set_group(ToRecordText(unit.Value(section, "Group")));
  if (section == "Service") SetService(unit, &service);
  service.set_triggers(TriggeredBy(unit, section));
  SetListens(unit, &service);
  return service;
}

// A unit that systemd has not loaded does not run. Templates never run themselves.
void SetState(const RunStates& states, Service* service) {
  if (!service->alias_of().empty() || IsUnitTemplate(service->name())) return;
  const auto state = states.find(service->name());
  if (state == states.end()) {
    service->set_active_state("inactive");
    service->set_sub_state("dead");
    return;
  }
  service->set_active_state(ToRecordText(state->second.active_state));
  service->set_sub_state(ToRecordText(state->second.sub_state));
  service->set_main_pid(state->second.main_pid);
}

// Whether systemd is the init of the running system, see sd_booted(3).
bool IsBooted(const FileTree& files) {
  const absl::StatusOr<FileInfo> info = files.Lstat("/run/systemd/system");
  return info.ok() && info->type == FileInfo::Type::kDirectory;
}

std::optional<RunStates> AskStates(ServiceScan& scan, const SystemManager* manager) {
  if (manager == nullptr || !IsBooted(scan.files())) return std::nullopt;
  absl::StatusOr<std::vector<UnitRunState>> units = manager->ListUnits(kPatience);
  if (!units.ok()) {
    scan.report().AddDegradation(
        "/run/dbus/system_bus_socket", units.status(),
        "let the agent reach the system bus (in a container, mount the host's /run/dbus); until then units have no "
        "active_state");
    return std::nullopt;
  }
  RunStates states;
  for (UnitRunState& unit : *units) {
    std::string name = unit.name;
    states.emplace(std::move(name), std::move(unit));
  }
  return states;
}

}  // namespace

absl::Status AddSystemdServices(ServiceScan& scan, const SystemManager* manager, UnitSet* units) {
  ROLLCALL_ASSIGN_OR_RETURN(*units, UnitSet::Load(scan.files(), kTypes, scan.stop()));
  for (const UnitProblem& problem : units->problems()) {
    if (problem.detail_only) {
      scan.report().AddDegradation(problem.path, problem.status, "repair the file; `systemd-analyze verify` says more");
    } else {
      scan.report().AddProblem(problem.path, problem.status);
    }
  }
  if (!units->has_folders()) return absl::OkStatus();
  scan.NotePresence();
  const std::optional<RunStates> states = AskStates(scan, manager);
  for (const auto& [name, unit] : units->units()) {
    if (scan.stopped()) return absl::CancelledError("read units: stopped");
    Service service = ToService(unit);
    if (states) SetState(*states, &service);
    scan.Add(std::move(service));
  }
  return absl::OkStatus();
}

}  // namespace rollcall

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collectors/services/table_services.h"
#include "collectors/services/xinetd_config.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using Service = pb::StartupService;

constexpr char kConfig[] = "/etc/xinetd.conf";
constexpr char kFolder[] = "/etc/xinetd.d";
constexpr size_t kMaxFiles = 1'000;
constexpr size_t kMaxTotalBytes = size_t{8} << 20;

class Xinetd {
 public:
  explicit Xinetd(ServiceScan& scan) : scan_(scan) {}

  void Add() {
    ReadFile(kConfig);
    // The folder is included by every distribution's file, and survives one that was lost.
    if (!found_) ReadFolder(kFolder);
    // Files are read in the order they are named; includes of includes come after.
    for (size_t next = 0; next < files_.size() && next < kMaxFiles; ++next) ReadFile(std::string(files_[next]));
    for (auto& [entry, service] : services_) {
      Complete(entry, &service);
      scan_.Add(std::move(service));
    }
  }

 private:
  void ReadFile(const std::string& path) {
    if (!seen_.insert(path).second) return;
    const std::optional<std::string> text = scan_.Read(path);
    if (!text) return;
    found_ = true;
    scan_.NotePresence();
    bytes_ += text->size();
    if (bytes_ > kMaxTotalBytes) {
      scan_.report().AddProblem(path, absl::ResourceExhaustedError(absl::StrCat(
                                          "read ", path, ": more than ", kMaxTotalBytes, " bytes of configuration")));
      return;
    }
    XinetdConfig config = ParseXinetd(*text);
    scan_.AddProblems(path, config.problems);
    for (XinetdEntry& entry : config.entries) {
      if (entry.service.empty()) {
        defaults_ = std::move(entry);
        continue;
      }
      Service service;
      ServiceScan::SetFile(path, *text, &service);
      services_.emplace_back(std::move(entry), std::move(service));
    }
    for (std::string& include : config.includes) files_.push_back(std::move(include));
    for (const std::string& folder : config.include_folders) ReadFolder(folder);
  }

  // Files with a dot or a tilde at the end are not read, see xinetd.conf(5).
  void ReadFolder(const std::string& folder) {
    for (const DirectoryEntry& entry : scan_.List(folder)) {
      if (entry.type == FileInfo::Type::kDirectory || absl::StrContains(entry.name, ".")) continue;
      if (!absl::EndsWith(entry.name, "~")) files_.push_back(absl::StrCat(folder, "/", entry.name));
    }
  }

  bool IsEnabled(const XinetdEntry& entry, const std::string& id) const {
    if (absl::EqualsIgnoreCase(entry.Value("disable"), "yes")) return false;
    if (defaults_.Has("disabled", id) || defaults_.Has("disabled", entry.service)) return false;
    const bool listed = defaults_.Has("enabled", id) || defaults_.Has("enabled", entry.service);
    return listed || defaults_.attributes.find("enabled") == defaults_.attributes.end();
  }

  void Complete(const XinetdEntry& entry, Service* service) const {
    const std::string id = entry.Value("id").empty() ? entry.service : entry.Value("id");
    service->set_manager(Service::XINETD);
    service->set_name(ToRecordText(id));
    service->set_enabled(IsEnabled(entry, id) ? Service::ENABLED : Service::DISABLED);
    service->set_type(ToRecordText(entry.Has("type", "INTERNAL") ? "internal" : entry.Value("socket_type")));
    service->set_user(ToRecordText(entry.Value("user")));
    service->set_group(ToRecordText(entry.Value("group")));
    const std::string server = entry.Value("server");
    service->set_executable(ToRecordText(server));
    if (!server.empty()) {
      const std::string arguments = entry.Value("server_args");
      service->add_exec_start(ToRecordText(absl::StrCat(server, arguments.empty() ? "" : " ", arguments)));
    }
    SetListens(entry, service);
    SetEnvironment(entry, service);
  }

  static void SetListens(const XinetdEntry& entry, Service* service) {
    std::string address = entry.Value("bind").empty() ? entry.Value("interface") : entry.Value("bind");
    if (!address.empty()) address.append(":");
    const std::string port = entry.Value("port").empty() ? entry.service : entry.Value("port");
    const std::string protocol = entry.Value("protocol");
    service->add_listens(ToRecordText(absl::StrCat(address, port, protocol.empty() ? "" : "/", protocol)));
  }

  static void SetEnvironment(const XinetdEntry& entry, Service* service) {
    std::set<std::string> names;
    for (const char* attribute : {"env", "passenv"}) {
      const auto values = entry.attributes.find(attribute);
      if (values == entry.attributes.end()) continue;
      for (const std::string& value : values->second) names.insert(value.substr(0, value.find('=')));
    }
    for (const std::string& name : names) service->add_environment_names(ToRecordText(name));
  }

  ServiceScan& scan_;
  bool found_ = false;
  size_t bytes_ = 0;
  XinetdEntry defaults_;
  std::set<std::string> seen_;
  std::vector<std::string> files_;
  std::vector<std::pair<XinetdEntry, Service>> services_;
};

}  // namespace

void AddXinetd(ServiceScan& scan) { Xinetd(scan).Add(); }

}  // namespace rollcall

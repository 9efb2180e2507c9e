#include "collectors/ports/ports_collector.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/ports/namespace_sockets.h"
#include "collectors/ports/owner_details.h"
#include "collectors/ports/port_records.h"
#include "collectors/ports/process_table.h"
#include "collectors/ports/socket_owners.h"
#include "collectors/ports/socket_units.h"

namespace rollcall {
namespace {

constexpr absl::string_view kKinds[] = {"listening_port"};
constexpr absl::string_view kPathsRead[] = {
    "netlink:sock_diag",
    "/proc/PID/{stat,status,cgroup,exe,ns/net,fd/*}",
    "/proc/PID/net/{tcp,tcp6,udp,udp6,unix,sctp/eps,igmp,if_inet6}",
    "/proc/PID/root/etc/passwd",
    "/proc/sys/net/ipv4/ip_local_port_range",
    "/proc/sys/kernel/random/boot_id",
    "/proc/stat",
    "/sys/class/net/*/ifindex",
    "/run/netns/*",
    "/run/docker/netns/*",
    "/{etc,run,usr/lib,usr/local/lib}/systemd/**.socket",
};

constexpr char kPortRangePath[] = "/proc/sys/net/ipv4/ip_local_port_range";
constexpr uint32_t kInit = 1;

class PortsCollector : public Collector {
 public:
  explicit PortsCollector(const CollectorContext& context)
      : files_(*context.files), sockets_(*context.files, context.sockets), details_(*context.files) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override;

 private:
  // Records of all namespaces, without owners. Cancelled on a stop.
  absl::StatusOr<std::vector<PortRecord>> ReadPorts(const ProcessTable& table, RunReport& report,
                                                    const StopToken& stop) const;
  void AddRecords(const NetworkNamespace& ns, std::vector<ListeningSocket> sockets, const PortRange& ephemeral,
                  std::vector<PortRecord>* records) const;
  PortRange ReadEphemeralRange(RunReport& report) const;
  void AddSocketUnit(PortRecord* port);

  const FileTree& files_;
  const NamespaceSockets sockets_;
  SocketOwners owners_;
  OwnerDetails details_;
  // Units of the sockets that pid 1 holds, by inode, so that unit files are read only when
  // it holds a new one. Those of the last run and of this one.
  std::unordered_map<uint64_t, std::string> known_units_;
  std::unordered_map<uint64_t, std::string> current_units_;
  std::optional<SocketUnits> units_;
};

// Adds the owners of a record's sockets, each process once, ordered by pid.
class OwnerWriter {
 public:
  OwnerWriter(const std::vector<ProcessEntry>& processes, const SocketOwners::Owners& owners, OwnerDetails& details)
      : processes_(processes), owners_(owners), details_(details) {}

  void AddTo(PortRecord* port) {
    std::vector<uint32_t> pids;
    for (const uint64_t inode : port->inodes) {
      const auto found = owners_.pids.find(inode);
      if (found != owners_.pids.end()) pids.insert(pids.end(), found->second.begin(), found->second.end());
    }
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    for (const uint32_t pid : pids) *port->record.add_owners() = Describe(pid);
    port->record.set_owners_unknown(pids.empty() && owners_.incomplete);
  }

 private:
  const pb::PortOwner& Describe(uint32_t pid) {
    const auto [known, is_new] = described_.try_emplace(pid);
    if (is_new) {
      const auto process =
          std::lower_bound(processes_.begin(), processes_.end(), pid,
                           [](const ProcessEntry& entry, uint32_t wanted) { return entry.pid < wanted; });
      known->second = details_.Describe(*process);  // owners are among the processes given
    }
    return known->second;
  }

  const std::vector<ProcessEntry>& processes_;
  const SocketOwners::Owners& owners_;
  OwnerDetails& details_;
  std::unordered_map<uint32_t, pb::PortOwner> described_;
};

absl::Status PortsCollector::Collect(RecordSink& sink, RunReport& report, const StopToken& stop) {
  const absl::StatusOr<ProcessTable> table = ReadProcessTable(files_, report, stop);
  if (!table.ok()) return table.status();
  absl::StatusOr<std::vector<PortRecord>> ports = ReadPorts(*table, report, stop);
  if (!ports.ok()) return ports.status();

  std::unordered_set<uint64_t> inodes;
  for (const PortRecord& port : *ports) inodes.insert(port.inodes.begin(), port.inodes.end());
  const absl::StatusOr<SocketOwners::Owners> owners = owners_.Find(files_, table->processes, inodes, stop);
  if (!owners.ok()) return owners.status();
  if (owners->incomplete) {
    report.AddDegradation("/proc/PID/fd",
                          absl::PermissionDeniedError("read descriptors of other users' processes: permission denied"),
                          "give the agent CAP_SYS_PTRACE");
  }

  details_.BeginRun();
  OwnerWriter writer(table->processes, *owners, details_);
  current_units_.clear();
  units_.reset();
  for (PortRecord& port : *ports) {
    if (stop.stop_requested()) return absl::CancelledError("emit ports: stop requested");
    writer.AddTo(&port);
    AddSocketUnit(&port);
    pb::Record record;
    *record.mutable_listening_port() = std::move(port.record);
    if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
  }
  known_units_ = std::move(current_units_);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PortRecord>> PortsCollector::ReadPorts(const ProcessTable& table, RunReport& report,
                                                                  const StopToken& stop) const {
  const PortRange ephemeral = ReadEphemeralRange(report);
  std::vector<PortRecord> records;
  std::unordered_set<uint64_t> seen;
  for (const NetworkNamespace& ns : table.namespaces) {
    if (stop.stop_requested()) return absl::CancelledError("read sockets: stop requested");
    seen.insert(ns.inode);
    AddRecords(ns, sockets_.Read(ns, report), ephemeral, &records);
  }
  for (NamespaceSockets::Named& named : sockets_.ReadNamed(std::move(seen), report)) {
    AddRecords({.inode = named.inode}, std::move(named.sockets), ephemeral, &records);
  }
  return records;
}

void PortsCollector::AddRecords(const NetworkNamespace& ns, std::vector<ListeningSocket> sockets,
                                const PortRange& ephemeral, std::vector<PortRecord>* records) const {
  std::optional<std::map<uint32_t, std::string>> names;  // few sockets are bound to an interface
  const auto interface_name = [&](uint32_t index) {
    if (!names.has_value()) names = sockets_.InterfaceNames(ns);
    const auto found = names->find(index);
    return found != names->end() ? found->second : absl::StrCat("ifindex:", index);
  };
  std::vector<PortRecord> of_namespace =
      MakePortRecords(ns.record_number(), std::move(sockets), ephemeral, interface_name);
  records->insert(records->end(), std::make_move_iterator(of_namespace.begin()),
                  std::make_move_iterator(of_namespace.end()));
}

PortRange PortsCollector::ReadEphemeralRange(RunReport& report) const {
  PortRange range;
  const absl::StatusOr<std::string> content = files_.ReadFile(kPortRangePath, 256);
  if (content.ok() && !ParsePortRange(*content, &range)) {
    report.AddDegradation(kPortRangePath,
                          absl::DataLossError(absl::StrCat("parse ", kPortRangePath, ": not two ports")), "");
  }
  return range;
}

void PortsCollector::AddSocketUnit(PortRecord* port) {
  if (port->record.owners().empty() || port->record.owners(0).pid() != kInit) return;
  for (const uint64_t inode : port->inodes) {
    const auto known = known_units_.find(inode);
    if (known == known_units_.end() && !units_.has_value()) units_.emplace(files_);
    const std::string unit = known != known_units_.end() ? known->second : units_->UnitOf(port->record);
    port->record.set_socket_unit(unit);
    current_units_.emplace(inode, unit);
  }
}

}  // namespace

constexpr Collector::Descriptor kPortsCollector = {
    .name = "ports",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Seconds(60),
    .timeout = absl::Seconds(30),
    .paths_read = kPathsRead,
    .max_records = 10'000,
    .create = [](const CollectorContext& context) -> std::unique_ptr<Collector> {
      return std::make_unique<PortsCollector>(context);
    },
};

}  // namespace rollcall

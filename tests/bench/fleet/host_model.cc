#include "tests/bench/fleet/host_model.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/wire_time.h"
#include "tests/bench/fleet/words.h"

namespace rollcall {
namespace {

// Proportions of an ordinary server with 1,500 records.
constexpr UnitShape kOrdinary[] = {
    {"host", 1, false},           {"os_packages", 784, true}, {"processes", 230, false},
    {"ports", 35, false},         {"services", 160, true},    {"environment", 100, true},
    {"kernel_modules", 80, true}, {"accounts", 80, true},     {"scheduled_tasks", 30, true},
};
constexpr uint32_t kOrdinaryRecords = 1500;
// When images were made and hosts booted.
const absl::Time kInstalledAt = absl::FromUnixSeconds(1'767'225'600);

// Everything a record is made of. `own` differs from record to record of a unit, `steady` does not
// change with the record's version.
struct Draft {
  uint64_t host;
  uint32_t index;
  uint32_t version;
  absl::Time at;
  WordSource steady;
  WordSource own;
};

std::string Uuid(WordSource words) {
  const std::string hex = words.Hex(32);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-4", hex.substr(13, 3), "-a", hex.substr(17, 3), "-",
                      hex.substr(20, 12));
}

// No two indices give the same name.
std::string UniqueName(Draft& draft) {
  return absl::StrCat(draft.steady.Word(), "-", draft.steady.Word(), draft.index);
}

void MakeHost(Draft& draft, const std::string& boot_id, pb::Host* host) {
  const std::string machine_id = draft.steady.Hex(32);
  host->set_host_id(machine_id);
  host->set_host_id_source("machine-id");
  host->set_machine_id(machine_id);
  host->set_boot_id(boot_id);
  host->set_hostname(absl::StrCat("srv-", draft.host));
  host->set_fqdn(absl::StrCat("srv-", draft.host, ".fleet.example.org"));
  host->mutable_os()->set_id("debian");
  host->mutable_os()->set_name("Debian GNU/Linux");
  host->mutable_os()->set_version("12");
  host->mutable_os()->set_pretty_name("Debian GNU/Linux 12 (bookworm)");
  host->mutable_os()->set_codename("bookworm");
  host->mutable_kernel()->set_release(absl::StrCat("6.1.0-", 20 + draft.version % 20, "-amd64"));
  host->mutable_kernel()->set_version("#1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1 (2024-09-30)");
  host->mutable_kernel()->set_architecture("x86_64");
  host->mutable_kernel()->set_command_line("BOOT_IMAGE=/boot/vmlinuz-6.1.0-26-amd64 root=UUID=5f2e ro quiet");
  *host->mutable_boot_time() = ToWire(draft.at - absl::Hours(300) + absl::Hours(draft.version));
  host->mutable_hardware()->set_vendor("QEMU");
  host->mutable_hardware()->set_product("Standard PC (Q35 + ICH9, 2009)");
  host->mutable_hardware()->set_cpu_model("Intel(R) Xeon(R) Platinum 8269CY CPU @ 2.50GHz");
  host->mutable_hardware()->set_cores(4);
  host->mutable_hardware()->set_threads(8);
  host->mutable_hardware()->set_memory_bytes(uint64_t{32} << 30);
  for (const char* name : {"lo", "eth0"}) {
    pb::NetworkInterface* interface = host->add_interfaces();
    interface->set_name(name);
    interface->set_mac(absl::StrCat("52:54:00:", draft.host % 100, ":", draft.host / 100 % 100, ":01"));
    interface->add_addresses(
        absl::StrCat("10.", draft.host >> 16, ".", draft.host >> 8 & 255, ".", draft.host & 255, "/16"));
    interface->set_mtu(1500);
    interface->set_state("up");
  }
  for (const char* path : {"/", "/boot", "/var", "/home"}) {
    pb::Filesystem* filesystem = host->add_filesystems();
    filesystem->set_device(absl::StrCat("/dev/mapper/vg0-", draft.steady.Word()));
    filesystem->set_fs_type("ext4");
    filesystem->set_mount_path(path);
    filesystem->set_options("rw,relatime,errors=remount-ro");
    filesystem->set_size_bytes(draft.steady.Below(uint64_t{1} << 40));
  }
  host->set_timezone("Etc/UTC");
  host->set_hardware_digest(draft.steady.Hex(64));
}

void MakePackage(Draft& draft, pb::OsPackage* package) {
  const std::string source = std::string(draft.steady.Word());
  const std::string name =
      draft.index % 3 == 0 ? UniqueName(draft) : absl::StrCat("lib", UniqueName(draft), draft.index % 2 ? "-dev" : "");
  const std::string upstream =
      absl::StrCat(draft.steady.Below(10), ".", draft.steady.Below(30), ".", draft.steady.Below(9));
  const std::string release = absl::StrCat(1 + draft.steady.Below(4), "+deb12u", 1 + draft.version);
  const std::string version = absl::StrCat(upstream, "-", release);
  package->set_manager(pb::OsPackage::DPKG);
  package->set_name(name);
  package->set_architecture(draft.steady.OneIn(4) ? "all" : "amd64");
  package->set_version(version);
  package->set_upstream_version(upstream);
  package->set_release(release);
  package->set_source_name(source);
  package->set_source_version(version);
  package->set_maintainer(draft.steady.Maintainer());
  package->set_status("installed");
  package->set_installed(true);
  *package->mutable_install_time() =
      ToWire(draft.at + absl::Seconds(draft.index / 8) + absl::Hours(24 * draft.version));
  package->set_installed_bytes(draft.steady.Below(1 << 23));
  package->set_summary(draft.steady.Sentence(6));
  package->set_purl(absl::StrCat("pkg:deb/debian/", name, "@", version, "?arch=amd64&distro=debian-12"));
  package->set_database_path("/var/lib/dpkg/status");
  package->set_presence(pb::OsPackage::OS_DATABASE);
  package->set_section(draft.steady.OneIn(3) ? "libdevel" : "libs");
}

void MakeProcess(Draft& draft, const std::string& boot_id, pb::Process* process) {
  const std::string name = std::string(draft.steady.Word());
  const std::string exe = absl::StrCat("/usr/bin/", name);
  process->set_pid(300 + draft.index * 16 + draft.version % 16);
  process->set_start_ticks(40000 + 300 * draft.index + 100000 * uint64_t{draft.version} + draft.own.Below(300));
  process->set_boot_id(boot_id);
  process->set_ppid(1);
  process->set_name(name);
  process->set_exe(exe);
  process->add_argv(exe);
  for (int i = static_cast<int>(draft.steady.Below(5)); i > 0; --i) {
    process->add_argv(absl::StrCat("--", draft.steady.Word(), "=/etc/", name, "/", draft.steady.Word(), ".conf"));
  }
  process->set_cwd("/");
  process->set_state("S");
  *process->mutable_start_time() = ToWire(draft.at + absl::Seconds(3 * draft.index) + absl::Minutes(draft.version));
  process->set_user("root");
  process->set_group("root");
  process->set_session(300 + draft.index * 16);
  process->mutable_namespaces()->set_cgroup(4026531835);
  process->mutable_namespaces()->set_ipc(4026531839);
  process->mutable_namespaces()->set_mnt(4026531832 + (draft.steady.OneIn(8) ? draft.index : 0));
  process->mutable_namespaces()->set_net(4026531840);
  process->mutable_namespaces()->set_pid(4026531836);
  process->mutable_namespaces()->set_user(4026531837);
  process->mutable_namespaces()->set_uts(4026531838);
  process->set_cgroup_path(absl::StrCat("/system.slice/", name, ".service"));
  process->set_systemd_unit(absl::StrCat(name, ".service"));
  process->add_capabilities_effective("ALL");
  process->add_capabilities_bounding("ALL");
  process->set_seccomp_mode(0);
  process->mutable_executable()->set_sha256(WordSource(MixSeed(7, name.size() * 131 + name[0])).Hex(64));
  process->mutable_executable()->set_size_bytes(draft.steady.Below(1 << 22));
  process->set_package(name);
  process->set_rss_bytes(draft.own.Below(1 << 28));
  process->set_threads(static_cast<uint32_t>(1 + draft.own.Below(20)));
}

void MakePort(Draft& draft, pb::ListeningPort* port) {
  const std::string name = std::string(draft.steady.Word());
  port->set_network_namespace(4026531840);
  port->set_transport(draft.index % 5 == 0 ? pb::ListeningPort::UDP : pb::ListeningPort::TCP);
  port->set_address(draft.index % 3 == 0 ? "127.0.0.1" : "0.0.0.0");
  port->set_port(1024 + draft.index * 7);
  port->set_state("LISTEN");
  port->set_exposure(draft.index % 3 == 0 ? pb::ListeningPort::LOOPBACK : pb::ListeningPort::ANY);
  port->set_socket_count(1);
  port->set_backlog_limit(4096);
  pb::PortOwner* owner = port->add_owners();
  owner->set_pid(300 + draft.index * 16 + draft.version);
  owner->set_process_key(draft.own.Hex(32));
  owner->set_name(name);
  owner->set_exe(absl::StrCat("/usr/sbin/", name));
  owner->set_user("root");
  *owner->mutable_start_time() = ToWire(draft.at + absl::Minutes(draft.version));
}

void MakeService(Draft& draft, pb::StartupService* service) {
  const std::string stem = UniqueName(draft);
  service->set_manager(pb::StartupService::SYSTEMD);
  service->set_name(absl::StrCat(stem, ".service"));
  service->set_description(draft.steady.Sentence(4));
  service->set_unit_path(absl::StrCat("/usr/lib/systemd/system/", stem, ".service"));
  service->add_exec_start(absl::StrCat("/usr/sbin/", stem, " --config /etc/", stem, ".conf --", draft.steady.Word()));
  service->set_type(draft.steady.OneIn(3) ? "oneshot" : "simple");
  service->set_restart(draft.steady.OneIn(3) ? "always" : "no");
  service->set_enabled(draft.steady.OneIn(2) ? pb::StartupService::ENABLED : pb::StartupService::STATIC);
  service->set_active_state(draft.version % 2 == 0 ? "active" : "inactive");
  service->add_wanted_by("multi-user.target");
  service->set_package(stem);
  service->set_file_sha256(draft.own.Hex(64));
  service->set_executable(absl::StrCat("/usr/sbin/", stem));
}

void MakeVariable(Draft& draft, pb::EnvironmentVariable* variable) {
  variable->set_owner_kind(pb::EnvironmentVariable::PROCESS);
  variable->set_owner(absl::StrCat("/usr/bin/", draft.steady.Word()));
  variable->set_name(absl::StrCat(absl::AsciiStrToUpper(draft.steady.Word()), "_",
                                  absl::AsciiStrToUpper(draft.steady.Word()), "_", draft.index));
  variable->set_grouped_class(pb::EnvironmentVariable::TEXT);
  variable->set_value_class(pb::EnvironmentVariable::TEXT);
  variable->set_source("/proc/PID/environ");
  variable->set_value_length_at_most(uint32_t{8} << draft.version % 8);
  variable->set_process_count(static_cast<uint32_t>(1 + draft.own.Below(9)));
}

void MakeModule(Draft& draft, pb::KernelModule* module) {
  const std::string name = absl::StrCat(draft.steady.Word(), "_", draft.steady.Word(), draft.index);
  module->set_name(name);
  module->set_state(pb::KernelModule::LIVE);
  module->set_size_bytes(draft.steady.Below(1 << 20));
  module->set_refcount(static_cast<uint32_t>(draft.own.Below(4)));
  module->set_srcversion(absl::AsciiStrToUpper(draft.own.Hex(23)));
  module->set_file_path(
      absl::StrCat("/lib/modules/6.1.0-26-amd64/kernel/drivers/", draft.steady.Word(), "/", name, ".ko"));
  module->set_file_sha256(draft.own.Hex(64));
  module->mutable_signature()->set_signer("Debian Secure Boot CA");
  module->mutable_signature()->set_key_id("32:A0:28:7F:84:1A:03:6F:A3:93:C1:E0:65:C4:3A:E6:B2:42:26:43");
  module->mutable_signature()->set_hash_algorithm("sha256");
  module->mutable_signature()->set_format("PKCS#7");
  module->set_licence("GPL");
  module->set_description(draft.steady.Sentence(4));
  module->set_in_tree(true);
  module->set_vermagic("6.1.0-26-amd64 SMP preempt mod_unload modversions ");
}

void MakeAccount(Draft& draft, pb::Record* record) {
  const std::string name = UniqueName(draft);
  if (draft.index % 2 == 1) {
    pb::AccountGroup* group = record->mutable_account_group();
    group->set_gid(draft.index);
    group->set_name(name);
    if (draft.version > 0) group->add_members(absl::StrCat("member", draft.version));
    group->set_password_state(pb::PASSWORD_LOCKED);
    return;
  }
  pb::Account* account = record->mutable_account();
  account->set_uid(draft.index);
  account->set_name(name);
  account->set_gid(draft.index);
  account->add_groups(name);
  account->set_home(absl::StrCat("/var/lib/", name));
  account->set_shell(draft.steady.OneIn(8) ? "/bin/bash" : "/usr/sbin/nologin");
  account->set_gecos(draft.steady.Sentence(2));
  account->set_sudo(false);
  account->set_login_permitted(false);
  account->set_password_state(pb::PASSWORD_LOCKED);
  *account->mutable_last_change() = ToWire(draft.at + absl::Hours(24 * draft.version));
}

void MakeTask(Draft& draft, pb::ScheduledTask* task) {
  const std::string stem = UniqueName(draft);
  task->set_manager(pb::ScheduledTask::SYSTEMD_TIMER);
  task->set_source_path(absl::StrCat("/usr/lib/systemd/system/", stem, ".timer"));
  task->set_entry(absl::StrCat(stem, ".timer"));
  task->set_schedule(absl::StrCat("*-*-* ", 1 + draft.version % 9, ",18:00"));
  task->set_schedule_normalized(absl::StrCat("*-*-* 0", 1 + draft.version % 9, ",18:00:00"));
  task->set_enabled(true);
  task->set_timezone("Etc/UTC");
  task->set_file_sha256(draft.own.Hex(64));
  task->set_target_unit(absl::StrCat(stem, ".service"));
  task->set_persistent(true);
  task->set_description(draft.steady.Sentence(4));
}

}  // namespace

HostModel::HostModel(uint64_t seed, uint32_t records, uint32_t images)
    : seed_(seed), images_(std::max<uint32_t>(1, images)) {
  for (UnitShape shape : kOrdinary) {
    const uint64_t scaled = uint64_t{shape.records} * records / kOrdinaryRecords;
    if (shape.records > 1) shape.records = static_cast<uint32_t>(std::max<uint64_t>(1, scaled));
    units_.push_back(shape);
  }
}

uint32_t HostModel::records_per_host() const {
  uint32_t records = 0;
  for (const UnitShape& unit : units_) records += unit.records;
  return records;
}

uint32_t HostModel::VersionOf(size_t unit, uint32_t index, uint64_t changes) const {
  if (changes <= index) return 0;
  return static_cast<uint32_t>((changes - index - 1) / units_[unit].records + 1);
}

uint32_t HostModel::ChangedBy(size_t unit, uint64_t change) const {
  return static_cast<uint32_t>(change % units_[unit].records);
}

std::string HostModel::HostId(uint64_t host) const { return MakeRecord(host, 0, 0, 0).host().host_id(); }

std::string HostModel::BootId(uint64_t host) const { return Uuid(WordSource(MixSeed(seed_ + 1, host))); }

pb::Record HostModel::MakeRecord(uint64_t host, size_t unit, uint32_t index, uint32_t version) const {
  const UnitShape& shape = units_[unit];
  // Images share three quarters of what they have: the distribution's own.
  const uint64_t place = !shape.from_image ? host : index % 4 == 0 ? ImageOf(host) : 0;
  const uint64_t steady = MixSeed(MixSeed(seed_, unit), MixSeed(place, index));
  Draft draft{host, index, version, kInstalledAt, WordSource(steady), WordSource(MixSeed(steady, version + 1))};
  pb::Record record;
  record.mutable_scope()->set_type(pb::Scope::HOST);
  if (shape.collector == "host") MakeHost(draft, BootId(host), record.mutable_host());
  if (shape.collector == "os_packages") MakePackage(draft, record.mutable_os_package());
  if (shape.collector == "processes") MakeProcess(draft, BootId(host), record.mutable_process());
  if (shape.collector == "ports") MakePort(draft, record.mutable_listening_port());
  if (shape.collector == "services") MakeService(draft, record.mutable_startup_service());
  if (shape.collector == "environment") MakeVariable(draft, record.mutable_environment_variable());
  if (shape.collector == "kernel_modules") MakeModule(draft, record.mutable_kernel_module());
  if (shape.collector == "accounts") MakeAccount(draft, &record);
  if (shape.collector == "scheduled_tasks") MakeTask(draft, record.mutable_scheduled_task());
  return record;
}

}  // namespace rollcall

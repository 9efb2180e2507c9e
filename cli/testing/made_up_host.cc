#include "cli/testing/made_up_host.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

constexpr char kAgent[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";

// Times are seconds before kMadeUpNow.
std::string Ago(int64_t seconds) {
  return absl::StrCat("{ seconds: ", absl::ToUnixSeconds(kMadeUpNow) - seconds, " }");
}

// Adds records as a collector would; keys count up.
class HostBuilder {
 public:
  explicit HostBuilder(FakeBackend* backend) : backend_(backend) {}

  void Add(const std::string& kind, const std::string& payload) {
    const std::string stored = absl::StrCat(
        "agent_id: '", kAgent, "' host_id: 'i-0abc1234' hostname: 'web-1' collector: 'made_up' collector_version: '1'",
        " first_seen ", Ago(86400 * 30), " last_seen ", Ago(120), " valid_from ", Ago(86400 * 3), " record {",
        " asset_key: '", absl::Hex(0x10000000u + ++number_, absl::kZeroPad8), "00112233445566778899aabb'",
        " collected_at ", Ago(600), " scope { type: HOST } ", kind, " { ", payload, " } }");
    if (backend_->AddRecord(kind, stored)) ++counts_[kind];
  }

  void AddSummary() {
    std::string text = absl::StrCat("agent_id: '", kAgent, "' host_id: 'i-0abc1234' hostname: 'web-1'",
                                    " agent_version: '0.1.0' connected: true last_contact ", Ago(42));
    for (const auto& [kind, count] : counts_) {
      absl::StrAppend(&text, " records_by_kind { key: '", kind, "' value: ", count, " }");
    }
    backend_->AddHost(text);
  }

 private:
  FakeBackend* backend_;
  uint32_t number_ = 0;
  std::map<std::string, int> counts_;
};

void AddSystem(HostBuilder* host) {
  host->Add("host",
            absl::StrCat("host_id: 'i-0abc1234' host_id_source: 'cloud' hostname: 'web-1' os { pretty_name:"
                         " 'Debian GNU/Linux 12 (bookworm)' } kernel { release: '6.1.0-18-amd64' architecture:"
                         " 'x86_64' } hardware { vendor: 'Tencent Cloud' product: 'CVM' cpu_model: 'Xeon Platinum"
                         " 8372C' threads: 8 memory_bytes: 33285996544 virtualization: 'kvm' } cloud { provider:"
                         " 'tencent' region: 'ap-shanghai' zone: 'ap-shanghai-2' instance_type: 'S5.2XLARGE32'"
                         " instance_id: 'i-0abc1234' } interfaces { name: 'lo' flags: 'LOOPBACK' addresses:"
                         " '127.0.0.1/8' } interfaces { name: 'eth0' flags: 'UP' addresses: '10.0.0.5/24'"
                         " addresses: 'fd00::5/64' } reboot_required: true boot_time ",
                         Ago(86400 * 12 + 3 * 3600)));
  host->Add("os_package",
            "manager: DPKG name: 'curl' version: '7.88.1-10+deb12u5' architecture: 'amd64' status:"
            " 'installed' installed: true installed_bytes: 519168 source_name: 'curl'");
  host->Add("os_package",
            "manager: DPKG name: 'tzdata' version: '2024a-0+deb12u1' architecture: 'all' status:"
            " 'installed' installed: true held: true installed_bytes: 3224576");
  host->Add("process", absl::StrCat("pid: 611 ppid: 1 user: 'root' name: 'sshd' exe: '/usr/sbin/sshd' argv:"
                                    " '/usr/sbin/sshd' argv: '-D' rss_bytes: 9437184 package: 'openssh-server'"
                                    " systemd_unit: 'ssh.service' start_time ",
                                    Ago(86400 * 12)));
  host->Add("process", absl::StrCat("pid: 1500 ppid: 611 user: 'alice' name: 'bash' exe: '/usr/bin/bash' argv: '-bash'"
                                    " rss_bytes: 5242880 package: 'bash' start_time ",
                                    Ago(3 * 3600)));
}

void AddResources(HostBuilder* host) {
  host->Add("resource_usage",
            absl::StrCat("host_id: 'i-0abc1234' first_sample_unix_ms: ", absl::ToUnixMillis(kMadeUpNow) - 1200000,
                         " sample_count: 10 cpu_mean_basis_points: 1234"
                         " memory_available_min_bytes: 21474836480"));
}

void AddPorts(HostBuilder* host) {
  host->Add("listening_port",
            "transport: TCP address: '0.0.0.0' port: 22 exposure: ANY state: 'LISTEN' v6only: false"
            " owners { pid: 611 name: 'sshd' user: 'root' }");
  host->Add("listening_port",
            "transport: TCP address: '::' port: 443 exposure: ANY state: 'LISTEN' v6only: true owners"
            " { pid: 800 name: 'nginx' user: 'root' } owners { pid: 801 name: 'nginx' user:"
            " 'www-data' } owners { pid: 802 name: 'nginx' user: 'www-data' } owners { pid: 803 name:"
            " 'nginx' user: 'www-data' } owners { pid: 804 name: 'nginx' user: 'www-data' }");
  host->Add("listening_port",
            "transport: TCP address: '127.0.0.1' port: 5432 exposure: LOOPBACK state: 'LISTEN' owners"
            " { pid: 900 name: 'postgres' user: 'postgres' }");
  host->Add("listening_port",
            "transport: UDP address: '0.0.0.0' port: 40123 exposure: ANY ephemeral: true state:"
            " 'UNCONNECTED' owners { pid: 950 name: 'dig' user: 'alice' }");
}

void AddPeople(HostBuilder* host) {
  host->Add("account",
            "uid: 0 name: 'root' groups: 'root' home: '/root' shell: '/bin/bash' is_root: true sudo: false"
            " interactive_shell: true password_state: PASSWORD_LOCKED login_methods: KEY");
  host->Add("account", absl::StrCat("uid: 1000 name: 'alice' groups: ['alice', 'sudo', 'docker', 'adm', 'dip'] home:"
                                    " '/home/alice' shell: '/bin/zsh' sudo: true interactive_shell: true"
                                    " password_state: PASSWORD_SET login_methods: [PASSWORD, KEY] last_login { time ",
                                    Ago(3 * 3600), " terminal: 'pts/0' }"));
  host->Add("account",
            "uid: 33 name: 'www-data' groups: 'www-data' shell: '/usr/sbin/nologin' password_state:"
            " PASSWORD_LOCKED");
}

void AddServices(HostBuilder* host) {
  host->Add("startup_service",
            "manager: SYSTEMD name: 'ssh.service' enabled: ENABLED active_state: 'active' exec_start:"
            " '/usr/sbin/sshd -D $SSHD_OPTS' package: 'openssh-server'");
  host->Add("startup_service",
            "manager: SYSTEMD name: 'backup.service' description: 'Nightly backup' enabled: ENABLED"
            " active_state: 'failed' user: 'backup' exec_start: '/opt/backup/run'");
  host->Add("startup_service", "manager: SYSTEMD name: 'rescue.service' enabled: STATIC active_state: 'inactive'");
  host->Add("scheduled_task", absl::StrCat("manager: CRON source_path: '/etc/cron.d/backup' entry: '0 3 * * * root'"
                                           " schedule: '0 3 * * *' user: 'root' command: '/opt/backup/run' enabled:"
                                           " true writable_by_others: true next_run ",
                                           Ago(-15 * 3600)));
  host->Add("scheduled_task",
            "manager: SYSTEMD_TIMER source_path: '/lib/systemd/system/apt-daily.timer' entry:"
            " 'apt-daily.timer' schedule: '*-*-* 6,18:00' enabled: true target_unit:"
            " 'apt-daily.service'");
}

void AddKernelAndEnvironment(HostBuilder* host) {
  host->Add("kernel_module",
            "name: 'nf_tables' state: LIVE size_bytes: 303104 signature { signer: 'Debian Secure Boot CA'"
            " } description: 'nftables'");
  host->Add("kernel_module",
            "name: 'sneaky' state: LIVE size_bytes: 16384 taints: 'out_of_tree' taints: 'unsigned'"
            " hidden: true missing_from: PROC_MODULES");
  host->Add("environment_variable",
            "owner_kind: UNIT owner: 'app.service' name: 'DATABASE_PASSWORD' value_class:"
            " SECRET_LIKE source: '/etc/app.env'");
  host->Add("environment_variable",
            "owner_kind: PROCESS owner: '/usr/bin/bash' name: 'PATH' value_class: PATH value:"
            " '/usr/bin:/bin' process_count: 3");
}

}  // namespace

void AddMadeUpHost(FakeBackend* backend) {
  HostBuilder host(backend);
  AddSystem(&host);
  AddResources(&host);
  AddPorts(&host);
  AddPeople(&host);
  AddServices(&host);
  AddKernelAndEnvironment(&host);
  host.AddSummary();
  backend->AddHost(absl::StrCat("agent_id: 'agent-new' last_contact ", Ago(86400 * 2)));
  const std::string unit = absl::StrCat("agent_id: '", kAgent, "' scope { type: HOST } last_complete_at ", Ago(300));
  backend->AddCoverage(absl::StrCat("collector: 'os_packages' state: COVERAGE_COMPLETE ", unit));
  backend->AddCoverage(
      absl::StrCat("collector: 'ports' state: COVERAGE_DEGRADED reason: 'owners of 2 sockets are"
                   " unknown' remedy: 'give the agent CAP_SYS_PTRACE' ",
                   unit));
}

}  // namespace rollcall

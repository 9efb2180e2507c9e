#include "tests/e2e/deployment.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kAllCollectors[] = {"accounts",        "environment", "host",      "kernel_modules",
                                                "os_packages",     "ports",       "processes", "resources",
                                                "scheduled_tasks", "services"};

void IndentedLine(std::string* out, const std::string& line) { absl::StrAppend(out, "  ", line, "\n"); }

}  // namespace

std::string Program(const std::string& name) { return absl::StrCat(ROLLCALL_BIN_DIR, "/", name); }

Deployment::Deployment(DeploymentOptions options) : options_(std::move(options)) {
  WriteAll(root() + "/etc/os-release",
           "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  WriteAll(root() + "/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  WriteAll(root() + "/etc/hostname", "made-up\n");
  SetPackages({});
}

void Deployment::Init() {
  std::vector<std::string> argv = {Program("rollcall-backend"),
                                   "init",
                                   "--data-dir",
                                   data_dir(),
                                   "--tenant",
                                   "dev",
                                   "--server-name",
                                   "localhost",
                                   "--address",
                                   "127.0.0.1",
                                   "--agents",
                                   "1",
                                   "--operator",
                                   "tester"};
  argv.insert(argv.end(), options_.init_flags.begin(), options_.init_flags.end());
  const ProgramOutput init = RunProgram(argv);
  ASSERT_EQ(init.exit_code, 0) << init.out << init.err;
}

void Deployment::StartBackend() {
  std::filesystem::remove(port_file());
  LaunchBackend();
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] {
    return absl::SimpleAtoi(ReadAll(port_file()), &port_) && port_ > 0;
  })) << ReadAll(backend_log());
}

void Deployment::LaunchBackend() {
  std::vector<std::string> argv = options_.backend_wrapper;
  // A restarted backend keeps its port, as a real one would.
  argv.insert(argv.end(), options_.backend_program.begin(), options_.backend_program.end());
  argv.insert(argv.end(), {"serve", "--data-dir", data_dir(), "--listen",
                           absl::StrCat(options_.backend_host, ":", port_), "--port-file", port_file()});
  argv.insert(argv.end(), options_.backend_flags.begin(), options_.backend_flags.end());
  backend_.Start(argv, backend_log());
}

std::string Deployment::FindCertificate(const std::string& below) const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir() + "/" + below)) {
    if (entry.path().extension() == ".crt" && entry.path().stem() != "ca") return entry.path().string();
  }
  ADD_FAILURE() << "no certificate below " << data_dir() << "/" << below;
  return "";
}

void Deployment::WriteAgentConfig() const {
  const std::string certificate = FindCertificate("pki/agents");
  const std::string key = std::string(absl::StripSuffix(certificate, ".crt")) + ".key";
  const std::string address =
      agent_port_ != 0 ? absl::StrCat("127.0.0.1:", agent_port_) : absl::StrCat(options_.backend_host, ":", port_);
  std::string yaml =
      absl::StrCat("root: ", options_.live_host ? "/" : root(), "\nstate_dir: ", state_dir(),
                   "\nstatus_socket: ", agent_socket(), "\nfirst_inventory_within: 0s\nbackend:\n  addresses: [\"",
                   address, "\"]\n  server_name: localhost\n  first_contact_within: 0s\n  max_backoff: 1s\n",
                   absl::StrJoin(options_.agent_backend_settings, "", IndentedLine), "tls:\n  ca: ", data_dir(),
                   "/pki/ca.crt\n  cert: ", certificate, "\n  key: ", key,
                   // Short intervals, sanitizers and a busy machine are no reason to leave runs out.
                   "\nwatchdog:\n  max_cpu_percent: 100\n  soft_memory: 2GiB\n  max_memory: 2GiB\ncollectors:\n");
  for (absl::string_view name : kAllCollectors) {
    const bool on =
        std::find(options_.collectors.begin(), options_.collectors.end(), name) != options_.collectors.end();
    absl::StrAppend(&yaml, "  ", name, ":\n    enabled: ", on ? "true" : "false", "\n    interval: ", options_.interval,
                    "\n");
  }
  std::ofstream(folder_.path() + "/agent.yaml") << yaml;
}

void Deployment::StartAgent() {
  WriteAgentConfig();
  std::vector<std::string> argv = options_.agent_wrapper;
  argv.insert(argv.end(), {Program("rollcall-agent"), "run", "--config", folder_.path() + "/agent.yaml"});
  argv.insert(argv.end(), options_.agent_flags.begin(), options_.agent_flags.end());
  agent_.Start(argv, agent_log(), options_.agent_environment);
}

void Deployment::StopBackend() {
  backend_.Signal(SIGTERM);
  EXPECT_EQ(backend_.Wait(absl::Seconds(30)), 0) << ReadAll(backend_log());
}

void Deployment::StopAgent() {
  agent_.Signal(SIGTERM);
  EXPECT_EQ(agent_.Wait(absl::Seconds(30)), 0) << ReadAll(agent_log());
}

ProgramOutput Deployment::Rollcall(const std::vector<std::string>& words) const {
  const std::string certificate = FindCertificate("pki/operators");
  std::vector<std::string> argv = options_.operator_wrapper;
  argv.insert(argv.end(), {Program("rollcall"), "--server", absl::StrCat(options_.backend_host, ":", port_),
                           "--server-name", "localhost", "--ca", data_dir() + "/pki/ca.crt", "--cert", certificate,
                           "--key", std::string(absl::StripSuffix(certificate, ".crt")) + ".key"});
  argv.insert(argv.end(), words.begin(), words.end());
  return RunProgram(argv);
}

std::map<std::string, std::string> Deployment::StoredPackages() const {
  const ProgramOutput list = Rollcall({"ls", "os_package", "--format", "csv", "--columns", "name,version"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  std::map<std::string, std::string> packages;
  for (absl::string_view line : absl::StrSplit(list.out, "\r\n", absl::SkipEmpty())) {
    const std::pair<std::string, std::string> cells = absl::StrSplit(line, absl::MaxSplits(',', 1));
    if (cells.first != "NAME") packages.insert(cells);
  }
  return packages;
}

bool Deployment::StoredPackagesBecome(const std::map<std::string, std::string>& packages,
                                      absl::Duration timeout) const {
  std::map<std::string, std::string> stored;
  if (Eventually(timeout, [&] { return (stored = StoredPackages()) == packages; })) return true;
  ADD_FAILURE() << "the backend has " << stored.size() << " packages, expected " << packages.size() << "\nagent log:\n"
                << ReadAll(agent_log()).substr(0, 4000) << "\nbackend log:\n"
                << ReadAll(backend_log()).substr(0, 4000);
  return false;
}

void Deployment::SetPackages(const std::map<std::string, std::string>& packages) const {
  std::string status;
  for (const auto& [name, version] : packages) {
    absl::StrAppend(&status, "Package: ", name,
                    "\nStatus: install ok installed\nArchitecture: amd64\nVersion: ", version,
                    "\nMaintainer: Nobody <nobody@example.org>\nDescription: test package ", name, "\n\n");
  }
  WriteAll(root() + "/var/lib/dpkg/status", status);
}

std::map<std::string, std::string> ManyPackages(int count, const std::string& version) {
  std::map<std::string, std::string> packages;
  for (int i = 0; i < count; ++i) packages[absl::StrFormat("pkg%05d", i)] = version;
  return packages;
}

}  // namespace rollcall

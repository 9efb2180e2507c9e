// A backend, an agent on a made-up host, and an operator, all real programs on loopback.
#ifndef ROLLCALL_TESTS_E2E_DEPLOYMENT_H_
#define ROLLCALL_TESTS_E2E_DEPLOYMENT_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/process.h"

namespace rollcall {

// Path of a program of this build.
std::string Program(const std::string& name);

struct DeploymentOptions {
  // Reads this machine's own files and processes instead of the made-up host.
  bool live_host = false;
  // Collectors that run, and how often.
  std::vector<std::string> collectors = {"host", "os_packages"};
  std::string interval = "1s";
  // Environment of the agent; the test's own if empty.
  std::vector<std::string> agent_environment;
  // Put after the agent's command line.
  std::vector<std::string> agent_flags;
  // Put before the agent's command line, such as a tracer.
  std::vector<std::string> agent_wrapper;
  // The same for the backend, and for what reaches it at `backend_host`: the operator's program.
  std::vector<std::string> backend_wrapper;
  std::vector<std::string> operator_wrapper;
  // The backend's program and what comes before its own words.
  std::vector<std::string> backend_program = {Program("rollcall-backend")};
  // Put after its command line, and after that of `init`.
  std::vector<std::string> backend_flags;
  std::vector<std::string> init_flags;
  // Where the backend listens.
  std::string backend_host = "127.0.0.1";
  // Lines of the agent's configuration in its section `backend`.
  std::vector<std::string> agent_backend_settings;
};

// Starts nothing by itself. Everything lies below one temporary folder.
class Deployment {
 public:
  explicit Deployment(DeploymentOptions options = {});

  // Creates CA, tenant and certificates. Fails the test on error.
  void Init();
  void StartBackend();
  // The same after the first StartBackend, without waiting until it listens: it may not live that long.
  void LaunchBackend();
  void StartAgent();
  // For the next starts.
  void SetAgentWrapper(std::vector<std::string> wrapper) { options_.agent_wrapper = std::move(wrapper); }
  void SetBackendWrapper(std::vector<std::string> wrapper) { options_.backend_wrapper = std::move(wrapper); }
  // The agent connects to this port of loopback instead of the backend's. Call before StartAgent.
  void RouteAgentThrough(int port) { agent_port_ = port; }
  // SIGTERM; fails the test unless the program ends with 0 within 30 s.
  void StopBackend();
  void StopAgent();
  ChildProcess& backend() { return backend_; }
  ChildProcess& agent() { return agent_; }

  // Runs `rollcall` as the operator.
  ProgramOutput Rollcall(const std::vector<std::string>& words) const;

  // name -> version of the packages the backend has now; fails the test if it does not answer.
  std::map<std::string, std::string> StoredPackages() const;
  // Whether the backend comes to have exactly these packages.
  bool StoredPackagesBecome(const std::map<std::string, std::string>& packages, absl::Duration timeout) const;

  // Writes the made-up host's dpkg database.
  void SetPackages(const std::map<std::string, std::string>& packages) const;

  std::string root() const { return folder_.path() + "/root"; }
  std::string data_dir() const { return folder_.path() + "/backend"; }
  std::string state_dir() const { return folder_.path() + "/agent"; }
  std::string backend_log() const { return folder_.path() + "/backend.log"; }
  std::string agent_log() const { return folder_.path() + "/agent.log"; }
  std::string agent_socket() const { return folder_.path() + "/agent.sock"; }
  const std::string& folder() const { return folder_.path(); }
  int port() const { return port_; }

 private:
  std::string port_file() const { return folder_.path() + "/port"; }
  void WriteAgentConfig() const;
  std::string FindCertificate(const std::string& below) const;

  TempFolder folder_;
  DeploymentOptions options_;
  int port_ = 0;
  int agent_port_ = 0;
  ChildProcess backend_;
  ChildProcess agent_;
};

// `count` packages named PREFIX0000, version `version`.
std::map<std::string, std::string> ManyPackages(int count, const std::string& version);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_DEPLOYMENT_H_

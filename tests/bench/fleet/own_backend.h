// A backend that the load generator starts for itself.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_OWN_BACKEND_H_
#define ROLLCALL_TESTS_BENCH_FLEET_OWN_BACKEND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/e2e/process.h"

namespace rollcall {

// A program with its data below `data_dir`. The process is killed when this goes.
class OwnBackend {
 public:
  // `arguments` are put after those of `serve`.
  OwnBackend(std::string binary, std::string data_dir, std::vector<std::string> arguments)
      : binary_(std::move(binary)), data_dir_(std::move(data_dir)), arguments_(std::move(arguments)) {}

  // Makes authority, server certificate, database and tenant.
  absl::Status Init(const std::string& tenant);
  // Starts it, and waits until it accepts connections. A second start takes the same port.
  absl::Status Start();
  // SIGKILL.
  void Kill() { process_.KillHard(); }
  // SIGTERM; an error unless it ends with 0 within two minutes.
  absl::Status Stop();

  pid_t pid() const { return process_.pid(); }
  int port() const { return port_; }
  std::string log_path() const { return data_dir_ + "/backend.log"; }

 private:
  const std::string binary_;
  const std::string data_dir_;
  const std::vector<std::string> arguments_;
  int port_ = 0;
  ChildProcess process_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_OWN_BACKEND_H_

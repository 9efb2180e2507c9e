#include "tests/bench/fleet/own_backend.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rollcall {

absl::Status OwnBackend::Init(const std::string& tenant) {
  const ProgramOutput init = RunProgram({binary_, "init", "--data-dir", data_dir_, "--tenant", tenant, "--server-name",
                                         "localhost", "--address", "127.0.0.1"});
  if (init.exit_code == 0) return absl::OkStatus();
  if (init.exit_code == 127) return absl::NotFoundError(absl::StrCat("run ", binary_, ": there is no such program"));
  return absl::InternalError(absl::StrCat("set up a backend in ", data_dir_, ": ", init.err));
}

absl::Status OwnBackend::Start() {
  const std::string port_file = data_dir_ + "/port";
  std::error_code error;
  std::filesystem::remove(port_file, error);
  std::vector<std::string> command = {binary_,       "serve",    "--data-dir",
                                      data_dir_,     "--listen", absl::StrCat("127.0.0.1:", port_),
                                      "--port-file", port_file};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  process_.Start(command, log_path());
  const bool started = Eventually(absl::Minutes(1), [&] {
    return !process_.running() || (absl::SimpleAtoi(ReadAll(port_file), &port_) && port_ > 0);
  });
  if (started && process_.running()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("start ", binary_, ": it does not accept connections; ", log_path(),
                                             " says why:\n", ReadAll(log_path())));
}

absl::Status OwnBackend::Stop() {
  process_.Signal(SIGTERM);
  const int code = process_.Wait(absl::Minutes(2));
  if (code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("stop the backend: it ended with ", code, "; see ", log_path()));
}

}  // namespace rollcall

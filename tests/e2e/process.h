// Real programs as child processes of a test.
#ifndef ROLLCALL_TESTS_E2E_PROCESS_H_
#define ROLLCALL_TESTS_E2E_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace rollcall {

// A running program. The destructor kills it.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Starts `argv`, appending its output and errors to `log`. `environment` replaces the
  // test's own if not empty. The child dies with the test.
  void Start(const std::vector<std::string>& argv, const std::string& log,
             const std::vector<std::string>& environment = {});
  bool running();
  void Signal(int signal) const;
  // Waits for the end; returns the exit code, 128 + signal, or -1 if `timeout` passed.
  int Wait(absl::Duration timeout);
  // SIGKILL and Wait.
  void KillHard();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

struct ProgramOutput {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs a program to its end.
ProgramOutput RunProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});

// Polls every 50 ms until `condition` holds or `timeout` passed; returns whether it held.
bool Eventually(absl::Duration timeout, const std::function<bool()>& condition);

std::string ReadAll(const std::string& path);
void WriteAll(const std::string& path, const std::string& text);

// A folder below the system's for temporary files, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_PROCESS_H_

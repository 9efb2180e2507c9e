#include "tests/e2e/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace rollcall {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Only async-signal-safe calls between fork and exec.
[[noreturn]] void BecomeProgram(const std::vector<char*>& argv, const std::vector<char*>& environment, int out,
                                int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (environment.size() > 1) {
    execve(argv[0], argv.data(), environment.data());
  } else {
    execv(argv[0], argv.data());
  }
  _exit(127);
}

int ExitCode(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

ChildProcess::~ChildProcess() {
  if (running()) KillHard();
}

void ChildProcess::Start(const std::vector<std::string>& argv, const std::string& log,
                         const std::vector<std::string>& environment) {
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> variables = Pointers(environment);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  exit_code_ = -1;
  pid_ = fork();
  if (pid_ == 0) BecomeProgram(arguments, variables, out, out);
  close(out);
}

bool ChildProcess::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = ExitCode(status);
  pid_ = -1;
  return false;
}

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int ChildProcess::Wait(absl::Duration timeout) {
  return Eventually(timeout, [this] { return !running(); }) ? exit_code_ : -1;
}

void ChildProcess::KillHard() {
  Signal(SIGKILL);
  Wait(absl::Seconds(30));
}

ProgramOutput RunProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  TempFolder folder;
  const std::string out = folder.path() + "/out";
  const std::string err = folder.path() + "/err";
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> variables = Pointers(environment);
  const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int err_fd = open(err.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(arguments, variables, out_fd, err_fd);
  close(out_fd);
  close(err_fd);
  int status = 0;
  waitpid(pid, &status, 0);
  return {.exit_code = ExitCode(status), .out = ReadAll(out), .err = ReadAll(err)};
}

bool Eventually(absl::Duration timeout, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void WriteAll(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  // Written beside and renamed, as package managers do.
  const std::string next = path + ".new";
  std::ofstream(next, std::ios::binary) << text;
  std::filesystem::rename(next, path);
}

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rollcall_e2e_XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rollcall

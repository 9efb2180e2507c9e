// What a tool of the test machine prints: the other opinion in differential tests.
#ifndef ROLLCALL_COLLECTORS_TESTING_TOOL_OUTPUT_H_
#define ROLLCALL_COLLECTORS_TESTING_TOOL_OUTPUT_H_

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// Runs `arguments[0]`, found in PATH, in the C locale and returns its standard output.
// Unavailable if there is no such tool or it fails.
inline absl::StatusOr<std::string> ToolOutput(std::vector<std::string> arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::UnavailableError("pipe");
  const ScopedFd from_tool(ends[0]);
  ScopedFd to_us(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_us.get(), STDOUT_FILENO);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char locale[] = "LC_ALL=C";
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {locale, path, nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::UnavailableError("spawn " + arguments[0]);
  to_us.Reset();
  std::string output;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(from_tool.get(), buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<size_t>(n));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return absl::UnavailableError(arguments[0] + " failed");
  return output;
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_TESTING_TOOL_OUTPUT_H_

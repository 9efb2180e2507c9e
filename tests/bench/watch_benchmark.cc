// What noticing changes costs the agent: at rest, in a burst of short processes, and in a burst of
// changed files. Has a main of its own, since it forks what it measures. Needs root for the
// process events. Goals: at rest at most 0.2 % of a core; 30 us for the life of a short process.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/watch/change_watcher.h"
#include "agent/watch/process_watcher.h"
#include "collectors/registry.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

constexpr absl::Duration kAtRest = absl::Seconds(20);
constexpr int kLives = 5'000;
constexpr int kChanges = 20'000;

// Of this process, its children not included.
absl::Duration CpuTime() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

long Switches() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

// Runs `work` in a child; returns how long it took.
template <typename Work>
absl::Duration InChild(const Clock& clock, const Work& work) {
  const absl::Duration begin = clock.Monotonic();
  const pid_t pid = ::fork();
  if (pid == 0) {
    work();
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  return clock.Monotonic() - begin;
}

void LiveShortLives(const char* seconds) {
  for (int i = 0; i < kLives; ++i) {
    pid_t pid = 0;
    char* const argv[] = {const_cast<char*>("sleep"), const_cast<char*>(seconds), nullptr};
    ::posix_spawn(&pid, "/bin/sleep", nullptr, nullptr, argv, environ);
    // Eight at a time.
    if (i >= 8) ::waitpid(-1, nullptr, 0);
  }
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

void Report(const char* what, int count, absl::Duration took, absl::Duration cpu) {
  std::printf("%-34s %7d in %6.2f s: %7.2f ms CPU, %6.2f us each, %5.2f %% of a core\n", what, count,
              absl::ToDoubleSeconds(took), absl::ToDoubleMilliseconds(cpu), absl::ToDoubleMicroseconds(cpu) / count,
              100 * absl::FDivDuration(cpu, took));
}

int Main() {
  const SystemClock clock;
  const auto root = HostRoot::Create("/");
  if (!root.ok()) return EXIT_FAILURE;
  std::string folder = "/tmp/rollcall_watch_XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return EXIT_FAILURE;
  std::vector<WatchedCollector> watched;
  for (const Collector::Descriptor* descriptor : AllCollectors()) {
    watched.push_back(
        {std::string(descriptor->name), {descriptor->watch_paths.begin(), descriptor->watch_paths.end()}});
  }
  watched.push_back({"benchmark", {folder + "/status"}});
  std::atomic<int> requests{0};
  NullLogger logger;
  ChangeWatcher changes(
      root->get(), std::move(watched), [&](const std::string&) { ++requests; }, &clock, &logger);
  ProcessWatcher processes(root->get(), &clock, [] {});
  changes.Start();
  processes.Start();
  std::printf("%llu files and folders watched; process events: %s\n",
              static_cast<unsigned long long>(changes.Stats().watches), processes.status().ToString().c_str());

  absl::Duration cpu = CpuTime();
  long switches = Switches();
  ::sleep(static_cast<unsigned>(absl::ToInt64Seconds(kAtRest)));
  std::printf("at rest, but for the machine's own processes: %.4f %% of a core, %ld wakings in %lld s\n",
              100 * absl::FDivDuration(CpuTime() - cpu, kAtRest), Switches() - switches,
              static_cast<long long>(absl::ToInt64Seconds(kAtRest)));

  cpu = CpuTime();
  absl::Duration took = InChild(clock, [] { LiveShortLives("0"); });
  Report("processes that end at once", kLives, took, CpuTime() - cpu);
  const auto none = [](uint32_t, uint64_t) { return false; };
  ProcessEventReport report = processes.Take(none);
  std::printf("  %zu told, %llu skipped, %llu missed, %llu losses\n", report.ended.size(),
              static_cast<unsigned long long>(report.skipped), static_cast<unsigned long long>(report.missed),
              static_cast<unsigned long long>(report.losses));

  const std::string status = folder + "/status";
  cpu = CpuTime();
  took = InChild(clock, [&] {
    const std::string next = status + "-new";
    for (int i = 0; i < kChanges; ++i) {
      if (FILE* file = std::fopen(next.c_str(), "w")) std::fclose(file);
      ::rename(next.c_str(), status.c_str());
    }
  });
  ::usleep(300'000);
  Report("renames over a watched file", kChanges, took, CpuTime() - cpu);
  std::printf("  %d requests for a run\n", requests.load());
  ::unlink(status.c_str());
  ::rmdir(folder.c_str());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace rollcall

int main() { return rollcall::Main(); }

// Cost of the process inventory on a host with 1,000 sleeping processes, beside that of the
// same system calls and the hashing alone. A first run should cost at most 1.5 times the bare calls, a run in
// which nothing is new at most 25 ms of CPU time.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "collectors/processes/processes_collector.h"
#include "collectors/run_collector.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/scoped_fd.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

constexpr size_t kProcesses = 1'000;

// Sleepers that end with the program.
class Sleepers {
 public:
  Sleepers() {
    for (size_t i = 0; i < kProcesses; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execl("/bin/sleep", "sleep", "infinity", nullptr);
        ::_exit(127);
      }
      if (pid > 0) pids_.push_back(pid);
    }
    ::usleep(500'000);  // until the last of them has executed its program
  }
  ~Sleepers() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }

 private:
  std::vector<pid_t> pids_;
};

// One hour ahead, when no process is young.
class LaterClock : public SystemClock {
 public:
  absl::Time Now() const override { return SystemClock::Now() + absl::Hours(1); }
};

class NullSink : public RecordSink {
 public:
  absl::Status Emit(pb::Record&& record) override {
    benchmark::DoNotOptimize(record);
    return absl::OkStatus();
  }
};

struct Host {
  Host() : files(*HostRoot::Create("/")) {
    context.files = files.get();
    context.clock = &clock;
  }
  std::unique_ptr<HostRoot> files;
  LaterClock clock;
  CollectorContext context;
};

void ReadBare(int folder, const char* name, char* buffer, size_t size) {
  const int fd = ::openat(folder, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  while (::read(fd, buffer, size) > 0) {
  }
  ::close(fd);
}

using Hashed = std::set<std::pair<uint64_t, uint64_t>>;

// What has to be asked about one process that is not known yet.
void ReadProcessBare(const char* path, Hashed* hashed) {
  char buffer[8192];
  const int folder = ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  for (const char* name : {"stat", "status", "cmdline", "cgroup"}) ReadBare(folder, name, buffer, sizeof buffer);
  for (const char* name : {"exe", "cwd", "root"}) {
    benchmark::DoNotOptimize(::readlinkat(folder, name, buffer, sizeof buffer));
  }
  const int namespaces = ::openat(folder, "ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"}) {
    benchmark::DoNotOptimize(::readlinkat(namespaces, name, buffer, sizeof buffer));
  }
  ::close(namespaces);
  struct stat info;
  if (::fstatat(folder, "exe", &info, 0) == 0 && hashed->emplace(info.st_dev, info.st_ino).second) {
    const ScopedFd exe(::openat(folder, "exe", O_RDONLY | O_CLOEXEC));
    benchmark::DoNotOptimize(Sha256HexOfFd(exe.get(), uint64_t{256} << 20, StopToken()));
  }
  benchmark::DoNotOptimize(::fstatat(folder, "fd", &info, AT_SYMLINK_NOFOLLOW));
  benchmark::DoNotOptimize(::stat("/usr/bin/sleep", &info));  // is it the host's file
  ::close(folder);
}

void BM_BareSystemCalls(benchmark::State& state) {
  const Sleepers sleepers;
  for (auto _ : state) {
    Hashed hashed;
    DIR* const proc = ::opendir("/proc");
    while (const dirent* entry = ::readdir(proc)) {
      uint32_t pid = 0;
      if (absl::SimpleAtoi(entry->d_name, &pid)) ReadProcessBare(absl::StrCat("/proc/", pid).c_str(), &hashed);
    }
    ::closedir(proc);
  }
}

void BM_FirstRun(benchmark::State& state) {
  const Sleepers sleepers;
  const Host host;
  NullSink sink;
  for (auto _ : state) {
    const auto collector = kProcessesCollector.create(host.context);
    const pb::RunResult result = RunCollector(*collector, kProcessesCollector, {}, host.clock, StopToken(), sink);
    if (result.record_count() < kProcesses) state.SkipWithError("records missing");
  }
}

// Every 16th run of this reads a process completely, as in service.
void BM_NothingNew(benchmark::State& state) {
  const Sleepers sleepers;
  const Host host;
  NullSink sink;
  const auto collector = kProcessesCollector.create(host.context);
  RunCollector(*collector, kProcessesCollector, {}, host.clock, StopToken(), sink);
  for (auto _ : state) {
    const pb::RunResult result = RunCollector(*collector, kProcessesCollector, {}, host.clock, StopToken(), sink);
    if (result.record_count() < kProcesses) state.SkipWithError("records missing");
  }
}

BENCHMARK(BM_BareSystemCalls)->Unit(benchmark::kMillisecond)->Iterations(32);
BENCHMARK(BM_FirstRun)->Unit(benchmark::kMillisecond)->Iterations(32);
BENCHMARK(BM_NothingNew)->Unit(benchmark::kMillisecond)->Iterations(64);

}  // namespace
}  // namespace rollcall

// A host with one variable source of each kind, in memory.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_TEST_SUPPORT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "collectors/environment/environment_collector.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {

// Booted an hour ago, by the clock and by /proc/stat.
class EnvironmentTestHost {
 public:
  EnvironmentTestHost() {
    CollectorContext context;
    context.files = &files;
    context.clock = &clock;
    collector = kEnvironmentCollector.create(context);
    files.SetFile("/proc/stat", absl::StrCat("btime ", absl::ToUnixSeconds(clock.Now() - absl::Hours(1)), "\n"));
    AddProcess(1, "/usr/lib/systemd/systemd", "PATH=/usr/bin");
  }

  // `environment` has NULs between its entries; the one at its end is added.
  void AddProcess(uint32_t pid, absl::string_view exe, absl::string_view environment,
                  absl::Duration age = absl::Minutes(30), absl::string_view cgroup = "0::/init.scope",
                  uint32_t flags = 0) {
    const std::string folder = absl::StrCat("/proc/", pid, "/");
    const int64_t ticks = (absl::Hours(1) - age) / absl::Milliseconds(10);
    files.SetFile(folder + "stat", absl::StrCat(pid, " (x) S 0 ", pid, " ", pid, " 0 -1 ", flags,
                                                " 0 0 0 0 0 0 0 0 20 0 1 0 ", ticks, " 4096 1\n"));
    files.SetSymlink(folder + "exe", exe);
    files.SetFile(folder + "environ", absl::StrCat(environment, std::string(1, '\0')));
    files.SetFile(folder + "cgroup", absl::StrCat(cgroup, "\n"));
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink.Clear();
    return RunCollector(*collector, kEnvironmentCollector, {}, clock, stop, sink);
  }

  // The record of that owner and name; an empty one if there is none.
  pb::EnvironmentVariable Find(absl::string_view owner, absl::string_view name) const {
    for (const pb::Record& record : sink.records()) {
      const pb::EnvironmentVariable& variable = record.environment_variable();
      if (variable.owner() == owner && variable.name() == name) return variable;
    }
    return {};
  }

  MemoryTree files;
  FakeClock clock;
  std::unique_ptr<Collector> collector;
  VectorSink sink;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_TEST_SUPPORT_H_

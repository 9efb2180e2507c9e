// A host in memory, and what was found on it.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_SCHEDULED_TASKS_TEST_SUPPORT_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_SCHEDULED_TASKS_TEST_SUPPORT_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collectors/run_collector.h"
#include "collectors/scheduled_tasks/scheduled_tasks_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/memory_tree.h"
#include "platform/systemd/system_manager.h"
#include "platform/testing/fake_clock.h"
#include "proto/wire_time.h"

namespace rollcall {

inline constexpr char kPasswd[] = "root:x:0:0::/root:/bin/sh\njane:x:1000:1000::/home/jane:/bin/sh\n";

// Carries an answer.
class TestSystemManager : public SystemManager {
 public:
  absl::StatusOr<std::vector<UnitRunState>> ListUnits(absl::Duration /*patience*/) const override {
    return absl::UnimplementedError("list units: not asked for tasks");
  }
  absl::StatusOr<std::vector<TimerRunState>> ListTimers(absl::Duration patience) const override {
    ++calls;
    EXPECT_LE(patience, absl::Seconds(2));
    return timers;
  }

  absl::StatusOr<std::vector<TimerRunState>> timers = absl::NotFoundError("nobody listens");
  mutable int calls = 0;
};

// 2024-01-01T00:00:00Z is a Monday. Systemd is not asked before `/run/systemd/system` is there.
class ScheduledTasksTest : public testing::Test {
 protected:
  ScheduledTasksTest() {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    context.system_manager = &manager_;
    collector_ = kScheduledTasksCollector.create(context);
    SetDistribution("debian");
    files_.SetFile("/etc/passwd", kPasswd);
    files_.SetSymlink("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC");
  }

  void SetDistribution(absl::string_view id) { files_.SetFile("/etc/os-release", absl::StrCat("ID=", id, "\n")); }

  void SetFileWithMode(absl::string_view path, absl::string_view content, uint32_t mode) {
    files_.SetFile(path, content);
    FileInfo info = *files_.Stat(path);
    info.mode = mode;
    files_.SetInfo(path, info);
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    return RunCollector(*collector_, kScheduledTasksCollector, {}, clock_, stop, sink_);
  }

  // `SCHEDULE | USER | COMMAND`, and why it is disabled.
  std::vector<std::string> Found() const {
    std::vector<std::string> found;
    for (const pb::Record& record : sink_.records()) {
      const pb::ScheduledTask& task = record.scheduled_task();
      found.push_back(absl::StrCat(task.schedule(), " | ", task.user(), " | ", task.command(),
                                   task.enabled() ? "" : absl::StrCat(" (", task.disabled_reason(), ")")));
      EXPECT_EQ(task.enabled(), task.disabled_reason().empty());
      EXPECT_TRUE(task.enabled() || !task.has_next_run());
    }
    return found;
  }

  const pb::ScheduledTask& Task(size_t i) const { return sink_.records().at(i).scheduled_task(); }

  std::string NextRun(size_t i) const {
    if (!Task(i).has_next_run()) return "";
    return absl::FormatTime("%Y-%m-%d %H:%M", *FromWire(Task(i).next_run()), absl::UTCTimeZone());
  }

  MemoryTree files_;
  FakeClock clock_;
  TestSystemManager manager_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_SCHEDULED_TASKS_TEST_SUPPORT_H_

// kill -9 at chosen points rather than at random times: agent and backend run side by side, each
// under a tracer that kills it on entry to the N-th call of one system call, and start again at
// once with the next point. So each is killed between a write and its sync, between a sync and a
// rename, after a commit and before its acknowledgement goes out, halfway through a batch. What was
// sent and not acknowledged is sent again over the next connection; nothing may be lost or doubled.
//
// There are 249 points, and all are taken, as in CI: two and a half minutes on two cores. With
// ROLLCALL_KILL_POINTS it is that many, at even distances: `tools/test --quick` takes 64.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

constexpr char kTracer[] = "/usr/bin/strace";
// A point that is not reached within this is passed over.
constexpr absl::Duration kPatience = absl::Seconds(20);

// The `nth` call, counted per thread.
struct FailPoint {
  std::string system_call;
  int nth;
};

// Points 1 to `last` of each call; every thread counts its own, so most are reached by the one
// thread that writes or sends.
std::vector<FailPoint> PointsOf(const std::vector<std::pair<std::string, int>>& calls) {
  std::vector<FailPoint> points;
  for (const auto& [system_call, last] : calls) {
    for (int nth = 1; nth <= last; ++nth) points.push_back({system_call, nth});
  }
  return points;
}

// From the first file it opens over the recovery of the spool to batches on their way.
std::vector<FailPoint> AgentPoints() {
  return PointsOf(
      {{"openat", 60}, {"pwrite64", 24}, {"fdatasync", 8}, {"rename", 1}, {"sendmsg", 10}, {"recvmsg", 12}});
}

std::vector<FailPoint> BackendPoints() {
  return PointsOf(
      {{"openat", 24}, {"pread64", 14}, {"pwrite64", 60}, {"fdatasync", 10}, {"sendmsg", 12}, {"recvmsg", 14}});
}

// `count` of them at even distances, in random order.
std::deque<FailPoint> Sample(const std::vector<FailPoint>& points, size_t count, std::mt19937* random) {
  count = std::min(count, points.size());
  std::deque<FailPoint> sample;
  for (size_t i = 0; i < count; ++i) sample.push_back(points[i * points.size() / count]);
  std::shuffle(sample.begin(), sample.end(), *random);
  return sample;
}

// No --seccomp-bpf: with it, the tracer does not count the calls.
std::vector<std::string> KilledAt(const FailPoint& point) {
  std::vector<std::string> tracer = {kTracer, "-f", "-qqq", "-o", "/dev/null"};
  tracer.push_back(absl::StrCat("--trace=", point.system_call));
  tracer.push_back(absl::StrCat("--inject=", point.system_call, ":signal=SIGKILL:when=", point.nth));
  return tracer;
}

// SIGKILL for what runs under the tracer; the tracer then ends by itself.
void KillTraced(ChildProcess& tracer) {
  pid_t traced = 0;
  const std::string children = ReadAll(absl::StrCat("/proc/", tracer.pid(), "/task/", tracer.pid(), "/children"));
  if (absl::SimpleAtoi(children, &traced) && traced > 0) kill(traced, SIGKILL);
  EXPECT_GE(tracer.Wait(absl::Seconds(30)), 0);
}

// One of the two programs, from one death to the next.
class Victim {
 public:
  Victim(std::deque<FailPoint> points, ChildProcess* process, std::function<void(std::vector<std::string>)> start)
      : points_(std::move(points)), process_(process), start_(std::move(start)) {}

  // Starts it under the next point; false if there is none left.
  bool Start() {
    if (points_.empty()) return false;
    start_(KilledAt(points_.front()));
    started_ = std::chrono::steady_clock::now();
    return true;
  }

  // Whether it is dead, by its point or because that was not reached.
  bool Died() {
    if (process_->running()) {
      if (std::chrono::steady_clock::now() - started_ < absl::ToChronoNanoseconds(kPatience)) return false;
      KillTraced(*process_);
      missed_ += absl::StrCat(" ", points_.front().system_call, "#", points_.front().nth);
    } else {
      EXPECT_EQ(process_->Wait(absl::ZeroDuration()), 128 + SIGKILL) << "it ended by itself";
      ++reached_;
    }
    points_.pop_front();
    return true;
  }

  size_t reached() const { return reached_; }
  const std::string& missed() const { return missed_; }

 private:
  std::deque<FailPoint> points_;
  ChildProcess* const process_;
  const std::function<void(std::vector<std::string>)> start_;
  std::chrono::steady_clock::time_point started_;
  size_t reached_ = 0;
  std::string missed_;
};

class KillPointsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kTracer)) GTEST_SKIP() << "needs strace";
    deployment_.Init();
    packages_ = ManyPackages(200, "1.0");
    deployment_.SetPackages(packages_);
    deployment_.StartBackend();
    deployment_.StartAgent();
    ASSERT_TRUE(deployment_.StoredPackagesBecome(packages_, absl::Seconds(60)));
    deployment_.agent().KillHard();
    deployment_.backend().KillHard();
  }

  size_t Wanted(size_t all) const {
    const char* text = std::getenv("ROLLCALL_KILL_POINTS");
    size_t wanted = all;
    if (text != nullptr && !absl::SimpleAtoi(text, &wanted)) return all;
    return std::min(wanted, all);
  }

  void Change() {
    for (int i = 0; i < 8; ++i) packages_[absl::StrCat("churn", random_() % 40)] = absl::StrCat(random_() % 7);
    packages_.erase(absl::StrCat("churn", random_() % 40));
    deployment_.SetPackages(packages_);
  }

  Deployment deployment_;
  std::map<std::string, std::string> packages_;
  std::mt19937 random_{20261126};
};

TEST_F(KillPointsTest, NothingIsLostAndNothingDoubled) {
  const std::vector<FailPoint> agent_points = AgentPoints();
  const std::vector<FailPoint> backend_points = BackendPoints();
  const size_t all = agent_points.size() + backend_points.size();
  const size_t wanted = Wanted(all);
  Victim agent(Sample(agent_points, wanted * agent_points.size() / all, &random_), &deployment_.agent(),
               [this](std::vector<std::string> wrapper) {
                 deployment_.SetAgentWrapper(std::move(wrapper));
                 deployment_.StartAgent();
               });
  Victim backend(Sample(backend_points, wanted * backend_points.size() / all, &random_), &deployment_.backend(),
                 [this](std::vector<std::string> wrapper) {
                   deployment_.SetBackendWrapper(std::move(wrapper));
                   deployment_.LaunchBackend();
                 });
  bool agent_left = agent.Start();
  bool backend_left = backend.Start();
  for (int tick = 0; agent_left || backend_left; ++tick) {
    if (tick % 20 == 0) Change();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    // The one that has no points left goes on as the other's partner.
    if (agent_left && agent.Died() && !(agent_left = agent.Start())) {
      deployment_.SetAgentWrapper({});
      deployment_.StartAgent();
    }
    if (backend_left && backend.Died() && !(backend_left = backend.Start())) {
      deployment_.SetBackendWrapper({});
      deployment_.StartBackend();
    }
  }
  RecordProperty("killed_at_points", static_cast<int>(agent.reached() + backend.reached()));
  std::cout << agent.reached() << " points of the agent and " << backend.reached()
            << " of the backend; not reached:" << agent.missed() << backend.missed() << std::endl;
  EXPECT_GE(agent.reached() + backend.reached(), wanted * 2 / 3) << "most points must be reached, on slow machines too";

  EXPECT_TRUE(deployment_.StoredPackagesBecome(packages_, absl::Seconds(120)));
  deployment_.StopAgent();
  deployment_.StopBackend();
  ExpectNothingDoubled(deployment_.data_dir());
}

}  // namespace
}  // namespace rollcall

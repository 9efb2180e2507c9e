// Two backend processes on one port and one database: nothing is lost, doubled or out of order when
// agents go from one to the other, also when one of them dies.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/deployment.h"
#include "tests/e2e/pipeline_agent.h"

namespace rollcall {
namespace {

using Packages = std::map<std::string, std::string>;

constexpr int kAgents = 6;
constexpr absl::Duration kPatience = absl::Seconds(90);

// What http://127.0.0.1:PORT/metrics says; empty if nobody answers.
std::string Scrape(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  std::string text;
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) text.append(buffer, size);
  }
  ::close(fd);
  return text;
}

// The number that follows `key` in `text`; 0 if there is none.
uint64_t NumberAfter(const std::string& key, const std::string& text) {
  const size_t at = text.find(key);
  if (at == std::string::npos) return 0;
  const size_t begin = at + key.size();
  uint64_t number = 0;
  return absl::SimpleAtoi(text.substr(begin, text.find_first_not_of("0123456789", begin) - begin), &number) ? number
                                                                                                            : 0;
}

// One backend process of several.
class SharingBackend {
 public:
  SharingBackend(const std::string& folder, const std::string& name) : folder_(folder), name_(name) {}

  void Start(int port) {
    const std::string port_file = path(".port");
    std::filesystem::remove(port_file);
    std::filesystem::remove(path(".log"));
    process_.Start({Program("rollcall-backend"), "serve", "--data-dir", folder_ + "/backend", "--listen",
                    absl::StrCat("127.0.0.1:", port), "--port-file", port_file, "--reuse-port", "true",
                    "--metrics-address", "127.0.0.1:0", "--heartbeat-interval", "1s"},
                   path(".log"));
    ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
      return absl::SimpleAtoi(ReadAll(port_file), &port_) && port_ > 0;
    })) << ReadAll(path(".log"));
    ASSERT_TRUE(Eventually(absl::Seconds(60), [&] { return MetricsPort() > 0; })) << ReadAll(path(".log"));
  }
  void Stop() {
    process_.Signal(SIGTERM);
    EXPECT_EQ(process_.Wait(absl::Seconds(60)), 0) << ReadAll(path(".log"));
  }
  void KillHard() { process_.KillHard(); }
  int port() const { return port_; }
  uint64_t SessionsOpened() const { return NumberAfter("\nrollcall_sessions_opened_total ", Scrape(MetricsPort())); }

 private:
  std::string path(const std::string& ending) const { return folder_ + "/" + name_ + ending; }
  int MetricsPort() const { return static_cast<int>(NumberAfter("\"metrics_port\":", ReadAll(path(".log")))); }

  const std::string folder_;
  const std::string name_;
  ChildProcess process_;
  int port_ = 0;
};

class SharedStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const ProgramOutput init =
        RunProgram({Program("rollcall-backend"), "init", "--data-dir", folder_.path() + "/backend", "--tenant", "dev",
                    "--server-name", "localhost", "--address", "127.0.0.1", "--agents", absl::StrCat(kAgents)});
    ASSERT_EQ(init.exit_code, 0) << init.out << init.err;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/backend/pki/agents")) {
      PipelineAgentOptions options;
      options.agent_id = entry.path().filename().string();
      options.pki_dir = entry.path().string();
      options.state_dir = absl::StrCat(folder_.path(), "/state/", options.agent_id);
      agents_.push_back(options);
    }
    ASSERT_EQ(agents_.size(), size_t{kAgents});
  }

  // The database, read beside the processes that write it.
  Packages Stored(SqliteStore& store, const std::string& agent_id) const {
    Packages packages;
    std::string cursor;
    do {
      const auto page = store.Scan({.tenant = "dev", .agent_ids = {agent_id}}, cursor, 1000);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const StoredVersion& version : page->versions) {
        pb::Record record;
        EXPECT_TRUE(record.ParseFromString(version.payload));
        packages[record.os_package().name()] = record.os_package().version();
      }
      cursor = page->next_cursor;
    } while (!cursor.empty());
    return packages;
  }

  TempFolder folder_;
  std::vector<PipelineAgentOptions> agents_;
};

// What agent `number` finds in its round `round`: some comes, some goes, some changes.
Packages FoundIn(int number, int round) {
  Packages packages;
  for (int i = 0; i < 40; ++i) {
    if ((i + round) % 7 != 0) packages[absl::StrCat("p", number, "-", i)] = absl::StrCat((i + round) / 5);
  }
  return packages;
}

TEST_F(SharedStoreTest, AgentsGoBetweenTwoProcessesAndOneDies) {
  constexpr int kLives = 6;
  constexpr int kRounds = 4;
  SharingBackend first(folder_.path(), "first");
  SharingBackend second(folder_.path(), "second");
  first.Start(0);
  second.Start(first.port());
  auto store = SqliteStore::Open({.path = folder_.path() + "/backend/rollcall.db"});
  ASSERT_TRUE(store.ok()) << store.status();
  std::vector<std::thread> threads;
  for (int number = 0; number < kAgents; ++number) {
    PipelineAgentOptions options = agents_[static_cast<size_t>(number)];
    options.address = absl::StrCat("127.0.0.1:", first.port());
    threads.emplace_back([&, options, number] {
      // Every life is a new connection, which the kernel gives to one of the two.
      for (int life = 0; life < kLives; ++life) {
        PipelineAgent agent(options);
        for (int round = 0; round < kRounds; ++round) {
          agent.Collect(FoundIn(number, life * kRounds + round));
          StopToken().WaitFor(absl::Milliseconds(100));
        }
      }
      PipelineAgent agent(options);
      const Packages last = FoundIn(number, kLives * kRounds);
      EXPECT_TRUE(Eventually(kPatience,
                             [&] {
                               agent.Collect(last);
                               StopToken().WaitFor(absl::Milliseconds(200));
                               return Stored(**store, options.agent_id) == last;
                             }))
          << "agent " << number;
    });
  }
  // Both get agents; then one dies in the middle of it, and comes back.
  EXPECT_TRUE(Eventually(kPatience, [&] { return first.SessionsOpened() > 0 && second.SessionsOpened() > 0; }));
  second.KillHard();
  StopToken().WaitFor(absl::Milliseconds(500));
  second.Start(first.port());
  for (std::thread& thread : threads) thread.join();
  first.Stop();
  second.Stop();
  ExpectNothingDoubled(**store);
}

TEST_F(SharedStoreTest, SharingIsADecisionOfBoth) {
  SharingBackend sharing(folder_.path(), "sharing");
  sharing.Start(0);
  const ProgramOutput alone = RunProgram(
      {Program("rollcall-backend"), "serve", "--data-dir", folder_.path() + "/backend", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_NE(alone.err.find("another rollcall-backend is using it"), std::string::npos) << alone.err;
  sharing.Stop();
}

}  // namespace
}  // namespace rollcall

// Secrets planted in argument vectors of running processes are nowhere behind the redactor:
// not on the wire, not in the spool, not in the database, not in a log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/spool/directory_spool.h"
#include "rollcall/v1/ingest.pb.h"
#include "tests/e2e/deployment.h"
#include "tests/e2e/zstd_text.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr absl::string_view kSecrets[] = {"Pl4ntedLongOpt", "Pl4ntedMysqlP", "Pl4ntedCurlU", "Pl4ntedUserinfo"};

// Names of files below `folder` that hold one of the secrets in plain bytes.
std::vector<std::string> FilesWithSecrets(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = ReadAll(entry.path().string());
    for (absl::string_view secret : kSecrets) {
      if (absl::StrContains(bytes, secret)) found.push_back(absl::StrCat(entry.path().string(), " has ", secret));
    }
  }
  return found;
}

// Everything the spool holds, decompressed: what would go on the wire, before TLS.
std::string SpooledPlaintext(const std::string& state_dir) {
  std::string text;
  auto spool = DirectorySpool::Open(state_dir + "/spool", {});
  EXPECT_TRUE(spool.ok()) << spool.status();
  if (!spool.ok()) return text;
  const SpoolStats stats = (*spool)->Stats();
  for (uint64_t from = stats.first_sequence; from < stats.next_sequence;) {
    const auto entries = (*spool)->Read(from, 64, size_t{4} << 20);
    if (!entries.ok() || entries->empty()) break;
    for (const SpoolEntry& entry : *entries) {
      rollcall::v1::Batch batch;
      EXPECT_TRUE(batch.ParseFromString(entry.payload));
      text += entry.payload + Decompressed(batch.body(), batch.body_size());
    }
    from = entries->back().sequence + 1;
  }
  return text;
}

TEST(Secrets, AreNowhereBehindTheRedactor) {
  TempFolder folder;
  // Real processes with the names and arguments of programs that take secrets; each sleeps.
  std::vector<std::unique_ptr<ChildProcess>> processes;
  const auto run = [&](const std::string& name, const std::vector<std::string>& arguments) {
    const std::string program = folder.path() + "/" + name;
    std::filesystem::copy_file(Program("e2e_sleeper"), program);
    std::vector<std::string> argv = {program};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    processes.push_back(std::make_unique<ChildProcess>());
    processes.back()->Start(argv, folder.path() + "/sleepers.log");
  };
  run("myservice", {"--password=Pl4ntedLongOpt", "--verbose"});
  run("mysql", {"-uroot", "-pPl4ntedMysqlP", "shop"});
  run("curl", {"-u", "alice:Pl4ntedCurlU", "http://localhost/"});
  run("worker", {"postgres://app:Pl4ntedUserinfo@db.internal/shop"});

  DeploymentOptions options;
  options.live_host = true;
  options.collectors = {"processes", "host"};
  Deployment deployment(options);
  deployment.Init();
  deployment.StartBackend();
  // What TLS carries is decided by what is in the spool: collect with the backend away first.
  deployment.StopBackend();
  deployment.StartAgent();
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(ReadAll(deployment.agent_log()), R"("collector":"processes","status":"COMPLETE")");
  })) << ReadAll(deployment.agent_log());
  deployment.StopAgent();
  const std::string plaintext = SpooledPlaintext(deployment.state_dir());
  EXPECT_THAT(plaintext, HasSubstr("myservice")) << "the records are there";
  for (absl::string_view secret : kSecrets) EXPECT_FALSE(absl::StrContains(plaintext, secret)) << secret;

  deployment.StartBackend();
  deployment.StartAgent();
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(deployment.Rollcall({"ls", "processes", "--where", "name=myservice"}).out, "myservice");
  }));
  const ProgramOutput shown = deployment.Rollcall({"ls", "processes", "--format", "json"});
  EXPECT_THAT(shown.out, HasSubstr("[REDACTED:"));
  for (absl::string_view secret : kSecrets) EXPECT_FALSE(absl::StrContains(shown.out, secret)) << secret;
  deployment.StopAgent();
  deployment.StopBackend();
  EXPECT_THAT(FilesWithSecrets(deployment.folder()), testing::IsEmpty());
}

TEST(Secrets, AreNotInWhatCollectPrints) {
  TempFolder folder;
  ChildProcess process;
  process.Start({Program("e2e_sleeper"), "--token", "Pl4ntedLongOpt"}, folder.path() + "/log");
  const ProgramOutput out = RunProgram({Program("rollcall-agent"), "collect", "--collector", "processes"});
  EXPECT_THAT(out.out, HasSubstr("e2e_sleeper"));
  EXPECT_THAT(out.out, Not(HasSubstr("Pl4ntedLongOpt")));
}

// No port is opened on the host.
TEST(Secrets, TheAgentListensOnNoPort) {
  DeploymentOptions options;
  options.live_host = true;
  options.collectors = {"ports", "processes"};
  Deployment deployment(options);
  deployment.Init();
  deployment.StartBackend();
  deployment.StartAgent();
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return deployment.Rollcall({"status", "--check", "--collectors", "ports,processes"}).exit_code == 0;
  })) << ReadAll(deployment.agent_log());
  const ProgramOutput ports = deployment.Rollcall({"ls", "ports", "--where", "transport~TCP|UDP|SCTP", "--where",
                                                   "owners.name=rollcall-agent", "--format", "json"});
  EXPECT_EQ(ports.out, "") << "the agent holds a port";
  EXPECT_THAT(deployment.Rollcall({"ls", "ports", "--where", "owners.name=rollcall-backen"}).out,
              HasSubstr(absl::StrCat(deployment.port())));
}

}  // namespace
}  // namespace rollcall

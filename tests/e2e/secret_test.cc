// Secrets planted in argument vectors of running processes are nowhere behind the redactor:
// not on the wire, not in the spool, not in the database, not in a log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/spool/directory_spool.h"
#include "rollcall/v1/ingest.pb.h"
#include "tests/e2e/deployment.h"
#include "tests/e2e/recording_relay.h"
#include "tests/e2e/zstd_text.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr absl::string_view kSecrets[] = {"Pl4ntedLongOpt", "Pl4ntedMysqlP", "Pl4ntedCurlU", "Pl4ntedUserinfo"};

// The secret as it is, percent-encoded, and what any Base64 of a text with it has in common.
std::vector<std::string> FormsOf(absl::string_view secret) {
  std::vector<std::string> forms = {std::string(secret), "", ""};
  for (const char c : secret) {
    absl::StrAppendFormat(&forms[1], "%%%02x", c);
    absl::StrAppendFormat(&forms[2], "%%%02X", c);
  }
  for (const size_t before : {0, 1, 2}) {
    const std::string encoded = absl::Base64Escape(absl::StrCat(std::string(before, 'x'), secret));
    // The outer groups depend on the neighbours.
    forms.push_back(encoded.substr(4, encoded.size() - 8));
  }
  return forms;
}

// The secrets that occur in `bytes` in one of their forms.
std::vector<std::string> SecretsIn(absl::string_view bytes) {
  std::vector<std::string> found;
  for (absl::string_view secret : kSecrets) {
    for (const std::string& form : FormsOf(secret)) {
      if (absl::StrContains(bytes, form)) found.push_back(absl::StrCat(secret, " as ", form));
    }
  }
  return found;
}

// What files below `folder` hold of the secrets, in whatever form.
std::vector<std::string> FilesWithSecrets(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    for (const std::string& secret : SecretsIn(ReadAll(entry.path().string()))) {
      found.push_back(absl::StrCat(entry.path().string(), " has ", secret));
    }
  }
  return found;
}

TEST(Secrets, AreFoundInEveryForm) {
  EXPECT_THAT(SecretsIn("user=a&password=Pl4ntedCurlU;"), testing::SizeIs(1));
  EXPECT_THAT(SecretsIn("%50%6c%34%6e%74%65%64%43%75%72%6c%55"), testing::SizeIs(1));
  for (const char* before : {"", "a", "ab"}) {
    EXPECT_THAT(SecretsIn(absl::Base64Escape(absl::StrCat(before, "Pl4ntedCurlU:more"))), testing::SizeIs(1)) << before;
  }
  EXPECT_THAT(SecretsIn("Pl4nted"), testing::IsEmpty());

  const TempFolder folder;
  std::filesystem::create_directory(folder.path() + "/below");
  WriteAll(folder.path() + "/below/plain", "-pPl4ntedMysqlP");
  WriteAll(folder.path() + "/below/encoded", absl::Base64Escape("alice:Pl4ntedCurlU"));
  WriteAll(folder.path() + "/none", "Pl4nted");
  EXPECT_THAT(FilesWithSecrets(folder.path()), testing::UnorderedElementsAre(HasSubstr("/plain has Pl4ntedMysqlP"),
                                                                             HasSubstr("/encoded has Pl4ntedCurlU")));
}

// Every byte that passed between agent and backend, among them at least `sent_bytes` to the backend.
void ExpectSecretFreeTls(const RecordingRelay& relay, size_t sent_bytes) {
  size_t total = 0;
  const std::vector<RecordingRelay::Capture> captures = relay.Captures();
  ASSERT_FALSE(captures.empty());
  for (const RecordingRelay::Capture& capture : captures) {
    EXPECT_EQ(TlsFlaw(capture.to_backend), "");
    if (!capture.to_agent.empty()) {
      EXPECT_EQ(TlsFlaw(capture.to_agent), "");
    }
    // The name the agent asks for is the one word that TLS leaves in the clear: these are wire bytes.
    EXPECT_THAT(capture.to_backend, HasSubstr("localhost"));
    EXPECT_FALSE(absl::StrContains(capture.to_backend, "myservice")) << "a record in the clear";
    EXPECT_THAT(SecretsIn(capture.to_backend), testing::IsEmpty());
    EXPECT_THAT(SecretsIn(capture.to_agent), testing::IsEmpty());
    total += capture.to_backend.size();
  }
  EXPECT_GT(total, sent_bytes) << "something went past the relay";
}

struct Spooled {
  // Decompressed.
  std::string plaintext;
  // What `processes` found, as it goes on the wire.
  size_t process_bytes = 0;
};

// Everything the spool holds: what would go on the wire, before TLS.
Spooled ReadSpool(const std::string& state_dir) {
  Spooled spooled;
  auto spool = DirectorySpool::Open(state_dir + "/spool", {});
  EXPECT_TRUE(spool.ok()) << spool.status();
  if (!spool.ok()) return spooled;
  const SpoolStats stats = (*spool)->Stats();
  for (uint64_t from = stats.first_sequence; from < stats.next_sequence;) {
    const auto entries = (*spool)->Read(from, 64, size_t{4} << 20);
    if (!entries.ok() || entries->empty()) break;
    for (const SpoolEntry& entry : *entries) {
      rollcall::v1::Batch batch;
      EXPECT_TRUE(batch.ParseFromString(entry.payload));
      spooled.plaintext += entry.payload + Decompressed(batch.body(), batch.body_size());
      if (batch.collector() == "processes") spooled.process_bytes += entry.payload.size();
    }
    from = entries->back().sequence + 1;
  }
  return spooled;
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
  const Spooled spooled = ReadSpool(deployment.state_dir());
  EXPECT_THAT(spooled.plaintext, HasSubstr("myservice")) << "the records are there";
  EXPECT_THAT(SecretsIn(spooled.plaintext), testing::IsEmpty());

  deployment.StartBackend();
  const RecordingRelay relay(deployment.port());
  deployment.RouteAgentThrough(relay.port());
  deployment.StartAgent();
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(deployment.Rollcall({"ls", "processes", "--where", "name=myservice"}).out, "myservice");
  }));
  const ProgramOutput shown = deployment.Rollcall({"ls", "processes", "--format", "json"});
  EXPECT_THAT(shown.out, HasSubstr("[REDACTED:"));
  EXPECT_THAT(SecretsIn(shown.out), testing::IsEmpty());
  deployment.StopAgent();
  // By then the backend has it, and had it only from the relay.
  ExpectSecretFreeTls(relay, spooled.process_bytes);
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

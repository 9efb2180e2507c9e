#include "backend/init_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "backend/pki/certificate_info.h"
#include "backend/pki/credential_files.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAgentId[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";

class InitCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "rollcall_init_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.data_dir = folder_ + "/data";
    options_.tenant = "dev";
    options_.agents = 1;
    options_.operator_name = "alice";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::Status Run(std::string* output) {
    std::ostringstream out;
    const absl::Status status = RunInit(options_, clock_, out);
    *output = out.str();
    return status;
  }
  std::string Pki(const std::string& name) const { return PkiFolder(options_.data_dir) + "/" + name; }
  std::vector<std::string> AgentFolders() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Pki("agents"))) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  bool Enrolled(const std::string& id) {
    SqliteStoreOptions options;
    options.path = DatabasePath(options_.data_dir);
    return SqliteStore::Open(options).value()->IsEnrolled({"dev", id}).value();
  }

  FakeClock clock_;
  std::string folder_;
  InitOptions options_;
};

TEST_F(InitCommand, MakesEverythingOnce) {
  std::string output;
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_THAT(output, HasSubstr("created authority"));
  EXPECT_THAT(output, HasSubstr("created operator alice"));
  ASSERT_EQ(AgentFolders().size(), 1u);
  const std::string id = AgentFolders()[0];
  EXPECT_TRUE(Enrolled(id));
  for (const std::string& name :
       {std::string("ca.crt"), std::string("server.crt"), std::string("server.key"), "agents/" + id + "/agent.crt",
        "agents/" + id + "/agent.key", "agents/" + id + "/ca.crt", std::string("operators/alice/operator.key")}) {
    EXPECT_TRUE(std::filesystem::exists(Pki(name))) << name;
  }
  const std::string before = ReadSmallFile(Pki("server.crt")).value();
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_THAT(output, Not(HasSubstr("created"))) << "the second run finds everything";
  EXPECT_EQ(ReadSmallFile(Pki("server.crt")).value(), before);
  EXPECT_EQ(AgentFolders().size(), 1u);
}

TEST_F(InitCommand, AddsWhatIsMissing) {
  std::string output;
  ASSERT_TRUE(Run(&output).ok());
  options_.agent_ids = {kAgentId};
  options_.agents = 3;
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_EQ(AgentFolders().size(), 3u);
  EXPECT_TRUE(Enrolled(kAgentId));
  EXPECT_THAT(output, HasSubstr("exists  authority"));
}

TEST_F(InitCommand, RenewsWhatIsAboutToExpireAndWhatHasOtherNames) {
  std::string output;
  ASSERT_TRUE(Run(&output).ok());
  clock_.Advance(absl::Hours(24 * 70));
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_THAT(output, HasSubstr("created server certificate"));
  EXPECT_THAT(output, HasSubstr("exists  authority"));
  options_.server_names = {"backend.example.com"};
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_THAT(output, HasSubstr("created server certificate"));
  const auto info = ReadCertificate(ReadSmallFile(Pki("server.crt")).value());
  ASSERT_TRUE(info.ok());
  EXPECT_THAT(info->dns_names, ElementsAre("backend.example.com"));
  options_.server_names.clear();
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_THAT(output, HasSubstr("exists  server certificate")) << "no names given means: leave them";
}

TEST_F(InitCommand, ForceReplacesTheAuthorityAndAllItIssued) {
  std::string output;
  ASSERT_TRUE(Run(&output).ok());
  options_.force = true;
  ASSERT_TRUE(Run(&output).ok());
  EXPECT_THAT(output, Not(HasSubstr("exists  authority")));
  EXPECT_THAT(output, Not(HasSubstr("exists  agent")));
  EXPECT_EQ(AgentFolders().size(), 1u);
}

TEST_F(InitCommand, RefusesBadNamesBeforeWritingAnything) {
  std::string output;
  options_.tenant = "Bad Tenant";
  EXPECT_EQ(Run(&output).code(), absl::StatusCode::kInvalidArgument);
  options_.tenant = "dev";
  options_.agent_ids = {"not-a-uuid"};
  EXPECT_EQ(Run(&output).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(options_.data_dir));
}

TEST_F(InitCommand, AddIssuesAndEnrols) {
  AddOptions add{options_.data_dir, "dev", kAgentId, folder_ + "/out", absl::Hours(24)};
  std::ostringstream out;
  const absl::Status before = RunAgentAdd(add, clock_, out);
  EXPECT_EQ(before.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(before.message()), HasSubstr("rollcall-backend init"));
  std::string output;
  ASSERT_TRUE(Run(&output).ok());
  const absl::Status status = RunAgentAdd(add, clock_, out);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Enrolled(kAgentId));
  const auto info = ReadCertificate(ReadSmallFile(folder_ + "/out/agent.crt").value());
  EXPECT_THAT(info.value().uris, ElementsAre(absl::StrCat("rollcall://dev/agent/", kAgentId)));
  add.id = "bob";
  ASSERT_TRUE(RunOperatorAdd(add, clock_, out).ok());
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/out/operator.key"));
  const auto person = ReadCertificate(ReadSmallFile(folder_ + "/out/operator.crt").value());
  EXPECT_THAT(person.value().uris, ElementsAre("rollcall://dev/operator/bob"));
}

TEST_F(InitCommand, APersonHasTheRolesThatAreNamed) {
  std::string output;
  ASSERT_TRUE(Run(&output).ok());
  AddOptions add;
  add.data_dir = options_.data_dir;
  add.tenant = "dev";
  add.id = "carol";
  add.out_dir = folder_ + "/out";
  std::ostringstream out;
  add.roles = {"viewer", "privacy-officer", "beta/auditor"};
  ASSERT_TRUE(RunOperatorAdd(add, clock_, out).ok());
  const auto person = ReadCertificate(ReadSmallFile(folder_ + "/out/operator.crt").value());
  EXPECT_THAT(person.value().uris, ElementsAre("rollcall://dev/viewer/carol", "rollcall://dev/privacy-officer/carol",
                                               "rollcall://beta/auditor/carol"));
  const std::vector<std::vector<std::string>> bad = {
      {"root"},    {"agent"},      {"Viewer"}, {"viewer", "viewer"}, {"viewer", "dev/viewer"},
      {"/viewer"}, {"a/b/viewer"}, {""}};
  for (const std::vector<std::string>& roles : bad) {
    add.roles = roles;
    add.out_dir = folder_ + "/none";
    EXPECT_EQ(RunOperatorAdd(add, clock_, out).code(), absl::StatusCode::kInvalidArgument) << roles.back();
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/none"));
}

}  // namespace
}  // namespace rollcall

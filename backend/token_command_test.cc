#include "backend/token_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "backend/init_command.h"
#include "backend/pki/credential_files.h"
#include "backend/tokens/token_book.h"
#include "backend/tokens/token_store.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kToken[] = "rct1.7878787878787878.7878787878787878787878787878787878787878787878787878787878787878";
constexpr char kId[] = "7878787878787878";

class TokenCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "token_command_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    InitOptions init;
    init.data_dir = folder_ + "/data";
    init.tenant = "acme";
    std::ostringstream ignored;
    ASSERT_TRUE(RunInit(init, clock_, ignored).ok());
    options_.data_dir = init.data_dir;
    options_.tenant = "acme";
    options_.name = "alice";
    options_.roles = {"viewer", "beta/auditor"};
    options_.server = "localhost:8445";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::Status Create() {
    out_.str("");
    say_.str("");
    return RunTokenCreate(
        options_, clock_, [](size_t count) { return absl::StatusOr<std::string>(std::string(count, 'x')); }, out_,
        say_);
  }
  std::vector<TokenRow> Rows() {
    return TokenStore::Open(TokenDatabasePath(options_.data_dir)).value()->List().value();
  }

  FakeClock clock_;
  std::string folder_;
  TokenCreateOptions options_;
  std::ostringstream out_;
  std::ostringstream say_;
};

TEST_F(TokenCommandTest, MakesATokenThatGrantsWhatWasAskedFor) {
  ASSERT_TRUE(Create().ok());
  TokenBook book(&clock_);
  book.Replace(Rows());
  const auto grant = book.Authenticate(kToken);
  ASSERT_TRUE(grant.ok()) << grant.status();
  EXPECT_EQ(grant->person, "alice");
  EXPECT_EQ(grant->tenants.size(), 2u);
  EXPECT_TRUE(grant->tenants.at("acme").Has(PeerRole::kViewer));
  EXPECT_TRUE(grant->tenants.at("beta").Has(PeerRole::kAuditor));
  EXPECT_EQ(grant->expires_at, clock_.Now() + absl::Hours(12));
}

TEST_F(TokenCommandTest, TheLoginFileGoesToOutputOrToAPrivateFileAndTheTokenNowhereElse) {
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(out_.str(), HasSubstr("server: \"localhost:8445\"\ntoken: " + std::string(kToken) +
                                    "\ntls:\n  ca_data: |\n"
                                    "    -----BEGIN CERTIFICATE-----\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("server_name"))) << "the certificate is for localhost";
  EXPECT_THAT(say_.str(), HasSubstr("created token 7878787878787878 of alice (acme/viewer beta/auditor)"));
  EXPECT_THAT(say_.str(), Not(HasSubstr("rct1")));
  const std::string printed = out_.str();

  std::filesystem::remove(TokenDatabasePath(options_.data_dir));
  options_.out_file = folder_ + "/alice.login";
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(ReadSmallFile(options_.out_file).value(), printed);
  struct stat info;
  ASSERT_EQ(::stat(options_.out_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const absl::Status again = Create();
  EXPECT_TRUE(absl::IsAlreadyExists(again)) << again;
}

TEST_F(TokenCommandTest, TheLoginFileNamesTheCertificateOfAServerItIsNotFor) {
  options_.server = "[2001:db8::1]:8445";
  ASSERT_TRUE(Create().ok());
  EXPECT_THAT(out_.str(), HasSubstr("server_name: \"localhost\"\n"));
}

TEST_F(TokenCommandTest, RefusesWhatMakesNoToken) {
  const TokenCreateOptions good = options_;
  const auto refuse = [&](const std::string& want) {
    const absl::Status status = Create();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << want << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(want));
    options_ = good;
  };
  options_.roles = {"king"};
  refuse("roles are");
  options_.roles = {"agent"};
  refuse("agent id");
  options_.roles = {"viewer", "acme/viewer"};
  refuse("twice");
  options_.roles = {};
  refuse("SAN URIs");
  options_.tenant = "Acme";
  refuse("tenant name");
  options_.name = "a/b";
  refuse("operator name");
  for (const char* server : {"", "localhost", ":1", "localhost:0", "localhost:70000", "a\"b:1", "a b:1"}) {
    options_.server = server;
    refuse("HOST:PORT");
  }
  options_.lifetime = "91d";
  refuse("--ttl");
  EXPECT_THAT(Rows(), IsEmpty());
}

TEST_F(TokenCommandTest, ReadsLifetimes) {
  EXPECT_EQ(ParseTokenLifetime("8h").value(), absl::Hours(8));
  EXPECT_EQ(ParseTokenLifetime("1h30m").value(), absl::Minutes(90));
  EXPECT_EQ(ParseTokenLifetime("90d").value(), absl::Hours(24 * 90));
  for (const char* bad : {"", "8", "d", "0d", "-1d", "91d", "2161h", "59s", "inf", "1.5d", "99999999999d", "8h "}) {
    EXPECT_FALSE(ParseTokenLifetime(bad).ok()) << bad;
  }
}

TEST_F(TokenCommandTest, ListsAndRevokes) {
  ASSERT_TRUE(Create().ok());
  std::ostringstream list;
  ASSERT_TRUE(RunTokenList(options_.data_dir, clock_, list).ok());
  EXPECT_THAT(
      list.str(),
      HasSubstr("7878787878787878  alice   acme/viewer beta/auditor  2024-01-01 00:00  2024-01-01 12:00  never  good"));
  std::ostringstream said;
  ASSERT_TRUE(RunTokenRevoke(options_.data_dir, kId, clock_, said).ok());
  ASSERT_TRUE(RunTokenRevoke(options_.data_dir, kId, clock_, said).ok());
  EXPECT_EQ(said.str(), "revoked token 7878787878787878\nwas revoked before: token 7878787878787878\n");
  list.str("");
  ASSERT_TRUE(RunTokenList(options_.data_dir, clock_, list).ok());
  EXPECT_THAT(list.str(), HasSubstr("never  revoked 2024-01-01 00:00"));
  EXPECT_TRUE(absl::IsNotFound(RunTokenRevoke(options_.data_dir, "0000000000000000", clock_, said)));
  EXPECT_TRUE(absl::IsInvalidArgument(RunTokenRevoke(options_.data_dir, kToken, clock_, said)));
}

TEST_F(TokenCommandTest, NothingIsMadeInAFolderThatWasNotSetUp) {
  options_.data_dir = folder_ + "/dat";
  EXPECT_TRUE(absl::IsFailedPrecondition(Create()));
  EXPECT_FALSE(std::filesystem::exists(options_.data_dir));
}

}  // namespace
}  // namespace rollcall

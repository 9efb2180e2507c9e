// What `rollcall certificate` puts on the screen, and how it exits. The certificates come from
// tests/ledger/certificate_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/testing/golden_screen.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

std::string Fixture(const std::string& name) {
  return absl::StrCat(ROLLCALL_SOURCE_DIR "/cli/testdata/certificates/", name);
}

class CertificateScreensTest : public ::testing::Test {
 protected:
  // Runs `run` and compares what it writes with the text called `name`.
  template <typename Run>
  int ExpectScreen(const std::string& name, OutputFormat format, Run run) {
    std::ostringstream out;
    Screen screen(&out, format, false, 0, false);
    context_.screen = &screen;
    const absl::Status status = run(context_);
    message_ = std::string(status.message());
    ExpectGoldenScreen(name, out.str());
    return ExitCodeFor(status);
  }

  int Verify(const std::string& screen, const CertificateArguments& arguments,
             OutputFormat format = OutputFormat::kTable) {
    return ExpectScreen(screen, format,
                        [&](const CommandContext& context) { return RunCertificateVerify(context, arguments); });
  }

  // Exit code only.
  int VerifyQuietly(const CertificateArguments& arguments) {
    std::ostringstream out;
    Screen screen(&out, OutputFormat::kTable, false, 0, false);
    context_.screen = &screen;
    const absl::Status status = RunCertificateVerify(context_, arguments);
    message_ = std::string(status.message());
    return ExitCodeFor(status);
  }

  const CertificateArguments good_ = {Fixture("deletion.cert"), Fixture("checkpoint.txt"), Fixture("ledger.pub")};
  CommandContext context_;
  std::string message_;
};

TEST_F(CertificateScreensTest, Show) {
  const auto show = [this](const CommandContext& context) { return RunCertificateShow(context, good_); };
  EXPECT_EQ(ExpectScreen("certificate_show", OutputFormat::kTable, show), kExitOk);
  EXPECT_EQ(ExpectScreen("certificate_show_json", OutputFormat::kJson, show), kExitOk);
}

TEST_F(CertificateScreensTest, VerifyWithEverything) {
  EXPECT_EQ(Verify("certificate_verify", good_), kExitOk);
  EXPECT_EQ(Verify("certificate_verify_json", good_, OutputFormat::kJson), kExitOk);
  EXPECT_EQ(Verify("certificate_verify_csv", good_, OutputFormat::kCsv), kExitOk);
}

TEST_F(CertificateScreensTest, VerifyWithoutAKey) {
  CertificateArguments arguments = good_;
  arguments.key = "";
  EXPECT_EQ(Verify("certificate_verify_no_key", arguments), kExitOk);
}

TEST_F(CertificateScreensTest, VerifyAgainstACheckpointThereIsNoProofFor) {
  CertificateArguments arguments = good_;
  arguments.checkpoint = Fixture("checkpoint_of_6.txt");
  EXPECT_EQ(Verify("certificate_verify_no_proof", arguments), kExitNotProven);
  EXPECT_THAT(message_, HasSubstr("not proven"));
}

TEST_F(CertificateScreensTest, VerifyWhatWasChanged) {
  std::ifstream file(good_.file, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t at = bytes.find("counted rows");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 7, "guessed");
  const std::string path = ::testing::TempDir() + "/changed.cert";
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(Verify("certificate_verify_changed", {path, good_.checkpoint, good_.key}), kExitNotProven);
  std::remove(path.c_str());
}

TEST_F(CertificateScreensTest, FilesThatAreNotWhatTheyShouldBe) {
  EXPECT_EQ(VerifyQuietly({Fixture("none.cert"), good_.checkpoint, good_.key}), kExitNotFound);
  EXPECT_THAT(message_, HasSubstr("none.cert"));
  EXPECT_EQ(VerifyQuietly({good_.checkpoint, good_.checkpoint, good_.key}), kExitNotProven);
  EXPECT_EQ(VerifyQuietly({good_.file, good_.file, good_.key}), kExitUsage);
  EXPECT_THAT(message_, HasSubstr("deletion.cert: not a signed checkpoint"));
  EXPECT_EQ(VerifyQuietly({good_.file, good_.checkpoint, good_.checkpoint}), kExitUsage);
  EXPECT_EQ(VerifyQuietly({Fixture(""), good_.checkpoint, good_.key}), kExitNotFound);
}

}  // namespace
}  // namespace rollcall

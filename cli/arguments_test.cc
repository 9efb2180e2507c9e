#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(Arguments, BindsAVerb) {
  const ParseResult result =
      ParseArguments({"ls", "process", "--where", "user=root", "--where", "name~^a", "--format", "json"});
  ASSERT_FALSE(result.finished) << result.text;
  EXPECT_EQ(result.arguments.format, OutputFormat::kJson);
  EXPECT_TRUE(result.arguments.needs_backend);
  EXPECT_TRUE(static_cast<bool>(result.arguments.command));
}

TEST(Arguments, GlobalOptionsMayStandBeforeTheVerb) {
  const ParseResult result = ParseArguments({"--server", "b:1", "-o", "wide", "hosts"});
  ASSERT_FALSE(result.finished) << result.text;
  EXPECT_EQ(result.arguments.server, "b:1");
  EXPECT_TRUE(result.arguments.wide);
}

TEST(Arguments, SchemaNeedsNoBackend) {
  const ParseResult result = ParseArguments({"schema"});
  ASSERT_FALSE(result.finished);
  EXPECT_FALSE(result.arguments.needs_backend);
}

TEST(Arguments, RetractHasAVersionOfItsOwn) {
  const ParseResult result = ParseArguments({"retract", "--collector", "ports", "--version", "1.2", "--dry-run"});
  ASSERT_FALSE(result.finished) << result.text;
  EXPECT_TRUE(result.arguments.needs_backend);
  EXPECT_THAT(ParseArguments({"--version"}).text, HasSubstr("rollcall "));
}

TEST(Arguments, CertificateVerifyHasAKeyOfItsOwnAndNeedsNoBackend) {
  const ParseResult result =
      ParseArguments({"certificate", "verify", "f", "--checkpoint", "c", "--key", "k", "--format", "json"});
  ASSERT_FALSE(result.finished) << result.text;
  EXPECT_FALSE(result.arguments.needs_backend);
  EXPECT_EQ(result.arguments.key, "");
}

TEST(Arguments, WhatIsDoneToATenantsLifeIsOneVerbEach) {
  const std::vector<std::vector<std::string>> good = {
      {"service", "list", "--tenant", "acme", "--ticket", "T-1", "--purpose", "legal-obligation"},
      {"service", "add", "cvm:1", "--request-id", "r"},
      {"service", "terminate", "cvm:1", "--at", "2026-12-01", "--change", "--yes"},
      {"service", "cancel-termination", "feature"},
      {"service", "resume", "cvm:1", "--epoch", "4"},
      {"hold", "list", "--all"},
      {"hold", "place", "--basis", "order", "--review-by", "2027-01-01", "--category", "asset_basic,console_config"},
      {"hold", "approve", "h"},
      {"hold", "release", "h"},
      {"hold", "approve-release", "h", "--yes"},
      {"request", "delete", "--reason", "asked", "--host", "web-1", "--field", "account.name=bob", "--yes"},
      {"request", "export", "--reason", "asked"},
      {"request", "status"},
      {"request", "cancel", "r"},
      {"certificate", "list", "--limit", "0"},
      {"certificate", "get", "60be", "--out", "f", "--known-size", "9"},
      {"retention", "status", "--check"},
      {"retention", "dry-run", "--day", "2026-12-01"},
      {"retention", "acknowledge", "--list", "aa", "--yes"},
      {"retention", "confirm-clock"}};
  for (const std::vector<std::string>& words : good) {
    const ParseResult result = ParseArguments(words);
    EXPECT_FALSE(result.finished) << words[0] << ' ' << words[1] << ": " << result.text;
    EXPECT_TRUE(result.arguments.needs_backend) << words[1];
    EXPECT_TRUE(static_cast<bool>(result.arguments.command)) << words[1];
  }
  EXPECT_EQ(ParseArguments(good[0]).arguments.tenant, "acme");
  EXPECT_EQ(ParseArguments(good[0]).arguments.ticket, "T-1");
  EXPECT_EQ(ParseArguments(good[0]).arguments.purpose, "legal-obligation");
}

TEST(Arguments, WrongUsageExitsWithTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{},
                                                                                     {"frobnicate"},
                                                                                     {"ls"},
                                                                                     {"hosts", "--format", "xml"},
                                                                                     {"diff", "h"},
                                                                                     {"retention"},
                                                                                     {"certificate"},
                                                                                     {"certificate", "verify", "f"},
                                                                                     {"service"},
                                                                                     {"service", "terminate"},
                                                                                     {"hold", "place", "--basis", "x"},
                                                                                     {"request", "delete"},
                                                                                     {"hosts", "--purpose", "fun"},
                                                                                     {"retract", "--collector", "x"},
                                                                                     {"completion", "tcsh"},
                                                                                     {"hosts", "-o", "narrow"}}) {
    const ParseResult result = ParseArguments(words);
    EXPECT_TRUE(result.finished);
    EXPECT_EQ(result.exit_code, kExitUsage) << testing::PrintToString(words);
    EXPECT_FALSE(result.text.empty());
  }
}

TEST(Arguments, HelpExitsWithZeroAndNamesEveryVerb) {
  const ParseResult result = ParseArguments({"--help"});
  EXPECT_TRUE(result.finished);
  EXPECT_EQ(result.exit_code, 0);
  for (const char* verb : {"hosts", "ls", "show", "history", "diff", "retention", "policy", "retract", "certificate",
                           "schema", "status", "completion"}) {
    EXPECT_THAT(result.text, HasSubstr(verb));
  }
}

TEST(ExitCodes, FollowTheStatus) {
  EXPECT_EQ(ExitCodeFor(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeFor(absl::UnavailableError("")), 1);
  EXPECT_EQ(ExitCodeFor(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitCodeFor(absl::NotFoundError("")), 3);
  EXPECT_EQ(ExitCodeFor(absl::PermissionDeniedError("")), 4);
  EXPECT_EQ(ExitCodeFor(IncompleteError("")), 5);
  EXPECT_EQ(ExitCodeFor(NotProvenError("")), 6);
}

}  // namespace
}  // namespace rollcall

#include "cli/cli_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(CliConfig, ReadsEverySetting) {
  const auto config =
      ParseCliConfig("server: b:1\nserver_name: n\ntls:\n  ca: /ca\n  cert: /cert\n  key: /key\n", "f.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server, "b:1");
  EXPECT_EQ(config->server_name, "n");
  EXPECT_EQ(config->ca, "/ca");
  EXPECT_EQ(config->cert, "/cert");
  EXPECT_EQ(config->key, "/key");
  EXPECT_TRUE(CheckComplete(*config).ok());
}

TEST(CliConfig, NamesFileLineAndKey) {
  const struct {
    const char* yaml;
    const char* want;
  } kCases[] = {
      {"server: b:1\nsrever_name: n\n", "f.yaml:2: 'srever_name': unknown setting"},
      {"server: b:1\ntls:\n  crt: x\n", "f.yaml:3: 'tls.crt': unknown setting"},
      {"server: [1]\n", "f.yaml:1: server: expected a text"},
      {"tls: x\n", "f.yaml:1: tls: expected"},
      {"- a\n", "f.yaml:1: expected settings"},
      {"server: \"unfinished\nx", "f.yaml:"},
      {"server: b:1\nserver: c:1\n", "f.yaml:2: 'server': given twice"},
      {"tls:\n  ca: a\n  ca: b\n", "f.yaml:3: 'tls.ca': given twice"},
      {"? [x]\n: y\n", "f.yaml:1: expected the name of a setting"},
      {"server: b:1\n---\nserver: c:1\n", "f.yaml:2: expected one document"},
  };
  for (const auto& c : kCases) {
    const auto config = ParseCliConfig(c.yaml, "f.yaml");
    ASSERT_FALSE(config.ok()) << c.yaml;
    EXPECT_THAT(std::string(config.status().message()), HasSubstr(c.want));
  }
}

constexpr char kPem[] = "-----BEGIN CERTIFICATE-----\nAAAA+/=\n-----END CERTIFICATE-----\n";

// What is read is written and read again, the same.
CliConfigFile RoundTrip(const std::string& yaml) {
  const auto file = ParseCliConfigFile(yaml, "f.yaml");
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return {};
  const std::string written = FormatCliConfigFile(*file);
  const auto again = ParseCliConfigFile(written, "again.yaml");
  EXPECT_TRUE(again.ok()) << again.status() << '\n' << written;
  if (again.ok()) EXPECT_EQ(*again, *file) << written;
  return *file;
}

TEST(CliContexts, StandBesideTheFlatSettings) {
  const CliConfigFile file = RoundTrip(
      "server: flat:1\ntls: {ca: /ca, cert: /cert, key: /key}\ncurrent_context: alice@b\ncontexts:\n"
      "  alice@b:\n    server: b:1\n    tenant: acme\n    token: rct1.00.11\n    tls:\n      ca_data: |\n"
      "        -----BEGIN CERTIFICATE-----\n        AAAA+/=\n        -----END CERTIFICATE-----\n"
      "  old:\n    server: c:1\n    server_name: 'a \"quoted\" \\ name'\n    tls: {ca: /c, cert: /d, key: /e}\n"
      "  bare: {}\n");
  EXPECT_EQ(file.flat.server, "flat:1");
  EXPECT_EQ(file.flat.key, "/key");
  EXPECT_EQ(file.current_context, "alice@b");
  ASSERT_EQ(file.contexts.size(), 3u);
  EXPECT_EQ(file.contexts.at("alice@b").token, "rct1.00.11");
  EXPECT_EQ(file.contexts.at("alice@b").ca_data, kPem);
  EXPECT_EQ(file.contexts.at("old").server_name, "a \"quoted\" \\ name");
  RoundTrip("");
  RoundTrip("server: \"a\\tb\\x7f\\u00e4\"\n");
}

TEST(CliContexts, ALoginFileIsAConfigurationWithoutThem) {
  const auto login = ParseCliConfig("server: b:1\ntoken: rct1.0.1\n", "f");
  ASSERT_TRUE(login.ok()) << login.status();
  EXPECT_EQ(login->token, "rct1.0.1");
  EXPECT_FALSE(ParseCliConfig("server: b:1\ncontexts: {}\n", "f").ok());
}

TEST(CliContexts, MistakesNameFileLineAndField) {
  const struct {
    const char* yaml;
    const char* want;
  } kCases[] = {
      {"contexts: x\n", "f.yaml:1: contexts: expected names"},
      {"contexts:\n  a: x\n", "f.yaml:2: contexts.a: expected settings"},
      {"contexts:\n  a: {}\n  a: {}\n", "f.yaml:3: contexts.a: given twice"},
      {"contexts:\n  -a: {}\n", "f.yaml:2: contexts: name context '-a'"},
      {"contexts:\n  [a]: {}\n", "f.yaml:2: contexts: expected the name"},
      {"contexts:\n  a:\n    srever: x\n", "f.yaml:3: 'contexts.a.srever': unknown setting"},
      {"contexts:\n  a:\n    tls:\n      ca: [x]\n", "f.yaml:4: contexts.a.tls.ca: expected a text"},
      {"contexts:\n  a:\n    tls: x\n", "f.yaml:3: contexts.a.tls: expected"},
      {"contexts:\n  a:\n    contexts: {}\n", "f.yaml:3: 'contexts.a.contexts': unknown"},
      {"server: b:1\ncurrent_context: a\n", "f.yaml:2: current_context: 'a' is none"},
      {"current_context: [a]\n", "f.yaml:1: current_context: expected a text"},
      {"server: b:1\ntoken: se cret\n", "f.yaml:2: token: expected one"},
      {"token: s\ntls:\n  cert: c\n", "f.yaml:1: token: give it or a certificate"},
      {"tls:\n  ca_data: x\n", "f.yaml:2: tls.ca_data: expected certificates"},
  };
  for (const auto& c : kCases) {
    const auto file = ParseCliConfigFile(c.yaml, "f.yaml");
    ASSERT_FALSE(file.ok()) << c.yaml;
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(c.want)) << c.yaml;
    EXPECT_THAT(std::string(file.status().message()), ::testing::Not(HasSubstr("se cret")));
  }
}

TEST(CliContexts, AreChosenByNameThenByTheFileAndNeverMixed) {
  CliConfigFile file;
  file.flat = {.server = "flat:1", .ca = "/flat-ca", .cert = "/cert", .key = "/key"};
  file.contexts["a"] = {.server = "a:1", .ca_data = kPem, .token = "t.a", .tenant = "acme"};
  file.contexts["b"] = {.server = "b:1", .token = "t.b"};
  EXPECT_EQ(*ChooseSettings(file, "", {}), file.flat);
  file.current_context = "a";
  EXPECT_EQ(*ChooseSettings(file, "", {}), file.contexts["a"]);
  EXPECT_EQ(*ChooseSettings(file, "b", {}), file.contexts["b"]) << "no authority of the flat settings";
  EXPECT_TRUE(absl::IsNotFound(ChooseSettings(file, "c", {}).status()));
  const auto over = ChooseSettings(file, "", {.server = "x:1", .server_name = "x", .tenant = "beta"});
  EXPECT_EQ(over->server, "x:1");
  EXPECT_EQ(over->server_name, "x");
  EXPECT_EQ(over->tenant, "beta");
  EXPECT_EQ(over->token, "t.a");
  EXPECT_EQ(over->ca_data, kPem);
  const auto certificate = ChooseSettings(file, "", {.ca = "/ca", .cert = "/c", .key = "/k"});
  EXPECT_EQ(certificate->token, "") << "one of the two";
  EXPECT_EQ(certificate->ca_data, "");
  EXPECT_TRUE(CheckComplete(*certificate).ok());
  EXPECT_TRUE(CheckComplete(*ChooseSettings(file, "a", {})).ok());
  EXPECT_THAT(std::string(CheckComplete(*ChooseSettings(file, "b", {})).message()), HasSubstr("no ca is set"));
}

TEST(CliContexts, NamesAreWords) {
  for (const char* good : {"a", "alice@inventory.example.com", "A-1_2:3", "1"})
    EXPECT_TRUE(CheckContextName(good).ok());
  for (const char* bad : {"", "-a", "a b", "a\n", "\xc3\xa4", "a/b", "$(x)"})
    EXPECT_FALSE(CheckContextName(bad).ok()) << bad;
  EXPECT_FALSE(CheckContextName(std::string(129, 'a')).ok());
}

TEST(CliConfig, SaysWhatIsMissing) {
  EXPECT_THAT(std::string(CheckComplete({.server = "b:1"}).message()), HasSubstr("no ca is set"));
}

}  // namespace
}  // namespace rollcall

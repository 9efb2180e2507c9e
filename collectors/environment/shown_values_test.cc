#include "collectors/environment/shown_values.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collectors/environment/value_class.h"

namespace rollcall {
namespace {

using Record = ::rollcall::v1::EnvironmentVariable;

TEST(ValueClass, EachClass) {
  const struct {
    const char* name;
    const char* value;
    Record::ValueClass expected;
  } kCases[] = {
      {"A", "", Record::EMPTY},
      {"DB_PASSWORD", "", Record::EMPTY},
      {"A", "TRUE", Record::FLAG},
      {"USE_TOKEN", "no", Record::FLAG},
      {"DB_PASSWORD", "hunter2", Record::SECRET_LIKE},
      {"DB_PASSWORD", "1234", Record::SECRET_LIKE},
      {"DATABASE_URL", "postgres://user:x@db/y", Record::SECRET_LIKE},
      {"A", "-----BEGIN PRIVATE KEY-----", Record::SECRET_LIKE},
      {"A", "https://example.org/", Record::URL},
      {"A", "42", Record::NUMBER},
      {"A", "-1.5", Record::NUMBER},
      {"A", "1.2.3", Record::TEXT},
      {"A", "/usr/bin", Record::PATH},
      {"A", "$PATH:/usr/bin", Record::PATH},
      {"TOKEN_FILE", "/run/secrets/token", Record::PATH},
      {"A", "hello", Record::TEXT},
      {"A", "\xff\xfe", Record::TEXT},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(ValueClassOf(test.name, test.value), test.expected) << test.name << "=" << test.value;
  }
}

TEST(ValueClass, Buckets) {
  EXPECT_EQ(LengthBucket(0), 0U);
  EXPECT_EQ(LengthBucket(1), 8U);
  EXPECT_EQ(LengthBucket(8), 8U);
  EXPECT_EQ(LengthBucket(9), 16U);
  EXPECT_EQ(LengthBucket(1'000'000), 1U << 20U);
}

TEST(ShownValues, ValuesThatHelp) {
  const std::pair<const char*, const char*> kShown[] = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"PATH", "$PATH:/opt/java/bin:${HOME}"},
      {"JAVA_HOME", "/usr/lib/jvm/java-17-openjdk-amd64"},
      {"LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"},
      {"LANG", "en_US.UTF-8"},
      {"LANG", "C.UTF-8"},
      {"LC_ALL", "C"},
      {"LANGUAGE", "de_DE:en"},
      {"TZ", "Europe/Berlin"},
      {"TZ", "UTC"},
      {"TZ", ":/etc/localtime"},
      {"PYTHON_VERSION", "3.11.4"},
      {"JAVA_VERSION", "jdk-17"},
      {"NODE_VERSION", "v18.12.1"},
      {"NGINX_VERSION", "1.25.3-1"},
      {"KUBERNETES_SERVICE_HOST", "10.96.0.1"},
      {"KUBERNETES_SERVICE_HOST", "fd00:10:96::1"},
      {"KUBERNETES_SERVICE_PORT", "443"},
      {"KUBERNETES_SERVICE_PORT_HTTPS", "443"},
      {"TERM", "xterm-256color"},
      {"SHELL", "/bin/bash"},
      {"NODE_ENV", "production"},
      {"container", "podman"},
  };
  for (const auto& [name, value] : kShown) {
    const bool expected = std::string(value) != "jdk-17";
    EXPECT_EQ(IsShown(name, value), expected) << name << "=" << value;
  }
}

TEST(ShownValues, NamesThatAreNotListedShowNothing) {
  for (const absl::string_view name : {"HOME", "USER", "HOSTNAME", "A", "path", "PATHS", "_HOME", "DATABASE_URL"}) {
    EXPECT_FALSE(IsShown(name, "/usr/bin")) << name;
  }
}

TEST(ShownValues, NoFormTakesAPassword) {
  const std::vector<const char*> kNames = {"PATH",
                                           "JAVA_HOME",
                                           "LANG",
                                           "LC_ALL",
                                           "TZ",
                                           "X_VERSION",
                                           "TERM",
                                           "KUBERNETES_SERVICE_HOST",
                                           "KUBERNETES_SERVICE_PORT",
                                           "NODE_ENV",
                                           "container",
                                           "LD_PRELOAD",
                                           "SHELL",
                                           "GOMAXPROCS"};
  for (const char* name : kNames) {
    for (const absl::string_view value : {"",
                                          "hunter2",
                                          "correct horse battery staple",
                                          "Tr0ub4dor&3",
                                          "/Tr0ub4dor",
                                          "/opt/Tr0ub4dor3",
                                          "/hunter2",
                                          "123456789",
                                          "en_US.hunter2",
                                          "Hunter/Two",
                                          "xterm-hunter2",
                                          "1.2.3-hunter2",
                                          "1.2.3.hunter2",
                                          "$(hunter2)",
                                          "`hunter2`",
                                          "/usr/bin:hunter2",
                                          "/usr/bin/$(hunter2)",
                                          "${x:-hunter2}",
                                          "https://u:hunter2@h/",
                                          "/opt/9f86d081884c7d659a2feaa0c55ad015/bin",
                                          "9f86d081884c7d659a2feaa0c55ad015",
                                          "dead:beef:hunter2",
                                          "1.2 3",
                                          "1.2/3",
                                          "1.2\xff"}) {
      EXPECT_FALSE(IsShown(name, value)) << name << "=" << value;
    }
  }
}

TEST(ShownValues, ANameThatSuggestsASecretShowsNothing) {
  EXPECT_FALSE(IsShown("SECRET_VERSION", "1.2"));
  EXPECT_FALSE(IsShown("TOKEN_HOME", "/opt/x"));
}

}  // namespace
}  // namespace rollcall

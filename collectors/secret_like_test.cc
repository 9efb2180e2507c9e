#include "collectors/secret_like.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <ctime>
#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

TEST(SecretLike, NamesOfSecrets) {
  for (const absl::string_view name :
       {"PASSWORD", "DB_PASSWORD", "dbPassword", "MYSQL_PWD", "API_KEY", "apiKey", "APIKEY1", "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "wifi_psk", "PGPASSWORD", "REDISCLI_AUTH", "private-key",
        "SSHPASS_PASS", "CREDENTIALS"}) {
    EXPECT_TRUE(NameSuggestsSecret(name)) << name;
  }
}

TEST(SecretLike, NamesOfOtherThings) {
  for (const absl::string_view name : {"", "PATH", "PWD", "OLDPWD", "HOME", "TOKEN_FILE", "SSH_AUTH_SOCK", "PASSENGER",
                                       "COMPASS", "KEYBOARD", "SECRET_PATH", "TOKEN_TTL", "AUTHOR", "_", "1"}) {
    EXPECT_FALSE(NameSuggestsSecret(name)) << name;
  }
}

TEST(SecretLike, ValuesThatAreSecrets) {
  for (const absl::string_view value :
       {"-----BEGIN RSA PRIVATE KEY-----\nMIIE", "postgres://u:p@host/db", "https://x@host/", "redis://:p/w@h",
        "Server=x;Password=y", "AKIAQQQQQQQQQQQQQQQQ", "Bearer ghp_abcdefghijklmnop",
        "9f86d081884c7d659a2feaa0c55ad015", "aB3dE6gH9jK2", "/opt/aB3dE6gH9jK2/bin",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_TRUE(LooksLikeSecret(value)) << value;
  }
}

TEST(SecretLike, ValuesThatAreNot) {
  for (const absl::string_view value :
       {"", "/usr/lib/jvm/java-17-openjdk-amd64", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "en_US.UTF-8",
        "https://example.org/a/b", "5.10.0-21-cloud-amd64", "x86_64-linux-gnu", "sk-learn", "npm_lifecycle_event",
        "1700000000", "unix:path=/run/user/1000/bus", "xterm-256color", "production"}) {
    EXPECT_FALSE(LooksLikeSecret(value)) << value;
  }
}

TEST(SecretLike, OfALongHostileValueTheTimeIsLinear) {
  constexpr size_t kBytes = size_t{1} << 20;
  for (const absl::string_view part : {"://", "://\"", "@", "sk-", "a.", "password", "1aA"}) {
    std::string value;
    while (value.size() < kBytes) absl::StrAppend(&value, part);
    // Time on a processor, so that a busy machine does not count; with the square of the length it would be minutes.
    const std::clock_t before = std::clock();
    LooksLikeSecret(value);
    NameSuggestsSecret(value);
    EXPECT_LT((std::clock() - before) / CLOCKS_PER_SEC, 5) << part;
  }
}

TEST(SecretLike, EveryUrlOfAValueCounts) {
  EXPECT_TRUE(LooksLikeSecret("http://a://b http://u:p@h"));
  EXPECT_TRUE(LooksLikeSecret("x://y://u@h"));
  EXPECT_FALSE(LooksLikeSecret("http://a me@b"));
}

}  // namespace
}  // namespace rollcall

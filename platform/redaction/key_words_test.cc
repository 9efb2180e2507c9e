#include "platform/redaction/key_words.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/redaction/harmless_value.h"

namespace rollcall {
namespace {

TEST(KeyWordsTest, ClassifiesNames) {
  const std::vector<std::pair<std::string, KeyStrength>> cases = {
      {"password", KeyStrength::kStrong},
      {"DB_PASSWORD", KeyStrength::kStrong},
      {"dbPassword2", KeyStrength::kStrong},
      {"PaSsWoRd", KeyStrength::kStrong},
      {"1password", KeyStrength::kStrong},
      {"api-key", KeyStrength::kStrong},
      {"apiKey", KeyStrength::kStrong},
      {"APIKey", KeyStrength::kStrong},
      {"AWS_SECRET_ACCESS_KEY", KeyStrength::kStrong},
      {"_authToken", KeyStrength::kStrong},
      {"client.secret", KeyStrength::kStrong},
      {"secret_id", KeyStrength::kStrong},
      {"pass", KeyStrength::kWeak},
      {"db.pass", KeyStrength::kWeak},
      {"max_tokens", KeyStrength::kNone},
      {"tokens", KeyStrength::kWeak},
      {"password-file", KeyStrength::kNone},
      {"tokenTTL", KeyStrength::kNone},
      {"secret-name", KeyStrength::kNone},
      {"no-password", KeyStrength::kNone},
      {"ask-pass", KeyStrength::kNone},
      {"tokenizer", KeyStrength::kNone},
      {"public-key", KeyStrength::kNone},
      {"keyboard", KeyStrength::kNone},
      {"compass", KeyStrength::kNone},
      {"access-key-id", KeyStrength::kNone},
      {"", KeyStrength::kNone},
      {"...", KeyStrength::kNone},
  };
  for (const auto& [name, strength] : cases) EXPECT_EQ(ClassifyKey(name), strength) << name;
  EXPECT_EQ(ClassifyKey(absl::StrCat(std::string(5000, 'a'), "_password")), KeyStrength::kStrong);
}

TEST(KeyWordsTest, ParametersOfUrlsAreShort) {
  for (const char* name : {"key", "sig", "X-Amz-Signature", "token", "code"}) {
    EXPECT_NE(ClassifyQueryKey(name), KeyStrength::kNone) << name;
  }
  for (const char* name : {"page", "sort", "q", "v", "design"}) {
    EXPECT_EQ(ClassifyQueryKey(name), KeyStrength::kNone) << name;
  }
  EXPECT_EQ(ClassifyKey("key"), KeyStrength::kNone) << "outside a URL, a key is a name";
}

TEST(KeyWordsTest, Headers) {
  EXPECT_TRUE(IsSecretHeader("Authorization"));
  EXPECT_TRUE(IsSecretHeader("x-api-key"));
  EXPECT_FALSE(IsSecretHeader("Content-Type"));
  EXPECT_FALSE(IsSecretHeader(""));
}

TEST(HarmlessValueTest, ReferencesStayAndSecretsDoNot) {
  for (const char* value :
       {"", "true", "No", "null", "${X}", "$DB_PASS", "$(cat /x)", "{{ x }}", "<secret>", "%X%", "***",
        "/run/secrets/x", "./x", "~/x", "file:/x", "arn:aws:x", "[REDACTED:argv.pair]", "a.pem"}) {
    EXPECT_TRUE(IsHarmlessValue(value, KeyStrength::kStrong)) << value;
  }
  for (const char* value : {"x", "1234", "hunter2", "$ecret", "/9j/4AAQSkZJRg", "${X}y", "[REDACTED:x]y", "<a><b>",
                            "[REDACTED:]", "[REDACTED:Hunter2]", "changeme"}) {
    EXPECT_FALSE(IsHarmlessValue(value, KeyStrength::kStrong)) << value;
  }
  EXPECT_TRUE(IsHarmlessValue("1234", KeyStrength::kWeak));
}

TEST(HarmlessValueTest, GeneratedWords) {
  EXPECT_TRUE(LooksGenerated("0123456789abcdef0123"));
  EXPECT_TRUE(LooksGenerated("aBcDeFgHiJkLmNoPq"));
  EXPECT_FALSE(LooksGenerated("git"));
  EXPECT_FALSE(LooksGenerated("x-access-token"));
  EXPECT_FALSE(LooksGenerated("deployment-service"));
}

}  // namespace
}  // namespace rollcall

#include "platform/password_field.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace rollcall {
namespace {

using State = PasswordField::State;

constexpr struct {
  const char* field;
  State state;
  const char* algorithm;
} kFields[] = {
    {"", State::kNone, ""},
    {"x", State::kElsewhere, ""},
    {"!", State::kLocked, ""},
    {"!!", State::kLocked, ""},
    {"*", State::kLocked, ""},
    {"!*", State::kLocked, ""},
    {"*LK*", State::kLocked, ""},
    {"NP", State::kLocked, ""},
    {"$1$salt$0123456789012345678901", State::kSet, "md5"},
    {"$2a$10$abcdefghijklmnopqrstuv", State::kSet, "bcrypt"},
    {"$2b$12$abcdefghijklmnopqrstuv", State::kSet, "bcrypt"},
    {"$2x$12$abcdefghijklmnopqrstuv", State::kSet, "bcrypt"},
    {"$2y$12$abcdefghijklmnopqrstuv", State::kSet, "bcrypt"},
    {"$3$$8846f7eaee8fb117ad06bdd830b7586c", State::kSet, "nt"},
    {"$5$salt$hash", State::kSet, "sha256"},
    {"$6$salt$hash", State::kSet, "sha512"},
    {"$6$rounds=656000$salt$hash", State::kSet, "sha512"},
    {"$7$CU..../....salt$hash", State::kSet, "scrypt"},
    {"$y$j9T$salt$hash", State::kSet, "yescrypt"},
    {"$gy$j9T$salt$hash", State::kSet, "gost_yescrypt"},
    {"$sha1$248488$salt$hash", State::kSet, "sha1"},
    {"$md5$salt$hash", State::kSet, "sunmd5"},
    {"$md5,rounds=904$salt$$hash", State::kSet, "sunmd5"},
    {"$sm3$salt$hash", State::kSet, "sm3"},
    {"$sm3y$salt$hash", State::kSet, "sm3_yescrypt"},
    {"$zz$salt$hash", State::kSet, "unknown"},
    {"ab0123456789.", State::kSet, "des"},
    {"ab0123456789.abcdefghijk", State::kSet, "bigcrypt"},
    {"_J9..SDSD5YGyRCr4W4c", State::kSet, "bsdi"},
    {"!$6$salt$hash", State::kLocked, "sha512"},
    {"!!$y$j9T$salt$hash", State::kLocked, "yescrypt"},
    {"*$6$salt$hash", State::kLocked, ""},
    {"ab012345678:.", State::kLocked, ""},
    {"$", State::kLocked, ""},
    {"$6", State::kLocked, ""},
};

TEST(PasswordField, EveryScheme) {
  for (const auto& test : kFields) {
    SCOPED_TRACE(test.field);
    const PasswordField field = ClassifyPassword(test.field);
    EXPECT_EQ(field.state, test.state);
    EXPECT_EQ(field.algorithm, test.algorithm);
  }
}

TEST(PasswordField, AHashIsFoundWhereItDoesNotBelong) {
  EXPECT_TRUE(HoldsPasswordHash("Alice $6$salt$hash"));
  EXPECT_TRUE(HoldsPasswordHash("$y$j9T$salt$hash"));
  EXPECT_FALSE(HoldsPasswordHash("costs $5 or 6$"));
  EXPECT_FALSE(HoldsPasswordHash("Alice"));
}

TEST(PasswordField, AHashOfAnUnknownSchemeIsFoundToo) {
  for (const char* text : {"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "x $8$salt$hash", "$P$BabcdefGH",
                           "$$zz$12345678", "$pbkdf2-sha256,9$c2FsdHNhbHQ"}) {
    EXPECT_TRUE(HoldsPasswordHash(text)) << text;
  }
  for (const char* text :
       {"$8$1234567", "$$12345678", "$8$ 12345678", "$8 $12345678", "US$ 100 and $200", "$8$", "$"}) {
    EXPECT_FALSE(HoldsPasswordHash(text)) << text;
  }
}

TEST(PasswordField, EveryNamedSchemeIsFound) {
  EXPECT_GE(PasswordSchemePrefixes().size(), 16U);
  for (const absl::string_view prefix : PasswordSchemePrefixes()) {
    EXPECT_TRUE(HoldsPasswordHash(absl::StrCat("x", prefix, "y"))) << prefix;
    EXPECT_NE(ClassifyPassword(absl::StrCat(prefix, "salt$hash")).algorithm, "unknown") << prefix;
  }
}

}  // namespace
}  // namespace rollcall

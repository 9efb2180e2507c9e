#include "backend/tokens/token_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Bytes 0, 1, 2 and so on.
absl::StatusOr<std::string> Counted(size_t count) {
  std::string bytes(count, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

constexpr char kCounted[] = "rct1.0001020304050607.08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627";

TEST(TokenText, IsWhatTheRandomSourceGives) {
  const auto token = NewToken(&Counted);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(FormatToken(*token), kCounted);
  EXPECT_FALSE(NewToken([](size_t) { return absl::StatusOr<std::string>("short"); }).ok());
  EXPECT_TRUE(absl::IsInternal(
      NewToken([](size_t) -> absl::StatusOr<std::string> { return absl::InternalError("no entropy"); }).status()));
}

TEST(TokenText, RoundTrips) {
  const auto token = ParseToken(kCounted);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->id, "0001020304050607");
  EXPECT_EQ(token->secret.size(), 64u);
  EXPECT_EQ(FormatToken(*token), kCounted);
  EXPECT_TRUE(CheckTokenId(token->id).ok());
}

TEST(TokenText, HasOneSpellingAndIsNotRepeatedInErrors) {
  const std::string good = kCounted;
  std::vector<std::string> bad = {"",
                                  "rct1.",
                                  "rct2" + good.substr(4),
                                  absl::AsciiStrToUpper(good),
                                  " " + good,
                                  good + "\n",
                                  good + "0",
                                  good.substr(1),
                                  std::string(good).replace(21, 1, ":"),
                                  std::string(good).replace(30, 1, "g"),
                                  std::string(good).replace(6, 1, "A")};
  for (size_t i = 0; i < good.size(); ++i) bad.push_back(good.substr(0, i));
  for (const std::string& text : bad) {
    const auto token = ParseToken(text);
    EXPECT_TRUE(absl::IsInvalidArgument(token.status())) << text;
    EXPECT_THAT(std::string(token.status().message()), Not(HasSubstr("0001"))) << text;
  }
  EXPECT_FALSE(CheckTokenId("0001020304050607\n").ok());
  EXPECT_FALSE(CheckTokenId("%").ok());
}

TEST(TokenText, HashesAreComparedWhole) {
  const std::string hash = HashOfSecret("a");
  EXPECT_EQ(hash, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  EXPECT_TRUE(SameHash(hash, hash));
  for (const size_t at : {size_t{0}, size_t{31}, size_t{63}}) {
    std::string other = hash;
    other[at] = 'x';
    EXPECT_FALSE(SameHash(hash, other)) << at;
  }
  EXPECT_FALSE(SameHash(hash, hash.substr(1)));
}

}  // namespace
}  // namespace rollcall

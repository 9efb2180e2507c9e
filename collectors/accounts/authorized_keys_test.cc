#include "collectors/accounts/authorized_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/testing/public_keys.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kMaxKeys = 100;

KeyFile Parse(absl::string_view text) { return ParseAuthorizedKeys(text, kMaxKeys); }

TEST(ParseAuthorizedKeys, FingerprintsAreThoseOfSshKeygen) {
  const KeyFile file = Parse(absl::StrCat("# comment\n\n", kEd25519Key, " alice@example.com\n", kRsaKey, "\n  ",
                                          kEcdsa384Key, "\t two words \r\n"));
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.keys, SizeIs(3));
  EXPECT_EQ(file.keys[0].type, "ssh-ed25519");
  EXPECT_EQ(file.keys[0].fingerprint, kEd25519Fingerprint);
  EXPECT_EQ(file.keys[0].bits, std::nullopt);
  EXPECT_TRUE(file.keys[0].has_comment);
  EXPECT_EQ(file.keys[1].fingerprint, kRsaFingerprint);
  EXPECT_EQ(file.keys[1].bits, 2048);
  EXPECT_FALSE(file.keys[1].has_comment);
  EXPECT_EQ(file.keys[2].fingerprint, kEcdsa384Fingerprint);
  EXPECT_EQ(file.keys[2].bits, 384);
}

TEST(ParseAuthorizedKeys, Options) {
  const KeyFile file = Parse(absl::StrCat(
      "no-pty,from=\"192.0.2.0/24,*.example.com\",command=\"echo \\\"a b\\\", "
      "c\",environment=\"TOKEN=secret\",Restrict ",
      kEd25519Key, " x\n", "cert-authority,permitopen=\"h:1\" ", kRsaKey, "\nexpiry-time=20240101 ", kRsaKey, "\n"));
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_THAT(file.keys, SizeIs(3));
  EXPECT_THAT(file.keys[0].options, ElementsAre("no-pty", "from", "command", "environment", "restrict"));
  EXPECT_EQ(file.keys[0].from, "192.0.2.0/24,*.example.com");
  EXPECT_EQ(file.keys[0].command, "echo \"a b\", c");
  EXPECT_THAT(file.keys[1].options, ElementsAre("cert-authority", "permitopen"));
  EXPECT_THAT(file.keys[2].options, ElementsAre("expiry-time"));
}

TEST(ParseAuthorizedKeys, AnUnknownOptionIsNotRepeated) {
  const KeyFile file = Parse(absl::StrCat("AAAAC3NzaC1lZDI1NTE5AAAA,no-pty ", kEd25519Key));
  ASSERT_THAT(file.keys, SizeIs(1));
  EXPECT_THAT(file.keys[0].options, ElementsAre("unknown", "no-pty"));
}

struct Damage {
  const char* name;
  std::string text;
  const char* problem;
};

TEST(ParseAuthorizedKeys, KeepsTheGoodLines) {
  const std::string key = kEd25519Key;
  const Damage kDamages[] = {
      {"truncated", key.substr(0, key.size() - 5), "line 2: no key"},
      {"type only", "ssh-ed25519", "line 2: no key"},
      {"key without its type", key.substr(12), "line 2: no key"},
      {"another type", absl::StrCat("ssh-rsa", key.substr(11)), "line 2: no key"},
      {"no base64", "ssh-ed25519 !!!!", "line 2: no key"},
      {"open quote", absl::StrCat("command=\"x ", key), "line 2: a quote that does not end"},
      {"bad options", absl::StrCat("command=\"x\"y ", key), "line 2: bad options"},
      {"the first protocol", "1024 35 123456789 old", "line 2: no key"},
      {"NUL byte", absl::StrCat(key, " a", std::string(1, '\0')), "line 2: NUL byte"},
      {"overlong line", std::string(kMaxKeyLineBytes + 1, 'a'), "line 2: longer than is read"},
      {"invalid UTF-8", "\xFF\xFE\xFD", "line 2: no key"},
      {"a length beyond the end", "x //////8=", "line 2: no key"},
  };
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.name);
    const KeyFile file = Parse(absl::StrCat(kRsaKey, "\n", damage.text, "\n", kEcdsa384Key, "\n"));
    ASSERT_THAT(file.keys, SizeIs(2));
    EXPECT_EQ(file.keys[1].fingerprint, kEcdsa384Fingerprint);
    ASSERT_THAT(file.problems, SizeIs(1));
    EXPECT_EQ(file.problems[0].message(), damage.problem);
  }
}

TEST(ParseAuthorizedKeys, OfLongOptionsOnlyWhatARecordHoldsIsKept) {
  const std::string value(60'000, 'x');
  const KeyFile file =
      Parse(absl::StrCat("from=\"", value, "\" ", kEd25519Key, "\ncommand=\"", value, "\" ", kEd25519Key));
  ASSERT_THAT(file.keys, SizeIs(2));
  EXPECT_EQ(file.keys[0].from, value.substr(0, kMaxKeyOptionBytes));
  EXPECT_EQ(file.keys[1].command, value.substr(0, kMaxKeyOptionBytes));
  EXPECT_LT(file.keys[0].from.capacity(), 2 * kMaxKeyOptionBytes);
  EXPECT_LT(file.keys[1].command.capacity(), 2 * kMaxKeyOptionBytes);
}

TEST(ParseAuthorizedKeys, IsBoundedAndCountsAll) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&text, kEd25519Key, "\n");
  for (int i = 0; i < 100; ++i) text += "bad\n";
  const KeyFile file = Parse(text);
  EXPECT_THAT(file.keys, SizeIs(kMaxKeys));
  EXPECT_EQ(file.key_count, 10'000U);
  EXPECT_THAT(file.problems, SizeIs(10));
}

}  // namespace
}  // namespace rollcall

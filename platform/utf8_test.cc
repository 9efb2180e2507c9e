#include "platform/utf8.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(Utf8Test, TakesEveryWellFormedCharacter) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain"));
  EXPECT_TRUE(IsUtf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  EXPECT_TRUE(IsUtf8("\xF4\x8F\xBF\xBF"));
  EXPECT_EQ(Utf8CharacterLength("\xE2\x82\xAC!"), 3U);
}

TEST(Utf8Test, RefusesWhatIsNoCharacter) {
  for (const char* bytes : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                            "\xF4\x90\x80\x80", "\xFF", "\xE2\x82", "\xC3("}) {
    EXPECT_EQ(Utf8CharacterLength(bytes), 0U) << bytes;
    EXPECT_FALSE(IsUtf8(bytes)) << bytes;
  }
}

}  // namespace
}  // namespace rollcall

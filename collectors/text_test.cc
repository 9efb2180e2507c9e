#include "collectors/text.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(ToRecordText, KeepsWhatIsUtf8) {
  for (const absl::string_view text : {"", "plain", "caf\xC3\xA9", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x98\x80",
                                       "\xEF\xBF\xBD", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(ToRecordText(text), text);
  }
  EXPECT_EQ(ToRecordText(absl::string_view("a\0b", 3)), std::string("a\0b", 3));
}

TEST(ToRecordText, ReplacesEachByteThatBelongsToNoCharacter) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(ToRecordText("a\xFF"
                         "b"),
            "a" + bad + "b");
  EXPECT_EQ(ToRecordText("\xC3"), bad);                                // cut off
  EXPECT_EQ(ToRecordText("\xE6\x97"), bad + bad);                      // cut off
  EXPECT_EQ(ToRecordText("\xC0\xAF"), bad + bad);                      // overlong
  EXPECT_EQ(ToRecordText("\xE0\x80\xAF"), bad + bad + bad);            // overlong
  EXPECT_EQ(ToRecordText("\xED\xA0\x80"), bad + bad + bad);            // surrogate
  EXPECT_EQ(ToRecordText("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // past U+10FFFF
  EXPECT_EQ(ToRecordText("\x80z"), bad + "z");
}

TEST(ToRecordText, CutsBetweenCharacters) {
  EXPECT_EQ(ToRecordText("abcdef", 4), "abcd");
  EXPECT_EQ(ToRecordText("abc\xC3\xA9", 4), "abc");
  EXPECT_EQ(ToRecordText("abc\xC3\xA9", 5), "abc\xC3\xA9");
  EXPECT_EQ(ToRecordText("\xFF", 2), "");
  EXPECT_EQ(ToRecordText(std::string(9000, 'x')).size(), kMaxFieldBytes);
}

}  // namespace
}  // namespace rollcall

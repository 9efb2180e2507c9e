#include "platform/yaml_document.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

std::string ErrorOf(absl::string_view text) {
  const auto root = ParseYamlDocument(text, "f");
  return root.ok() ? "" : std::string(root.status().message());
}

TEST(YamlDocument, OneDocumentIsRead) {
  for (const char* text :
       {"a: 1", "---\na: 1\n", "%YAML 1.2\n---\na: 1\n...\n", "# x\n\n--- # y\na: 1\n...\n# end\n"}) {
    const auto root = ParseYamlDocument(text, "f");
    ASSERT_TRUE(root.ok()) << root.status();
    EXPECT_EQ((*root)["a"].Scalar(), "1") << text;
  }
  for (const char* text : {"", "# nothing\n", "---\n", "\n\n"}) {
    const auto root = ParseYamlDocument(text, "f");
    ASSERT_TRUE(root.ok()) << root.status();
    EXPECT_TRUE(root->IsNull()) << text;
  }
}

TEST(YamlDocument, LinesCountFromOne) {
  const auto root = ParseYamlDocument("a: 1\n\nb: 2\n", "f");
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(YamlLine((*root)["a"]), 1);
  EXPECT_EQ(YamlLine((*root)["b"]), 3);
}

TEST(YamlDocument, ASecondDocumentIsAMistake) {
  EXPECT_EQ(ErrorOf("a: 1\n---\nb: 2\n"), "f:2: expected one document, got several");
  EXPECT_EQ(ErrorOf("---\na: 1\n...\nb: 2\n"), "f:4: expected one document, got several");
  EXPECT_EQ(ErrorOf("a: 1\n---\n"), "f:2: expected one document, got several");
}

TEST(YamlDocument, BrokenTextIsAMistakeOnALine) {
  for (const std::string& text :
       {std::string("a: ["), std::string("\t- x"), std::string("{"), std::string("a: *b"),
        std::string("a: \"unfinished\nx"), std::string(100000, '['), std::string(100000, '{')}) {
    EXPECT_EQ(ErrorOf(text).substr(0, 2), "f:") << text.substr(0, 20);
  }
  EXPECT_EQ(ErrorOf(std::string(kMaxYamlBytes + 1, ' ')), "f:1: larger than 256 KiB");
}

// yaml-cpp's reader of several documents never ends on this one.
TEST(YamlDocument, AStrayCommaEnds) { ParseYamlDocument(",t:x", "f").IgnoreError(); }

TEST(QuotedSetting, IsOneShortLine) {
  EXPECT_EQ(QuotedSetting("plain"), "'plain'");
  EXPECT_EQ(QuotedSetting("two\nlines\x1b"), "'two\\nlines\\x1b'");
  EXPECT_EQ(QuotedSetting(std::string(1000, 'x')), "'" + std::string(64, 'x') + "...'");
}

}  // namespace
}  // namespace rollcall

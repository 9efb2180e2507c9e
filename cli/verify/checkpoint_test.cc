#include "cli/verify/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/verify/digest.h"

namespace rollcall::verify {
namespace {

// The key and signature of the example of Go's package golang.org/x/mod/sumdb/note.
constexpr char kKey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kSignature[] =
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";

std::string Note(absl::string_view text) { return absl::StrCat(text, "\n\u2014 PeterNeumann ", kSignature, "\n"); }

constexpr char kCheckpoint[] = "PeterNeumann\n12\nQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\n";

TEST(VerifierKeyTest, KnownKey) {
  const auto key = ParseVerifierKey(absl::StrCat(kKey, "\n"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->name, "PeterNeumann");
}

TEST(VerifierKeyTest, EveryOtherSpellingIsRefused) {
  const std::string good = kKey;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(ParseVerifierKey(bad).ok()) << bad;
  }
  EXPECT_FALSE(ParseVerifierKey("").ok());
  EXPECT_FALSE(ParseVerifierKey(good.substr(0, good.size() - 4)).ok());
}

TEST(CheckpointTest, KnownSignature) {
  Checkpoint checkpoint;
  checkpoint.origin = "PeterNeumann";
  checkpoint.text = kText;
  checkpoint.signatures = ParseCheckpoint(Note(kCheckpoint))->signatures;
  EXPECT_TRUE(CheckSignature(checkpoint, *ParseVerifierKey(kKey)).ok());
  checkpoint.text[3] ^= 1;
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSignature(checkpoint, *ParseVerifierKey(kKey))));
}

TEST(CheckpointTest, Parts) {
  const auto checkpoint = ParseCheckpoint(Note(kCheckpoint));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "PeterNeumann");
  EXPECT_EQ(checkpoint->size, 12U);
  EXPECT_EQ(checkpoint->root, std::string(32, 'B'));
  EXPECT_EQ(checkpoint->text, kCheckpoint);
  ASSERT_EQ(checkpoint->signatures.size(), 1U);
  EXPECT_EQ(checkpoint->signatures[0].name, "PeterNeumann");
  EXPECT_EQ(checkpoint->signatures[0].signature.size(), 64U);
}

TEST(CheckpointTest, ExtensionsAndOtherSignaturesAreAllowed) {
  const std::string note =
      absl::StrCat(kCheckpoint, "extension line\n\n\u2014 witness AAAAAEE=\n\u2014 PeterNeumann ", kSignature, "\n");
  const auto checkpoint = ParseCheckpoint(note);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->signatures.size(), 2U);
}

TEST(CheckpointTest, WhatIsNoCheckpoint) {
  const std::string good = Note(kCheckpoint);
  const std::vector<std::string> bad = {
      "",
      kCheckpoint,
      good.substr(0, good.size() - 1),
      Note("PeterNeumann\n12\n"),
      Note("\n12\nQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=\n"),
      absl::StrReplaceAll(good, {{"\n12\n", "\n012\n"}}),
      absl::StrReplaceAll(good, {{"\n12\n", "\n+12\n"}}),
      absl::StrReplaceAll(good, {{"\n12\n", "\n12 \n"}}),
      absl::StrReplaceAll(good, {{"\n12\n", "\n\n"}}),
      absl::StrReplaceAll(good, {{"\n12\n", "\n99999999999999999999\n"}}),
      absl::StrReplaceAll(good, {{"QkI=\n", "QkJ=\n"}}),  // the same bytes, spelled in another way
      absl::StrReplaceAll(good, {{"QkI=\n", "QkI\n"}}),
      absl::StrReplaceAll(good, {{"QkJC", "QkJ"}}),
      absl::StrReplaceAll(good, {{"\u2014 ", "- "}}),
      absl::StrReplaceAll(good, {{"12\n", "12\r\n"}}),
      absl::StrReplaceAll(good, {{"PeterNeumann x08", "PeterNeumann  x08"}}),
      std::string(kMaxNoteBytes, 'x') + good,
  };
  for (const std::string& note : bad) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseCheckpoint(note).status())) << note.substr(0, 200);
  }
}

TEST(CheckpointTest, SignedByAnotherKeyOrOfAnotherLog) {
  const auto key = ParseVerifierKey(kKey);
  auto checkpoint = ParseCheckpoint(Note(kCheckpoint));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSignature(*checkpoint, *key)));  // a signature, but of another text
  checkpoint->signatures[0].name = "other";
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSignature(*checkpoint, *key)));
  checkpoint->signatures.clear();
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSignature(*checkpoint, *key)));
  checkpoint->origin = "other";
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSignature(*checkpoint, *key)));
}

}  // namespace
}  // namespace rollcall::verify

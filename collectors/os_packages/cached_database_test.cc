#include "collectors/os_packages/cached_database.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

constexpr char kPath[] = "/database";

// A database of one package, whose name is the content of its file.
class TestDatabase : public CachedDatabase {
 public:
  absl::string_view path() const override { return kPath; }

  mutable int parses = 0;
  std::function<void()> while_parsing;

 protected:
  std::vector<DatabaseSource> FindSources(const FileTree& files) const override {
    std::vector<DatabaseSource> sources;
    AddSource(files, kPath, 0, &sources);
    return sources;
  }
  absl::Status Parse(const FileTree& files, const std::vector<DatabaseSource>&, const Distribution&,
                     const StopToken& stop, DatabaseContents* contents, bool* all_read) const override {
    ++parses;
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    const auto text = files.ReadFile(kPath, 100);
    if (while_parsing) while_parsing();
    if (absl::IsNotFound(text.status())) return text.status();
    if (!text.ok()) {
      *all_read = false;
      contents->problems.push_back({kPath, text.status()});
      return absl::OkStatus();
    }
    contents->packages.emplace_back().set_name(*text);
    contents->observed = 1;
    return absl::OkStatus();
  }
};

class CachedDatabaseTest : public testing::Test {
 protected:
  // Name of the package and number of problems.
  std::string Read() {
    const auto contents = database_.Read(files_, distribution_, StopToken());
    if (!contents.ok()) return std::string(contents.status().message());
    std::string text;
    for (const auto& package : (*contents)->packages) text += package.name();
    for (const DatabaseProblem& problem : (*contents)->problems) absl::StrAppend(&text, "|", problem.status.message());
    return text;
  }

  MemoryTree files_;
  Distribution distribution_;
  TestDatabase database_;
};

TEST_F(CachedDatabaseTest, AnUnchangedDatabaseIsReadAgainOnlyOnceInAWhile) {
  files_.SetFile(kPath, "a");
  for (int run = 0; run < TestDatabase::kRunsBetweenReads; ++run) EXPECT_EQ(Read(), "a");
  EXPECT_EQ(database_.parses, 1);
  EXPECT_EQ(Read(), "a");
  EXPECT_EQ(database_.parses, 2);
  EXPECT_EQ(Read(), "a");
  EXPECT_EQ(database_.parses, 2);
}

TEST_F(CachedDatabaseTest, AChangeIsReadAtOnce) {
  files_.SetFile(kPath, "a");
  EXPECT_EQ(Read(), "a");
  files_.SetFile(kPath, "b");
  EXPECT_EQ(Read(), "b");
  distribution_.id = "other";
  EXPECT_EQ(Read(), "b");
  EXPECT_EQ(database_.parses, 3);
  files_.Unset(kPath);
  EXPECT_NE(Read(), "b");
}

TEST_F(CachedDatabaseTest, AChangeWhileReadingMakesOneMoreAttempt) {
  files_.SetFile(kPath, "a");
  bool changed = false;
  database_.while_parsing = [&] {
    if (!changed) files_.SetFile(kPath, "b");
    changed = true;
  };
  EXPECT_EQ(Read(), "b");
  EXPECT_EQ(database_.parses, 2);
  EXPECT_EQ(Read(), "b");
  EXPECT_EQ(database_.parses, 2) << "the second attempt is complete";
}

TEST_F(CachedDatabaseTest, ChangesThatDoNotEndAreAProblemBesideWhatWasRead) {
  files_.SetFile(kPath, "0");
  int number = 0;
  database_.while_parsing = [&] { files_.SetFile(kPath, absl::StrCat(++number)); };
  EXPECT_EQ(Read(), "1|read /database: changed each time it was read");
  EXPECT_EQ(database_.parses, 2);
  database_.while_parsing = nullptr;
  EXPECT_EQ(Read(), "2");
}

TEST_F(CachedDatabaseTest, WhatCouldNotBeReadIsTriedAgain) {
  files_.SetFile(kPath, "a");
  int reads = 0;
  files_.SetAccessHook([&reads](absl::string_view) {
    // The first access is a stat, the second the read.
    return ++reads == 2 ? absl::PermissionDeniedError("denied") : absl::OkStatus();
  });
  EXPECT_NE(Read(), "a");
  EXPECT_EQ(Read(), "a") << "though the file's identity is the same";
}

TEST_F(CachedDatabaseTest, ADatabaseThatVanishesWhileReadIsNotThere) {
  files_.SetFile(kPath, "a");
  int reads = 0;
  files_.SetAccessHook([this, &reads](absl::string_view) {
    if (++reads == 2) files_.Unset(kPath);
    return absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsNotFound(database_.Read(files_, distribution_, StopToken()).status()));
}

TEST_F(CachedDatabaseTest, AStoppedReadIsNotRemembered) {
  files_.SetFile(kPath, "a");
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(database_.Read(files_, distribution_, source.token()).status()));
  EXPECT_EQ(Read(), "a");
}

}  // namespace
}  // namespace rollcall

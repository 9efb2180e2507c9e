#include "agent/identity/known_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/identity/local_file.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

const HardwareFacts kOriginal = {"uuid-1", "serial-1", {"m1", "m2"}};
const HardwareFacts kCopy = {"uuid-2", "serial-2", {"m3"}};
const HardwareFacts kSecondCopy = {"uuid-3", "serial-3", {"m4"}};

TEST(Recognize, ANewHostIsCalledWhatItsDiskSays) {
  EXPECT_EQ(Recognize(std::nullopt, "id", kOriginal), (KnownHost{"id", "id", "", kOriginal}));
}

TEST(Recognize, ACloneGetsAnIdOfItsOwnAndKeepsIt) {
  const KnownHost original = Recognize(std::nullopt, "id", kOriginal);
  const KnownHost clone = Recognize(original, "id", kCopy);
  EXPECT_THAT(clone.host_id, MatchesRegex("id-[0-9a-f]{12}"));
  EXPECT_EQ(clone.clone_of, "id");
  EXPECT_EQ(Recognize(clone, "id", kCopy), clone);
  // Started from the image again, it is the same machine.
  EXPECT_EQ(Recognize(original, "id", kCopy), clone);
  // Two clones are two hosts, and a clone's clone says whose it is.
  EXPECT_NE(Recognize(original, "id", kSecondCopy).host_id, clone.host_id);
  EXPECT_EQ(Recognize(clone, "id", kSecondCopy).clone_of, clone.host_id);
  // The original is still itself.
  EXPECT_EQ(Recognize(original, "id", kOriginal), original);
}

TEST(Recognize, ARepairIsNoClone) {
  const KnownHost original = Recognize(std::nullopt, "id", kOriginal);
  const KnownHost new_card = Recognize(original, "id", {"uuid-1", "serial-1", {"m9"}});
  EXPECT_EQ(new_card.host_id, "id");
  EXPECT_EQ(new_card.clone_of, "");
  // The new card is known when the board is replaced later.
  const KnownHost new_board = Recognize(new_card, "id", {"uuid-9", "serial-9", {"m9"}});
  EXPECT_EQ(new_board.host_id, "id");
}

TEST(Recognize, WhatCannotBeReadIsNotForgotten) {
  const KnownHost original = Recognize(std::nullopt, "id", kOriginal);
  const KnownHost unprivileged = Recognize(original, "id", {});
  EXPECT_EQ(unprivileged, original);
  EXPECT_EQ(Recognize(unprivileged, "id", kCopy).clone_of, "id");
}

TEST(Recognize, AnotherIdOnTheDiskIsAnotherHost) {
  const KnownHost clone = Recognize(Recognize(std::nullopt, "id", kOriginal), "id", kCopy);
  EXPECT_EQ(Recognize(clone, "fresh", kCopy), (KnownHost{"fresh", "fresh", "", kCopy}));
}

TEST(ParseKnownHost, ReadsWhatWasWritten) {
  for (const KnownHost& host : {KnownHost{"a", "a", "", {}}, KnownHost{"a", "a-1", "a", kOriginal},
                                KnownHost{"a", "b", "", {"", "ser 1 / x", {"m"}}}}) {
    const auto parsed = ParseKnownHost(FormatKnownHost(host));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, host);
  }
}

TEST(ParseKnownHost, DamageIsNamed) {
  const std::string good = FormatKnownHost({"a", "a-1", "a", kOriginal});
  EXPECT_FALSE(ParseKnownHost("").ok());
  EXPECT_FALSE(ParseKnownHost(std::string(1000, '\0')).ok());
  EXPECT_FALSE(ParseKnownHost("rollcall-known-host 2\nhost_id a\nfound_id a\n").ok());
  EXPECT_FALSE(ParseKnownHost("rollcall-known-host 1\nhost_id a\n").ok());
  for (const char* line : {"host_id a\n", "unknown a\n", "mac\n", "mac \n", "mac \xff\n", "mac a\tb\n"}) {
    EXPECT_THAT(std::string(ParseKnownHost(good + line).status().message()), StartsWith("line 9: ")) << line;
  }
  std::string many = good;
  for (int i = 0; i < 2000; ++i) many += "mac m\n";
  EXPECT_THAT(std::string(ParseKnownHost(many).status().message()), HasSubstr("too many"));
}

TEST(RecognizeHost, NoticesACopiedStateDirectory) {
  FixtureTree fixture;
  const std::string path = fixture.OnDisk("/known_host");
  const HostIdentity found = {"id", "machine-id"};
  const auto first = RecognizeHost(path, found, kOriginal);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->id, "id");
  EXPECT_EQ(first->source, "machine-id");
  EXPECT_EQ(fixture.tree().Stat("/known_host")->mode, 0600u);
  const auto written = fixture.tree().Stat("/known_host");
  ASSERT_TRUE(RecognizeHost(path, found, kOriginal).ok());
  EXPECT_EQ(fixture.tree().Stat("/known_host")->inode, written->inode) << "nothing changed";
  const auto clone = RecognizeHost(path, found, kCopy);
  ASSERT_TRUE(clone.ok());
  EXPECT_THAT(clone->id, StartsWith("id-"));
  EXPECT_EQ(clone->clone_of, "id");
  EXPECT_EQ(RecognizeHost(path, found, kCopy)->id, clone->id);
}

TEST(RecognizeHost, DamageIsAnErrorNotAnotherHost) {
  FixtureTree fixture;
  fixture.SetFile("/bad", "rollcall-known-host 1\n");
  fixture.SetFile("/long", std::string(100'000, 'a'));
  fixture.SetDirectory("/directory");
  for (const char* name : {"/bad", "/long", "/directory", "/no/such/directory"}) {
    EXPECT_FALSE(RecognizeHost(fixture.OnDisk(name), {"id", "machine-id"}, kOriginal).ok()) << name;
  }
}

}  // namespace
}  // namespace rollcall

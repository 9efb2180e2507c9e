#include "platform/systemd/unit_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/systemd/unit_lookup.h"

namespace rollcall {
namespace {

using testing::ElementsAre;

TEST(UnitNameTest, TellsUnitNamesFromOthers) {
  for (const char* name : {"ssh.service", "getty@.service", "getty@tty1.service", "dev-disk-by\\x2duuid.swap",
                           "-.mount", "a.b.service", "user@1000.service", "x@y@z.socket"}) {
    EXPECT_TRUE(IsUnitName(name)) << name;
  }
  for (const char* name : {"", "ssh", ".service", "@.service", "@x.service", "ssh.conf", "a b.service", "ssh.service~",
                           "\xC3\xA9.service", "ssh.service.d"}) {
    EXPECT_FALSE(IsUnitName(name)) << name;
  }
  EXPECT_TRUE(IsUnitName(absl::StrCat(std::string(247, 'a'), ".service")));
  EXPECT_FALSE(IsUnitName(absl::StrCat(std::string(248, 'a'), ".service")));
}

TEST(UnitNameTest, TakesNamesApart) {
  EXPECT_EQ(UnitTypeOf("a.b.socket"), "socket");
  EXPECT_EQ(UnitPrefixOf("getty@tty1.service"), "getty");
  EXPECT_EQ(UnitInstanceOf("getty@tty.1.service"), "tty.1");
  EXPECT_EQ(UnitTemplateOf("getty@tty1.service"), "getty@.service");
  EXPECT_EQ(UnitTemplateOf("ssh.service"), "");
  EXPECT_EQ(UnitInstanceName("getty@.service", "tty1"), "getty@tty1.service");
  EXPECT_TRUE(IsUnitTemplate("getty@.service"));
  EXPECT_FALSE(IsUnitTemplate("getty@tty1.service"));
  EXPECT_TRUE(IsUnitInstance("getty@tty1.service"));
}

TEST(UnitNameTest, AliasesKeepTypeAndKind) {
  EXPECT_TRUE(IsValidUnitAlias("sshd.service", "ssh.service"));
  EXPECT_TRUE(IsValidUnitAlias("autovt@.service", "getty@.service"));
  EXPECT_TRUE(IsValidUnitAlias("a@x.service", "b@.service"));
  EXPECT_TRUE(IsValidUnitAlias("a@x.service", "b@x.service"));
  EXPECT_FALSE(IsValidUnitAlias("a@x.service", "b@y.service"));
  EXPECT_FALSE(IsValidUnitAlias("a@x.service", "b.service"));
  EXPECT_FALSE(IsValidUnitAlias("a.service", "b@.service"));
  EXPECT_FALSE(IsValidUnitAlias("a.service", "b.socket"));
  EXPECT_FALSE(IsValidUnitAlias("a.mount", "b.mount"));
  EXPECT_FALSE(IsValidUnitAlias("a.service", "b"));
}

TEST(UnitNameTest, DropInFoldersGoFromTheUnitToItsShortestPrefix) {
  EXPECT_THAT(DropInFolderNames("foo-bar-baz.service"),
              ElementsAre("foo-bar-baz.service.d", "foo-bar-.service.d", "foo-.service.d"));
  EXPECT_THAT(DropInFolderNames("ssh.service"), ElementsAre("ssh.service.d"));
  EXPECT_THAT(DropInFolderNames("a-b@x.service"),
              ElementsAre("a-b@x.service.d", "a-b@.service.d", "a-.service.d", "a-@x.service.d", "a-@.service.d"));
  EXPECT_THAT(DropInFolderNames("-.mount"), ElementsAre("-.mount.d"));
}

}  // namespace
}  // namespace rollcall

#include "collectors/accounts/name_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(OtherNameSources, NamesWhatIsNotTheHostsOwn) {
  EXPECT_THAT(
      OtherNameSources("# passwd: ldap\npasswd:  files sss [NOTFOUND=return SUCCESS=continue] winbind sss # ldap\n"
                       "group:\tcompat systemd\r\nshadow: files ldap\nhosts: files dns\nsudoers: files sss\n"),
      ElementsAre(Pair("passwd", ElementsAre("sss", "winbind")), Pair("sudoers", ElementsAre("sss"))));
}

TEST(OtherNameSources, LocalFilesOnly) {
  EXPECT_THAT(OtherNameSources("passwd: files\ngroup: compat\n"), IsEmpty());
  EXPECT_THAT(OtherNameSources(""), IsEmpty());
  EXPECT_THAT(OtherNameSources("no colon\n:\npasswd\n"), IsEmpty());
}

TEST(OtherNameSources, OnlyWordsAreRepeated) {
  EXPECT_THAT(OtherNameSources("passwd: \xFF\xFE $6$salt$hash [open\nldap\n"), IsEmpty());
}

}  // namespace
}  // namespace rollcall

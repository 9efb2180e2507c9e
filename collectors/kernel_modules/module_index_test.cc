#include "collectors/kernel_modules/module_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ModuleIndex, NamesOfPaths) {
  EXPECT_EQ(ModuleNameOfPath("kernel/fs/ext4/ext4.ko"), "ext4");
  EXPECT_EQ(ModuleNameOfPath("kernel/drivers/scsi/iscsi-tcp.ko.xz"), "iscsi_tcp");
  EXPECT_EQ(ModuleNameOfPath("/opt/modules/8250.ko.zst"), "8250");
  for (const absl::string_view path : {"", "/", "kernel/README", "a.kotlin", "a b.ko", "kernel/.ko", "a.ko/b"}) {
    EXPECT_EQ(ModuleNameOfPath(path), "") << path;
  }
}

TEST(ModuleIndex, DepNamesOneFileALine) {
  const ModulesDep dep = ParseModulesDep(
      "# comment\nkernel/a/x-y.ko.xz: kernel/b/z.ko.xz\nupdates/z.ko:\n/opt/q.ko:\n\nkernel/b/z.ko.xz:\n");
  EXPECT_EQ(dep.damaged, 0U);
  EXPECT_THAT(dep.paths,
              ElementsAre(Pair("q", "/opt/q.ko"), Pair("x_y", "kernel/a/x-y.ko.xz"), Pair("z", "updates/z.ko")));
}

TEST(ModuleIndex, DamageCostsNoOtherLine) {
  const std::string nul("a\0b.ko:\n", 8);
  const ModulesDep dep = ParseModulesDep("kernel/a.ko:\nkernel/b.ko\n\xff\xfe:\n" + nul + std::string(100'000, 'x') +
                                         "\nkernel/c.ko: kernel/a.ko");
  EXPECT_EQ(dep.damaged, 4U);
  EXPECT_THAT(dep.paths, ElementsAre(Pair("a", "kernel/a.ko"), Pair("c", "kernel/c.ko")));
}

TEST(ModuleIndex, BuiltinNamesOneALine) {
  const ModulesBuiltin builtin = ParseModulesBuiltin("kernel/fs/ext4/ext4.ko\r\nkernel/a/b-c.ko\nnonsense\n\n");
  EXPECT_EQ(builtin.damaged, 1U);
  EXPECT_THAT(builtin.names, ElementsAre("b_c", "ext4"));
}

}  // namespace
}  // namespace rollcall

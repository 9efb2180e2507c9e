#include "collectors/kernel_modules/module_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"
#include "platform/sha256.h"
#include "platform/testing/elf_builder.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPath[] = "/lib/modules/x.ko";

std::string Modinfo(absl::string_view licence) {
  return absl::StrCat("license=", licence, std::string(1, '\0'), "vermagic=6.1.0", std::string(1, '\0'));
}

std::string Module(absl::string_view licence) { return BuildElf({}, {{".modinfo", Modinfo(licence)}}); }

std::string ReadRecorded(absl::string_view path) {
  std::ifstream file(absl::StrCat(ROLLCALL_SOURCE_DIR "/collectors/kernel_modules/testdata/", path), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(ModuleFile, EveryCompressionSaysTheSame) {
  const std::string folder = "compressed/root/lib/modules/6.1.0-21-amd64/kernel/";
  const std::pair<const char*, const char*> kFiles[] = {{"lib/crc16.ko.xz", "CRC16 calculations"},
                                                        {"fs/ext4.ko.zst", "Fourth Extended Filesystem"},
                                                        {"lib/iscsi-tcp.ko.gz", "iSCSI/TCP data-path"}};
  for (const auto& [path, description] : kFiles) {
    SCOPED_TRACE(path);
    const std::string bytes = ReadRecorded(folder + path);
    const ModuleFile file = ParseModuleFile(bytes);
    EXPECT_THAT(file.problems, IsEmpty());
    EXPECT_EQ(file.sha256, Sha256Hex(bytes)) << "of the file as it is on disk";
    EXPECT_EQ(file.info.description, description);
    ASSERT_TRUE(file.signature.has_value());
    EXPECT_EQ(file.signature->signer(), "Debian Secure Boot Signer 2022 - linux");
  }
}

TEST(ModuleFile, OfOtherMachines) {
  for (const bool is_64_bit : {false, true}) {
    const std::string bytes = BuildElf({.is_64_bit = is_64_bit, .is_big_endian = true}, {{".modinfo", Modinfo("GPL")}});
    EXPECT_EQ(ParseModuleFile(bytes).info.licence, "GPL");
  }
}

struct BrokenFile {
  const char* name;
  std::string bytes;
  const char* problem;
};

TEST(ModuleFile, ABrokenFileStillHasItsDigest) {
  const std::string compressed = ReadRecorded("compressed/root/lib/modules/6.1.0-21-amd64/kernel/lib/crc16.ko.xz");
  const BrokenFile kBroken[] = {
      {"empty", "", "no ELF header"},
      {"text", "#!/bin/sh\n", "no ELF header"},
      {"NUL bytes", std::string(4'096, '\0'), "no ELF header"},
      {"truncated", Module("GPL").substr(0, 100), "not in the file"},
      {"truncated compression", compressed.substr(0, compressed.size() / 2), "cut short"},
      {"no section", BuildElf({}, {{".text", "x"}}), "no .modinfo section"},
      {"damaged section", BuildElf({}, {{".modinfo", "license"}}), "damaged entries: 1"},
      {"damaged signature", Module("GPL") + "~Module signature appended~\n", "parse module signature"},
  };
  for (const BrokenFile& broken : kBroken) {
    SCOPED_TRACE(broken.name);
    const ModuleFile file = ParseModuleFile(broken.bytes);
    EXPECT_EQ(file.sha256, Sha256Hex(broken.bytes));
    ASSERT_THAT(file.problems, SizeIs(1));
    EXPECT_THAT(std::string(file.problems[0].message()), HasSubstr(broken.problem));
  }
}

TEST(ModuleFile, ADamagedSignatureCostsNoModinfo) {
  const ModuleFile file = ParseModuleFile(Module("GPL") + "~Module signature appended~\n");
  EXPECT_EQ(file.info.licence, "GPL");
  EXPECT_FALSE(file.signature.has_value());
}

class ModuleFilesTest : public testing::Test {
 protected:
  // Counts reads of the file's content.
  ModuleFilesTest() {
    files_.SetFile(kPath, Module("GPL"));
    known_.BeginRun();
  }

  std::string Licence() {
    const auto file = known_.Get(files_, kPath);
    return file.ok() ? (*file)->info.licence : std::string(file.status().message());
  }

  MemoryTree files_;
  ModuleFiles known_;
};

TEST_F(ModuleFilesTest, AnUnchangedFileIsNotReadAgain) {
  const FileInfo info = *files_.Stat(kPath);
  EXPECT_EQ(Licence(), "GPL");
  files_.SetFile(kPath, Module("MIT"));
  files_.SetInfo(kPath, info);
  known_.BeginRun();
  EXPECT_EQ(Licence(), "GPL") << "same identity, size and times";
}

TEST_F(ModuleFilesTest, AChangedFileIs) {
  EXPECT_EQ(Licence(), "GPL");
  files_.SetFile(kPath, Module("MIT"));
  EXPECT_EQ(Licence(), "MIT");
}

TEST_F(ModuleFilesTest, AFileNobodyAskedForIsForgotten) {
  const FileInfo info = *files_.Stat(kPath);
  EXPECT_EQ(Licence(), "GPL");
  known_.BeginRun();
  known_.BeginRun();
  files_.SetFile(kPath, Module("MIT"));
  files_.SetInfo(kPath, info);
  EXPECT_EQ(Licence(), "MIT");
}

TEST_F(ModuleFilesTest, AFileThatChangesWhileItIsReadIsNotTrusted) {
  int accesses = 0;
  files_.SetAccessHook([&](absl::string_view path) {
    // The first is the stat before the read, the second the read.
    if (path == kPath && ++accesses == 2) files_.SetFile(kPath, Module("MIT"));
    return absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsAborted(known_.Get(files_, kPath).status()));
  EXPECT_EQ(Licence(), "MIT") << "and read again";
}

TEST_F(ModuleFilesTest, ErrorsOfTheTreeAreNotRemembered) {
  files_.SetError(kPath, absl::PermissionDeniedError("permission denied"));
  EXPECT_TRUE(absl::IsPermissionDenied(known_.Get(files_, kPath).status()));
  files_.SetError(kPath, absl::OkStatus());
  EXPECT_EQ(Licence(), "GPL");
  files_.Unset(kPath);
  EXPECT_TRUE(absl::IsNotFound(known_.Get(files_, kPath).status()));
}

}  // namespace
}  // namespace rollcall

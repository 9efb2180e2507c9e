// The readers of module files and indexes against modinfo(8) and depmod(8) of kmod, on modules
// that are compiled, signed and compressed here: this machine's kernel may have none.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/kernel_modules/kernel_modules_collector.h"
#include "collectors/kernel_modules/module_file.h"
#include "collectors/run_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

// Makes the tree $1/lib/modules/6.1.0-test of modules of several kinds.
constexpr char kMakeModules[] = R"sh(set -e
cd "$1"
folder=lib/modules/6.1.0-test/kernel
mkdir -p $folder/fs $folder/net
module() {  # module FILE ENTRY...
  file=$1; shift
  { i=0
    for entry in "$@"; do
      printf 'static const char entry_%d[] __attribute__((section(".modinfo"), used, aligned(1))) = "%s";\n' $i "$entry"
      i=$((i + 1))
    done
    echo 'int init_module(void) { return 0; }'
  } > module.c
  gcc -c -o "$file" module.c
}
sign() {  # sign FILE DIGEST CMS-OPTION...
  file=$1 digest=$2; shift 2
  openssl cms -sign -binary -nocerts -noattr -md $digest -outform DER -in "$file" -signer cert.pem -inkey key.pem \
      -out signature "$@"
  size=$(stat -c %s signature)
  { cat "$file" signature
    printf '\0\0\2\0\0\0\0\0\0\0'
    printf "\\$(printf %o $((size / 256)))\\$(printf %o $((size % 256)))"
    printf '~Module signature appended~\n'
  } > signed
  mv signed "$file"
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj "/O=Org/CN=Build time key: test" 2>/dev/null
magic="vermagic=6.1.0-test SMP preempt mod_unload "
module $folder/fs/plain.ko license=GPL "description=A plain = module" depends= intree=Y name=plain "$magic"
module $folder/fs/needs-it.ko "license=GPL v2" depends=plain,xz_one "author=A. Person" version=1.2-3 srcversion=0ABC12 \
    "parm=debug:how much (int)" name=needs_it "$magic"
module $folder/net/signed.ko license=Proprietary depends= name=signed "$magic"
sign $folder/net/signed.ko sha512
module $folder/net/xz-one.ko license=GPL depends= intree=Y name=xz_one "$magic"
sign $folder/net/xz-one.ko sha256
xz --check=crc32 --lzma2=dict=1MiB $folder/net/xz-one.ko
module $folder/net/zstd_one.ko license=GPL depends= intree=Y name=zstd_one "$magic"
sign $folder/net/zstd_one.ko sha384
zstd -q --rm -19 $folder/net/zstd_one.ko
printf 'kernel/fs/builtin-one.ko\n' > lib/modules/6.1.0-test/modules.builtin
printf 'kernel/fs/plain.ko\n' > lib/modules/6.1.0-test/modules.order
depmod -b "$1" 6.1.0-test
)sh";

class KernelModulesLive : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "kernel_modules_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    const auto made = ToolOutput({"sh", "-c", kMakeModules, "sh", root_.string()});
    ASSERT_TRUE(made.ok()) << made.status() << ": needs gcc, openssl, xz, zstd and kmod";
  }
  void TearDown() override { fs::remove_all(root_); }

  std::vector<fs::path> ModuleFilePaths() const {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / "lib/modules/6.1.0-test/kernel")) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    return paths;
  }

  fs::path root_;
};

// Lines of one field, joined with `|`.
std::string Modinfo(absl::string_view field, const fs::path& path) {
  const auto output = ToolOutput({"modinfo", "-F", std::string(field), path.string()});
  EXPECT_TRUE(output.ok()) << output.status();
  return output.ok() ? absl::StrJoin(absl::StrSplit(absl::StripSuffix(*output, "\n"), '\n'), "|") : "";
}

TEST_F(KernelModulesLive, SaysTheSameAsModinfo) {
  size_t with_signature = 0;
  const std::vector<fs::path> paths = ModuleFilePaths();
  ASSERT_EQ(paths.size(), 5U);
  for (const fs::path& path : paths) {
    SCOPED_TRACE(path.string());
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const ModuleFile file = ParseModuleFile(bytes);
    EXPECT_TRUE(file.problems.empty()) << file.problems[0];
    EXPECT_EQ(file.info.licence, Modinfo("license", path));
    EXPECT_EQ(file.info.description, Modinfo("description", path));
    EXPECT_EQ(file.info.version, Modinfo("version", path));
    EXPECT_EQ(file.info.srcversion, Modinfo("srcversion", path));
    EXPECT_EQ(file.info.vermagic, Modinfo("vermagic", path));
    EXPECT_EQ(file.info.name, Modinfo("name", path));
    EXPECT_EQ(absl::StrJoin(file.info.depends, ","), Modinfo("depends", path));
    EXPECT_EQ(file.info.in_tree ? "Y" : "", Modinfo("intree", path));
    const pb::ModuleSignature signature = file.signature.value_or(pb::ModuleSignature());
    EXPECT_EQ(signature.format(), Modinfo("sig_id", path));
    EXPECT_EQ(signature.signer(), Modinfo("signer", path));
    EXPECT_EQ(signature.key_id(), Modinfo("sig_key", path));
    EXPECT_EQ(signature.hash_algorithm(), Modinfo("sig_hashalgo", path));
    with_signature += file.signature ? 1 : 0;
  }
  EXPECT_EQ(with_signature, 3U);
}

TEST_F(KernelModulesLive, FindsTheFilesThatModprobeWouldLoad) {
  // What the kernel would show.
  const auto write = [this](absl::string_view path, absl::string_view content) {
    const fs::path on_disk = root_ / std::string(path);
    fs::create_directories(on_disk.parent_path());
    std::ofstream(on_disk, std::ios::binary) << content;
  };
  std::string proc_modules;
  for (const char* name : {"plain", "needs_it", "signed", "xz_one", "zstd_one"}) {
    absl::StrAppend(&proc_modules, name, " 16384 0 - Live 0x0000000000000000\n");
    write(absl::StrCat("sys/module/", name, "/initstate"), "live\n");
  }
  write("proc/modules", proc_modules);
  write("proc/sys/kernel/osrelease", "6.1.0-test\n");

  const auto files = HostRoot::Create(root_.string());
  ASSERT_TRUE(files.ok()) << files.status();
  const SystemClock clock;
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  VectorSink sink;
  const pb::RunResult result =
      RunCollector(*kKernelModulesCollector.create(context), kKernelModulesCollector, {}, clock, StopToken(), sink);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  std::map<std::string, pb::KernelModule> modules;
  for (const pb::Record& record : sink.records()) modules[record.kernel_module().name()] = record.kernel_module();
  ASSERT_EQ(modules.size(), 6U);
  EXPECT_TRUE(modules["builtin_one"].builtin());
  for (const auto& [name, module] : modules) {
    if (module.builtin()) continue;
    SCOPED_TRACE(name);
    const auto filename = ToolOutput({"modinfo", "-b", root_.string(), "-k", "6.1.0-test", "-F", "filename", name});
    ASSERT_TRUE(filename.ok()) << filename.status();
    EXPECT_EQ(absl::StrCat(root_.string(), module.file_path()), absl::StripSuffix(*filename, "\n"));
    const auto digest = ToolOutput({"sha256sum", absl::StrCat(root_.string(), module.file_path())});
    ASSERT_TRUE(digest.ok()) << digest.status();
    EXPECT_EQ(module.file_sha256(), digest->substr(0, 64));
  }
}

}  // namespace
}  // namespace rollcall

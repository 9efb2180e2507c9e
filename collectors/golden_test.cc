// Runs every collector over the recorded trees in its folder and compares all it says:
//   collectors/NAME/testdata/CASE/root/...        a host's files
//   collectors/NAME/testdata/CASE/expected.txtpb  the records, sorted, and the run's result
// and every collector over every whole host:
//   tests/hosts/HOST/root/...                     see tests/hosts/README.md
//   tests/hosts/HOST/expected/NAME.txtpb
// Git keeps neither times nor empty directories: every file is given one fixed modification
// time and loses what the umask of the checkout let others write, and a `.gitkeep` keeps a
// directory without being in it. tools/regenerate_golden writes the expected files anew.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/registry.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "google/protobuf/text_format.h"
#include "platform/host_root.h"
#include "platform/testing/fake_clock.h"
#include "proto/kind_registry.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

// 2023-11-14T22:13:20Z
constexpr timespec kModified = {.tv_sec = 1'700'000'000, .tv_nsec = 0};

struct GoldenCase {
  std::string collector;
  // Name of the case or host.
  std::string name;
  fs::path root;
  fs::path expected;
};

// For GoogleTest's messages.
std::ostream& operator<<(std::ostream& out, const GoldenCase& golden) {
  return out << golden.collector << "/" << golden.name;
}

std::vector<GoldenCase> CasesOf(absl::string_view collector) {
  std::vector<GoldenCase> cases;
  const fs::path testdata = absl::StrCat(ROLLCALL_SOURCE_DIR "/collectors/", collector, "/testdata");
  if (!fs::exists(testdata)) return cases;
  for (const auto& entry : fs::directory_iterator(testdata)) {
    const fs::path& folder = entry.path();
    if (!fs::is_directory(folder / "root")) continue;
    cases.push_back({std::string(collector), folder.filename(), folder / "root", folder / "expected.txtpb"});
  }
  return cases;
}

std::vector<GoldenCase> HostsFor(const std::string& collector) {
  std::vector<GoldenCase> cases;
  for (const auto& entry : fs::directory_iterator(ROLLCALL_SOURCE_DIR "/tests/hosts")) {
    const fs::path& folder = entry.path();
    if (!fs::is_directory(folder / "root")) continue;
    cases.push_back({collector, "host_" + folder.filename().string(), folder / "root",
                     folder / "expected" / (collector + ".txtpb")});
  }
  return cases;
}

std::vector<GoldenCase> AllCases() {
  std::vector<GoldenCase> cases;
  for (const Collector::Descriptor* descriptor : AllCollectors()) {
    for (std::vector<GoldenCase> some : {CasesOf(descriptor->name), HostsFor(std::string(descriptor->name))}) {
      std::move(some.begin(), some.end(), std::back_inserter(cases));
    }
  }
  std::sort(cases.begin(), cases.end(), [](const GoldenCase& a, const GoldenCase& b) {
    return std::tie(a.collector, a.name) < std::tie(b.collector, b.name);
  });
  return cases;
}

void CopyFixture(const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  std::vector<fs::path> copied = {to};
  for (const auto& entry : fs::recursive_directory_iterator(to)) copied.push_back(entry.path());
  for (const fs::path& path : copied) {
    if (path.filename() == ".gitkeep") {
      fs::remove(path);
    } else if (!fs::is_symlink(path)) {
      fs::permissions(path, fs::perms::group_write | fs::perms::others_write, fs::perm_options::remove);
    }
  }
  const timespec times[2] = {kModified, kModified};
  for (const fs::path& path : copied) utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

std::string Block(absl::string_view name, const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetInitialIndentLevel(1);
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  EXPECT_TRUE(printer.PrintToString(message, &text));
  return absl::StrCat(name, " {\n", text, "}\n");
}

// What every record of every collector owes to those behind it.
void CheckRecords(const Collector::Descriptor& descriptor, const std::vector<pb::Record>& records) {
  std::set<AssetKey> keys;
  for (const pb::Record& record : records) {
    SCOPED_TRACE(record.ShortDebugString());
    const Kind* kind = KindOf(record);
    ASSERT_NE(kind, nullptr) << "record without payload";
    EXPECT_NE(std::find(descriptor.kinds.begin(), descriptor.kinds.end(), kind->options->name()),
              descriptor.kinds.end())
        << "kind is not in the descriptor";
    EXPECT_FALSE(HasDerivedFields(record));
    EXPECT_FALSE(record.has_collected_at()) << "the pipeline's to fill";
    const auto key = AssetKeyOf(record);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_TRUE(keys.insert(*key).second) << "two records with one identity";
    pb::Record decoded;
    EXPECT_TRUE(decoded.ParseFromString(record.SerializeAsString())) << "a string that is not UTF-8";
  }
}

// One fresh instance, two runs: caches must not change what is said.
std::string RunTwice(const Collector::Descriptor& descriptor, const FileTree& files) {
  const FakeClock clock;
  CollectorContext context;
  context.files = &files;
  context.clock = &clock;
  context.host_id = "golden-host";
  context.host_id_source = "test";
  context.agent_version = "1.2.3";
  const std::unique_ptr<Collector> collector = descriptor.create(context);
  std::string first;
  for (int run = 0; run < 2; ++run) {
    VectorSink sink;
    pb::RunResult result = RunCollector(*collector, descriptor, {}, clock, StopToken(), sink);
    FlushCollector(*collector, sink, &result);
    CheckRecords(descriptor, sink.records());
    result.clear_started_at();
    result.clear_finished_at();
    result.clear_cpu_time();
    std::vector<std::string> blocks;
    for (const pb::Record& record : sink.records()) blocks.push_back(Block("record", record));
    std::sort(blocks.begin(), blocks.end());
    blocks.push_back(Block("run_result", result));
    std::string text;
    for (const std::string& block : blocks) absl::StrAppend(&text, block);
    if (run == 0)
      first = std::move(text);
    else
      EXPECT_EQ(text, first) << "the second run differs from the first";
  }
  return first;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class GoldenTest : public testing::TestWithParam<GoldenCase> {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "golden_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    temporary_ = name;
    CopyFixture(GetParam().root, temporary_ / "host");
  }
  void TearDown() override { fs::remove_all(temporary_); }

  fs::path temporary_;
};

TEST_P(GoldenTest, SaysWhatIsExpected) {
  const Collector::Descriptor* descriptor = FindCollector(GetParam().collector);
  const auto host = HostRoot::Create((temporary_ / "host").string());
  ASSERT_TRUE(host.ok()) << host.status();
  const std::string actual = RunTwice(*descriptor, **host);

  const fs::path& expected_path = GetParam().expected;
  if (getenv("ROLLCALL_REGENERATE_GOLDEN") != nullptr) {
    fs::create_directories(expected_path.parent_path());
    std::ofstream(expected_path, std::ios::binary) << actual;
    return;
  }
  ASSERT_TRUE(fs::exists(expected_path)) << "run tools/regenerate_golden";
  EXPECT_EQ(actual, ReadAll(expected_path)) << "if the change is meant, run tools/regenerate_golden";
}

// The agent in a container reads the same files through /host.
TEST_P(GoldenTest, SaysTheSameOfTheTreeSeenAsSubtree) {
  const Collector::Descriptor* descriptor = FindCollector(GetParam().collector);
  const auto host = HostRoot::Create((temporary_ / "host").string());
  ASSERT_TRUE(host.ok()) << host.status();
  const auto container = HostRoot::Create(temporary_.string());
  ASSERT_TRUE(container.ok()) << container.status();
  const auto seen_from_container = (*container)->Subtree("/host");
  ASSERT_TRUE(seen_from_container.ok()) << seen_from_container.status();
  EXPECT_EQ(RunTwice(*descriptor, **seen_from_container), RunTwice(*descriptor, **host));
}

INSTANTIATE_TEST_SUITE_P(Recorded, GoldenTest, testing::ValuesIn(AllCases()), [](const auto& info) {
  std::string name = absl::StrCat(info.param.collector, "_", info.param.name);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return isalnum(c) == 0; }, '_');
  return name;
});

TEST(Golden, EveryCollectorHasACase) {
  for (const Collector::Descriptor* descriptor : AllCollectors()) {
    EXPECT_FALSE(CasesOf(descriptor->name).empty()) << descriptor->name << " has no testdata/CASE/root";
  }
}

}  // namespace
}  // namespace rollcall

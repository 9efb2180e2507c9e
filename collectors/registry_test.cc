#include "collectors/registry.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace rollcall {
namespace {

constexpr absl::string_view kHostKind[] = {"host"};
constexpr absl::string_view kProcessKind[] = {"process"};
constexpr absl::string_view kUnknownKind[] = {"unicorn"};
constexpr absl::string_view kPaths[] = {"/etc/hostname"};

Collector::Descriptor Valid(absl::string_view name, absl::Span<const absl::string_view> kinds) {
  return {
      .name = name,
      .version = "1",
      .kinds = kinds,
      .interval = absl::Hours(1),
      .timeout = absl::Seconds(10),
      .paths_read = kPaths,
      .max_records = 1,
      .create = [](const CollectorContext&) { return std::unique_ptr<Collector>(); },
  };
}

TEST(Registry, TheTableKeepsItsRules) { EXPECT_EQ(CheckCollectors(AllCollectors()), absl::OkStatus()); }

TEST(Registry, FindsByName) {
  for (const Collector::Descriptor* descriptor : AllCollectors()) {
    EXPECT_EQ(FindCollector(descriptor->name), descriptor);
  }
  EXPECT_EQ(FindCollector(""), nullptr);
  EXPECT_EQ(FindCollector("unicorn"), nullptr);
}

TEST(Registry, EveryFolderIsRegisteredAndDescribed) {
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(ROLLCALL_SOURCE_DIR "/collectors")) {
    if (!std::filesystem::exists(entry.path() / "CMakeLists.txt")) continue;
    folders.insert(entry.path().filename());
    EXPECT_TRUE(std::filesystem::exists(entry.path() / "README.md")) << entry.path() << " has no README.md";
  }
  std::set<std::string> registered;
  for (const Collector::Descriptor* descriptor : AllCollectors()) registered.emplace(descriptor->name);
  EXPECT_EQ(folders, registered);
}

TEST(CheckCollectors, AcceptsASortedTable) {
  const Collector::Descriptor a = Valid("a", kHostKind);
  const Collector::Descriptor b = Valid("b", kProcessKind);
  EXPECT_EQ(CheckCollectors({&a, &b}), absl::OkStatus());
}

TEST(CheckCollectors, NamesTheEntryThatBreaksARule) {
  const Collector::Descriptor a = Valid("a", kHostKind);
  const Collector::Descriptor b = Valid("b", kProcessKind);
  const Collector::Descriptor same_kind = Valid("c", kHostKind);
  const Collector::Descriptor unknown_kind = Valid("d", kUnknownKind);
  Collector::Descriptor no_version = Valid("e", kHostKind);
  no_version.version = "";
  Collector::Descriptor no_create = Valid("f", kHostKind);
  no_create.create = nullptr;
  Collector::Descriptor no_limit = Valid("g", kHostKind);
  no_limit.max_records = 0;

  const struct {
    std::vector<const Collector::Descriptor*> table;
    absl::string_view want;
  } cases[] = {
      {{&b, &a}, "collector a: listed after b"},
      {{&a, &a}, "collector a: listed twice"},
      {{&a, &same_kind}, "collector c: kind host has another"},
      {{&unknown_kind}, "collector d: unknown kind unicorn"},
      {{&no_version}, "collector e: no version"},
      {{&no_create}, "collector f: cannot be created"},
      {{&no_limit}, "collector g: no limit"},
  };
  for (const auto& c : cases) {
    const absl::Status status = CheckCollectors(c.table);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_TRUE(absl::StrContains(status.message(), c.want)) << status;
  }
}

TEST(CheckCollectors, RefusesToWatchARelativePath) {
  constexpr absl::string_view kRelative[] = {"/etc/", "etc/passwd"};
  Collector::Descriptor a = Valid("a", kHostKind);
  a.watch_paths = kRelative;
  EXPECT_EQ(CheckCollectors({&a}).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall

// Cost of the package inventory on a host with 1,000 packages of dpkg, beside that of reading the
// database's bytes alone: parsing should take at most 2 ms. And on one with 600 packages of rpm,
// beside stepping through its headers with SQLite and doing nothing with them.
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "collectors/os_packages/dpkg_parser.h"
#include "collectors/os_packages/os_packages_collector.h"
#include "collectors/run_collector.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

constexpr int kPackages = 1'000;
constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr char kStatusPath[] = "/var/lib/dpkg/status";

// As large as the average stanza of a Debian 12 server: 930 bytes.
std::string Stanza(int number) {
  std::string text = absl::StrCat(
      "Package: library-number-", number, "\nStatus: install ok installed\nPriority: optional\nSection: libs\n",
      "Installed-Size: ", 100 + number, "\nMaintainer: Some Maintainers <some-maintainers@lists.example.org>\n",
      "Architecture: amd64\nMulti-Arch: same\nSource: source-number-", number / 3, " (1:2.", number, "-3)\n",
      "Version: 1:2.", number, "-3+b1\nDepends: libc6 (>= 2.34), libgcc-s1 (>= 3.0), libstdc++6 (>= 11)\n",
      "Conffiles:\n /etc/library/", number, ".conf 500e3cf069fe9a7b9936108eb9d9c035\n",
      "Description: library that does one thing and does it ", number, " times\n");
  while (text.size() < 900) text += " The long description has lines of about this length, as they are wrapped.\n .\n";
  return text + "Homepage: https://example.org/\n\n";
}

// A host in a temporary directory.
class Host {
 public:
  Host() {
    char name[] = "/tmp/os_packages_benchmark_XXXXXX";
    root_ = mkdtemp(name);
    std::filesystem::create_directories(root_ + "/var/lib/dpkg/info");
    std::filesystem::create_directories(root_ + "/etc");
    std::ofstream(root_ + "/etc/os-release") << "ID=debian\nVERSION_ID=12\n";
    for (int i = 0; i < kPackages; ++i) {
      text += Stanza(i);
      std::ofstream(absl::StrCat(root_, "/var/lib/dpkg/info/library-number-", i, ":amd64.list")) << "/.\n";
    }
    std::ofstream(root_ + kStatusPath) << text;
    files = *HostRoot::Create(root_);
    context.files = files.get();
    context.clock = &clock;
  }
  ~Host() { std::filesystem::remove_all(root_); }

  std::string text;
  std::unique_ptr<HostRoot> files;
  SystemClock clock;
  CollectorContext context;

 private:
  std::string root_;
};

// Takes records as the pipeline does, without its work.
class NullSink : public RecordSink {
 public:
  absl::Status Emit(pb::Record&& record) override {
    benchmark::DoNotOptimize(record);
    return absl::OkStatus();
  }
};

void BM_BareRead(benchmark::State& state) {
  const Host host;
  for (auto _ : state) benchmark::DoNotOptimize(host.files->ReadFile(kStatusPath, kMaxBytes));
}

void BM_Parse(benchmark::State& state) {
  const Host host;
  for (auto _ : state) {
    const DpkgParse parse = ParseDpkgStatus(host.text, StanzaDialect::kDpkgStatus, 20'000);
    if (parse.packages.size() != kPackages) state.SkipWithError("packages missing");
  }
}

void BM_FirstRun(benchmark::State& state) {
  const Host host;
  NullSink sink;
  for (auto _ : state) {
    const auto collector = kOsPackagesCollector.create(host.context);
    const pb::RunResult result = RunCollector(*collector, kOsPackagesCollector, {}, host.clock, StopToken(), sink);
    if (result.record_count() != kPackages) state.SkipWithError("records missing");
  }
}

// One run in eight reads all the same.
void BM_UnchangedRun(benchmark::State& state) {
  const Host host;
  NullSink sink;
  const auto collector = kOsPackagesCollector.create(host.context);
  RunCollector(*collector, kOsPackagesCollector, {}, host.clock, StopToken(), sink);
  for (auto _ : state) {
    const pb::RunResult result = RunCollector(*collector, kOsPackagesCollector, {}, host.clock, StopToken(), sink);
    if (result.record_count() != kPackages) state.SkipWithError("records missing");
  }
}

constexpr int kRpmPackages = 600;
constexpr char kRpmPath[] = "/var/lib/rpm/rpmdb.sqlite";

std::string BigEndian32(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 0xFF));
  return bytes;
}

// As large as the average header of a Fedora server, 58 KB: most of it are lists of files.
std::string Header(int number) {
  std::string index;
  std::string data;
  uint32_t entries = 0;
  const auto add = [&](uint32_t tag, uint32_t type, absl::string_view value) {
    absl::StrAppend(&index, BigEndian32(tag), BigEndian32(type), BigEndian32(static_cast<uint32_t>(data.size())),
                    BigEndian32(1));
    absl::StrAppend(&data, value);
    ++entries;
  };
  const auto text = [](absl::string_view value) { return std::string(value) + '\0'; };
  add(1000, 6, text(absl::StrCat("library-number-", number)));
  add(1001, 6, text("1.2.3"));
  add(1002, 6, text("4.fc40"));
  add(1004, 9, text("A library that does one thing"));
  add(1011, 6, text("Fedora Project"));
  add(1014, 6, text("LGPL-2.1-or-later"));
  add(1022, 6, text("x86_64"));
  add(1044, 6, text(absl::StrCat("source-number-", number / 3, "-1.2.3-4.fc40.src.rpm")));
  for (uint32_t tag = 1045; tag < 1110; ++tag) add(tag, 8, text(std::string(880, 'f')));
  return absl::StrCat(BigEndian32(entries), BigEndian32(static_cast<uint32_t>(data.size())), index, data);
}

// A host of rpm in a temporary directory, without a database at first.
class RpmHost {
 public:
  RpmHost() {
    char name[] = "/tmp/os_packages_benchmark_XXXXXX";
    root_ = mkdtemp(name);
    std::filesystem::create_directories(root_ + "/var/lib/rpm");
    files = *HostRoot::Create(root_);
    context.files = files.get();
    context.clock = &clock;
  }
  ~RpmHost() { std::filesystem::remove_all(root_); }

  std::string Path(absl::string_view path) const { return absl::StrCat(root_, path); }

  void FillSqlite() const {
    sqlite3* database = nullptr;
    sqlite3_open(Path(kRpmPath).c_str(), &database);
    sqlite3_exec(database,
                 "PRAGMA synchronous = OFF; BEGIN;"
                 "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)",
                 nullptr, nullptr, nullptr);
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO Packages (blob) VALUES (?)", -1, &insert, nullptr);
    for (int i = 0; i < kRpmPackages; ++i) {
      const std::string header = Header(i);
      sqlite3_bind_blob(insert, 1, header.data(), static_cast<int>(header.size()), SQLITE_TRANSIENT);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr);
    sqlite3_close(database);
  }

  std::unique_ptr<HostRoot> files;
  SystemClock clock;
  CollectorContext context;

 private:
  std::string root_;
};

void BM_RpmBareSteps(benchmark::State& state) {
  const RpmHost host;
  host.FillSqlite();
  for (auto _ : state) {
    sqlite3* database = nullptr;
    sqlite3_open_v2(host.Path(kRpmPath).c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_stmt* select = nullptr;
    sqlite3_prepare_v2(database, "SELECT blob FROM Packages", -1, &select, nullptr);
    int rows = 0;
    while (sqlite3_step(select) == SQLITE_ROW) {
      benchmark::DoNotOptimize(sqlite3_column_blob(select, 0));
      ++rows;
    }
    if (rows != kRpmPackages) state.SkipWithError("rows missing");
    sqlite3_finalize(select);
    sqlite3_close(database);
  }
}

void BM_RpmFirstRun(benchmark::State& state) {
  const RpmHost host;
  host.FillSqlite();
  NullSink sink;
  for (auto _ : state) {
    const auto collector = kOsPackagesCollector.create(host.context);
    const pb::RunResult result = RunCollector(*collector, kOsPackagesCollector, {}, host.clock, StopToken(), sink);
    if (result.record_count() != kRpmPackages) state.SkipWithError("records missing");
  }
}

// The worst file that is read to its end: 1 GiB of pages, none of which has a package.
void BM_RpmLargestDamaged(benchmark::State& state) {
  const RpmHost host;
  std::string meta(4096, '\0');
  const auto put = [&meta](size_t at, absl::string_view bytes) { meta.replace(at, bytes.size(), std::string(bytes)); };
  put(12, BigEndian32(0x061561));
  put(20, BigEndian32(4096));
  put(25, "\x08");
  put(32, BigEndian32((1U << 18) - 1));
  const std::string path = host.Path("/var/lib/rpm/Packages");
  std::ofstream(path) << meta;
  if (truncate(path.c_str(), off_t{1} << 30) != 0) state.SkipWithError("truncate");
  NullSink sink;
  for (auto _ : state) {
    const auto collector = kOsPackagesCollector.create(host.context);
    RunCollector(*collector, kOsPackagesCollector, {}, host.clock, StopToken(), sink);
  }
}

BENCHMARK(BM_RpmBareSteps)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_RpmFirstRun)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_RpmLargestDamaged)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_BareRead)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Parse)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_FirstRun)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_UnchangedRun)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rollcall

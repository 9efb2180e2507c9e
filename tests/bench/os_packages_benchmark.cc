// Cost of the package inventory on a host with 1,000 packages, beside that of reading the
// database's bytes alone. Parsing should take at most 2 ms.
#include <sys/stat.h>

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

BENCHMARK(BM_BareRead)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Parse)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_FirstRun)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_UnchangedRun)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rollcall

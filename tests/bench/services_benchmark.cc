// Cost of the inventory of startup services on a host with 300 units, a third of them enabled and
// a tenth with a drop-in, and of parsing one unit file.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "collectors/run_collector.h"
#include "collectors/services/services_collector.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/systemd/unit_file.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

constexpr int kUnits = 300;

std::string UnitText(int number) {
  return absl::StrCat(
      "# SPDX-License-Identifier: none\n[Unit]\nDescription=Service number ", number,
      "\nDocumentation=man:service(8)\nAfter=network.target remote-fs.target\n\n[Service]\nType=notify\n"
      "Environment=OPTION=",
      number, " \"OTHER=a b\"\nExecStart=/usr/sbin/service-", number,
      " --config /etc/service/config.yaml --listen=0.0.0.0:8080\nExecReload=/bin/kill -HUP $MAINPID\n"
      "Restart=on-failure\nProtectSystem=strict\nNoNewPrivileges=yes\nPrivateTmp=yes\n\n[Install]\n"
      "WantedBy=multi-user.target\n");
}

// A host in a temporary directory.
class Host {
 public:
  Host() {
    char name[] = "/tmp/services_benchmark_XXXXXX";
    root_ = mkdtemp(name);
    const fs::path vendor = root_ / "usr/lib/systemd/system";
    const fs::path config = root_ / "etc/systemd/system";
    fs::create_directories(vendor);
    fs::create_directories(config / "multi-user.target.wants");
    for (int i = 0; i < kUnits; ++i) {
      const std::string unit = absl::StrCat("service-", i, ".service");
      std::ofstream(vendor / unit) << UnitText(i);
      if (i % 3 == 0) fs::create_symlink("/usr/lib/systemd/system/" + unit, config / "multi-user.target.wants" / unit);
      if (i % 10 != 0) continue;
      fs::create_directories(config / (unit + ".d"));
      std::ofstream(config / (unit + ".d") / "limits.conf") << "[Service]\nLimitNOFILE=65536\n";
    }
    files = *HostRoot::Create(root_.string());
    context.files = files.get();
    context.clock = &clock;
  }
  ~Host() { fs::remove_all(root_); }

  std::unique_ptr<HostRoot> files;
  SystemClock clock;
  CollectorContext context;

 private:
  fs::path root_;
};

class NullSink : public RecordSink {
 public:
  absl::Status Emit(pb::Record&& record) override {
    benchmark::DoNotOptimize(record);
    return absl::OkStatus();
  }
};

void BM_Services(benchmark::State& state) {
  Host host;
  const auto collector = kServicesCollector.create(host.context);
  for (auto _ : state) {
    NullSink sink;
    RunCollector(*collector, kServicesCollector, {}, host.clock, StopToken(), sink);
  }
  state.SetItemsProcessed(state.iterations() * kUnits);
}
BENCHMARK(BM_Services)->Unit(benchmark::kMillisecond);

void BM_ParseUnitFile(benchmark::State& state) {
  const std::string text = UnitText(1);
  for (auto _ : state) benchmark::DoNotOptimize(ParseUnitFile(text));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_ParseUnitFile);

}  // namespace
}  // namespace rollcall

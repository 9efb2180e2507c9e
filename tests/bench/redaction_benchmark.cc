// Cost of redaction per value, over the labelled corpora: harmless command lines, which are
// nearly all there is on a host, and those with secrets. The target is 5 us at the median.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "benchmark/benchmark.h"
#include "platform/redaction/redactor.h"

namespace rollcall {
namespace {

constexpr char kTraps[] = "platform/redaction/testdata/traps.tsv";
constexpr char kSecrets[] = "platform/redaction/testdata/secrets.tsv";
constexpr char kRealLines[] = "tests/redaction/real_lines.tsv";

// Values of one kind; the first `skip` cells of a line are labels.
std::vector<std::vector<std::string>> ReadValues(const char* name, const std::string& kind, size_t skip) {
  std::ifstream file(absl::StrCat(ROLLCALL_SOURCE_DIR, "/", name));
  std::vector<std::vector<std::string>> values;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (cells[0] == kind) values.emplace_back(cells.begin() + static_cast<std::ptrdiff_t>(skip), cells.end());
  }
  return values;
}

// Redacts all values again and again and reports the quantiles of single calls.
template <typename Redact>
void Measure(benchmark::State& state, const std::vector<std::vector<std::string>>& values, Redact redact) {
  if (values.empty()) {
    state.SkipWithError("no corpus");
    return;
  }
  std::vector<double> microseconds;
  for (auto _ : state) {
    for (std::vector<std::string> value : values) {
      const auto begin = std::chrono::steady_clock::now();
      redact(&value);
      const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
      benchmark::DoNotOptimize(value);
      microseconds.push_back(took.count());
    }
  }
  std::sort(microseconds.begin(), microseconds.end());
  state.counters["p50_us"] = microseconds[microseconds.size() / 2];
  state.counters["p99_us"] = microseconds[microseconds.size() * 99 / 100];
  state.SetItemsProcessed(static_cast<int64_t>(microseconds.size()));
}

void BM_ArgvHarmless(benchmark::State& state) { Measure(state, ReadValues(kTraps, "argv", 1), RedactArgv); }
void BM_ArgvSecret(benchmark::State& state) { Measure(state, ReadValues(kSecrets, "argv", 2), RedactArgv); }
void BM_Url(benchmark::State& state) {
  Measure(state, ReadValues(kSecrets, "url", 2), [](auto* value) { RedactUrl(&(*value)[0]); });
}
void BM_Text(benchmark::State& state) {
  Measure(state, ReadValues(kSecrets, "text", 2), [](auto* value) { RedactText(&(*value)[0]); });
}

// What hosts have: lines of packages' scripts and settings, hardly any with a secret.
void BM_RealText(benchmark::State& state) {
  Measure(state, ReadValues(kRealLines, "text", 2), [](auto* value) { RedactText(&(*value)[0]); });
}

// Whether the time grows with the size alone: values that keep every rule busy.
void BM_TextBySize(benchmark::State& state) {
  std::string text;
  while (text.size() < static_cast<size_t>(state.range(0))) text += "password: {a=b 'c\" https://u:/?x=";
  text.resize(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    std::string copy = text;
    benchmark::DoNotOptimize(RedactText(&copy));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(BM_ArgvHarmless);
BENCHMARK(BM_ArgvSecret);
BENCHMARK(BM_Url);
BENCHMARK(BM_Text);
BENCHMARK(BM_RealText);
BENCHMARK(BM_TextBySize)->Arg(1 << 10)->Arg(2 << 10)->Arg(4 << 10)->Arg(8 << 10);

}  // namespace
}  // namespace rollcall

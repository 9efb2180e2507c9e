// retention_simulator: see README.md.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "tests/simulator/summary.h"

namespace rollcall::simulator {
namespace {

struct Flags {
  int tenants = 20;
  // Only this one.
  int tenant = -1;
  double years = 3;
  uint64_t seed = 1;
  double crash_percent = 2;
  // No new tenant is begun after so many; 0: as long as it takes.
  double minutes = 0;
  std::string bug;
  bool json = false;
  bool no_copies = false;
  bool go_on = false;
};

void Define(CLI::App* app, Flags* flags) {
  app->add_option("--tenants", flags->tenants, "How many tenants live");
  app->add_option("--tenant", flags->tenant, "Only this one, with its diary");
  app->add_option("--years", flags->years, "How long each lives");
  app->add_option("--seed", flags->seed, "What makes their histories up");
  app->add_option("--crash-percent", flags->crash_percent,
                  "Chance of a crash at a call of store or archive; 0: nothing breaks");
  app->add_option("--minutes", flags->minutes, "No tenant is begun after so many minutes");
  app->add_option("--bug", flags->bug, "Something that is wrong, to be found; `list` names all");
  app->add_flag("--json", flags->json, "The summary as JSON");
  app->add_flag("--no-copies", flags->no_copies, "No copy of the store comes back");
  app->add_flag("--go-on", flags->go_on, "Live on after something was wrong");
}

double MinutesSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 60;
}

// 0, or 1 if anything was wrong.
int Run(const Flags& flags, Bug bug) {
  Summary summary;
  int status = 0;
  const auto start = std::chrono::steady_clock::now();
  const int first = flags.tenant >= 0 ? flags.tenant : 0;
  const int last = flags.tenant >= 0 ? flags.tenant : flags.tenants - 1;
  for (int tenant = first; tenant <= last; ++tenant) {
    if (flags.minutes > 0 && MinutesSince(start) > flags.minutes) break;
    LifeOptions options;
    options.history.seed = flags.seed;
    options.history.tenant = tenant;
    options.history.years = flags.years;
    options.history.with_copies = !flags.no_copies;
    options.bug = bug;
    options.crash_percent = flags.crash_percent;
    options.stop_at_first = !flags.go_on;
    const absl::StatusOr<Life> life = LiveThrough(options);
    if (!life.ok()) {
      std::fprintf(stderr, "seed %llu, tenant %d: %s\n", static_cast<unsigned long long>(flags.seed), tenant,
                   life.status().ToString().c_str());
      status = 1;
      continue;
    }
    summary.Add(*life);
    if (!life->violations.empty() || flags.tenant >= 0) std::fputs(TellOf(*life, options).c_str(), stderr);
    if (!life->violations.empty()) status = 1;
    std::fprintf(stderr, "\r%d of %d tenants, %.1f minutes%s", tenant - first + 1, last - first + 1,
                 MinutesSince(start), status == 0 ? "" : ", something is wrong");
  }
  std::fputs("\n", stderr);
  std::fputs((flags.json ? summary.Json() : summary.Table()).c_str(), stdout);
  return status;
}

int Main(int argc, char** argv) {
  CLI::App app("Random histories of tenants against the retention engine, judged by what the agreement says");
  Flags flags;
  Define(&app, &flags);
  CLI11_PARSE(app, argc, argv);
  if (flags.bug == "list") {
    for (const NamedBug& bug : AllBugs()) std::printf("%s\n", bug.name.c_str());
    return 0;
  }
  Bug bug = Bug::kNone;
  if (!flags.bug.empty() && !FindBug(flags.bug, &bug)) {
    std::fprintf(stderr, "there is no bug %s; --bug list names all\n", flags.bug.c_str());
    return 2;
  }
  return Run(flags, bug);
}

}  // namespace
}  // namespace rollcall::simulator

int main(int argc, char** argv) { return rollcall::simulator::Main(argc, argv); }

#include "tests/bench/fleet/fleet_run.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rollcall {
namespace {

constexpr absl::Duration kStep = absl::Milliseconds(100);

int PortOf(const std::string& address) {
  int port = 0;
  const size_t colon = address.rfind(':');
  return colon != std::string::npos && absl::SimpleAtoi(address.substr(colon + 1), &port) ? port : 0;
}

PhaseReport Difference(const PhaseReport& before, const PhaseReport& after) {
  PhaseReport phase;
  phase.welcomes = after.welcomes - before.welcomes;
  phase.refused = after.refused - before.refused;
  phase.batches = after.batches - before.batches;
  phase.records = after.records - before.records;
  phase.heartbeats = after.heartbeats - before.heartbeats;
  phase.wire_sent = after.wire_sent - before.wire_sent;
  phase.wire_received = after.wire_received - before.wire_received;
  // A backend that was started anew begins at zero.
  phase.backend_cpu = after.backend_cpu - std::min(before.backend_cpu, after.backend_cpu);
  phase.backend_rss_bytes = after.backend_rss_bytes;
  phase.own_cpu = after.own_cpu - before.own_cpu;
  return phase;
}

}  // namespace

FleetRun::FleetRun(const FleetOptions& options, const Clock* clock, Logger* logger,
                   const std::atomic<bool>* interrupted)
    : options_(options),
      clock_(clock),
      logger_(logger),
      interrupted_(interrupted),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      random_(MixSeed(options.seed, 0xf1ee7)),
      model_(options.seed, options.records, options.images),
      runs_(&model_, options.agents, clock->Now()) {
  report_.options = options;
  report_.records_per_host = model_.records_per_host();
  report_.stats = &stats_;
}

FleetRun::~FleetRun() {
  for (auto& agent : agents_) agent->Stop();
  Eventually(absl::Seconds(60), [this] { return stats_.open == 0; });
  // The last reaction of an agent may still hold its lock.
  for (auto& agent : agents_) agent->Stop();
  scheduler_.reset();
}

absl::StatusOr<const FleetReport*> FleetRun::Run() {
  if (absl::Status status = SetUp(); !status.ok()) return status;
  const absl::Duration began = clock_->Monotonic();
  RunPhases();
  report_.time = clock_->Monotonic() - began;
  Finish();
  return &report_;
}

absl::Status FleetRun::SetUp() {
  std::string data_dir = options_.data_dir;
  if (!options_.backend_binary.empty()) {
    if (data_dir.empty()) data_dir = temporary_.emplace().path() + "/backend";
    std::vector<std::string> arguments = {"--log-level", "warning", "--max-sessions",
                                          absl::StrCat(std::max<size_t>(10000, options_.agents + 100))};
    arguments.insert(arguments.end(), options_.backend_arguments.begin(), options_.backend_arguments.end());
    backend_ = std::make_unique<OwnBackend>(options_.backend_binary, data_dir, arguments);
    if (absl::Status status = backend_->Init(options_.tenant); !status.ok()) return status;
  }
  if (!options_.quiet) std::cerr << "issuing " << options_.agents << " certificates\n";
  absl::StatusOr<FleetIdentities> fleet =
      options_.agents_dir.empty() ? EnrolFleet(data_dir, options_.tenant, options_.seed, options_.agents, clock_->Now())
                                  : ReadFleet(options_.agents_dir, options_.agents);
  if (!fleet.ok()) return fleet.status();
  if (absl::Status status = PrepareHosts(); !status.ok()) return status;
  if (backend_ != nullptr) {
    if (absl::Status status = backend_->Start(); !status.ok()) return status;
  }
  MakeAgents(*std::move(fleet));
  return absl::OkStatus();
}

void FleetRun::MakeAgents(FleetIdentities fleet) {
  const bool changes = options_.mode == FleetMode::kMixed || options_.mode == FleetMode::kStorm;
  context_.address = backend_ != nullptr ? absl::StrCat("127.0.0.1:", backend_->port()) : options_.target;
  context_.server_name = options_.server_name;
  context_.ca_pem = std::move(fleet.ca_pem);
  context_.seed = options_.seed;
  context_.epoch = static_cast<uint64_t>(absl::ToUnixMillis(clock_->Now()));
  context_.churn = changes ? options_.churn_percent / 100 : 0;
  context_.run_interval = options_.run_interval;
  context_.max_backoff = options_.max_backoff;
  context_.model = &model_;
  context_.runs = &runs_;
  context_.clock = clock_;
  context_.logger = logger_;
  context_.stats = &stats_;
  wire_.emplace(PortOf(context_.address));
  scheduler_ = std::make_unique<FleetScheduler>(clock_, [this](size_t agent) { agents_[agent]->OnTime(); });
  context_.scheduler = scheduler_.get();
  for (size_t i = 0; i < fleet.agents.size(); ++i) {
    agents_.push_back(std::make_unique<FleetAgent>(i, std::move(fleet.agents[i]), &context_));
  }
}

absl::Status FleetRun::PrepareHosts() {
  if (!options_.quiet) std::cerr << "preparing " << options_.agents << " hosts\n";
  const size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<absl::Status> results(threads);
  std::vector<std::thread> workers;
  for (size_t first = 0; first < threads; ++first) {
    workers.emplace_back([this, first, threads, &result = results[first]] {
      for (size_t host = first; host < options_.agents && result.ok(); host += threads) result = runs_.Prepare(host);
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

void FleetRun::RunPhases() {
  Connect();
  TakeInventories();
  if (options_.mode != FleetMode::kIngest && options_.duration > absl::ZeroDuration()) LiveOn();
  if (options_.mode == FleetMode::kStorm) {
    if (absl::Status status = Storm(); !status.ok()) {
      logger_->Error("fleet.storm_failed", "the backend could not be started again", {{"cause", status}});
      report_.interrupted = true;
    }
  }
  if (options_.verify) Verify();
}

void FleetRun::Connect() {
  const absl::Duration now = clock_->Monotonic();
  for (auto& agent : agents_) agent->ConnectAt(now + options_.ramp * Random());
  // Not how many are connected at once: a backend may send agents away to poll.
  Phase("connect", options_.phase_timeout, false, [this] { return all_greeted(); });
}

void FleetRun::TakeInventories() {
  const absl::Duration now = clock_->Monotonic();
  for (auto& agent : agents_) agent->CollectFrom(now + options_.spread * Random());
  const uint64_t runs = agents_.size() * model_.units().size();
  Phase("inventory", options_.phase_timeout, false, [this, runs] { return stats_.runs >= runs && settled(); });
}

absl::Status FleetRun::Storm() {
  absl::Status status;
  bool begun = false;
  Phase("storm", options_.phase_timeout, false, [&] {
    if (!std::exchange(begun, true)) status = BreakAll();
    return !status.ok() || (all_greeted() && settled());
  });
  return status;
}

absl::Status FleetRun::BreakAll() {
  // Each agent has something to say when it comes back.
  for (auto& agent : agents_) agent->CollectFrom(clock_->Monotonic());
  if (options_.restart_backend) {
    for (auto& agent : agents_) agent->ForgetWelcome();
    backend_->Kill();
    return backend_->Start();
  }
  for (auto& agent : agents_) agent->CutOff(options_.reconnect_within * Random());
  return absl::OkStatus();
}

void FleetRun::LiveOn() {
  const double cuts_per_step = options_.mode == FleetMode::kMixed
                                   ? static_cast<double>(agents_.size()) * options_.disconnect_percent / 100 *
                                         absl::FDivDuration(kStep, absl::Minutes(1))
                                   : 0;
  double due = 0;
  Phase(options_.mode == FleetMode::kMixed ? "mixed" : "idle", options_.duration, true, [&] {
    for (due += cuts_per_step; due >= 1; due -= 1)
      agents_[random_.Below(agents_.size())]->CutOff(absl::Seconds(4) * Random());
    return false;
  });
}

void FleetRun::Verify() {
  for (auto& agent : agents_) agent->StopCollecting();
  Phase("settle", options_.phase_timeout, false, [this] { return settled(); });
  const absl::Duration now = clock_->Monotonic();
  size_t asked = 0;
  // Spread as the first connections were, so that this is not another storm.
  Phase("verify", options_.phase_timeout, false, [&] {
    const double share =
        options_.ramp > absl::ZeroDuration() ? absl::FDivDuration(clock_->Monotonic() - now, options_.ramp) : 1;
    const size_t due = std::min(agents_.size(), static_cast<size_t>(share * static_cast<double>(agents_.size())) + 1);
    for (; asked < due; ++asked) agents_[asked]->CompareAgain();
    return asked == agents_.size() && all_greeted();
  });
}

void FleetRun::Finish() {
  wire_->Sample();
  report_.wire_sent = wire_->sent();
  report_.wire_received = wire_->received();
  report_.backend = UsageOf(backend_pid());
  report_.own = UsageOf(getpid());
  report_.interrupted = report_.interrupted || *interrupted_;
  for (auto& agent : agents_) agent->Stop();
  Eventually(absl::Seconds(60), [this] { return stats_.open == 0; });
  if (backend_ == nullptr) return;
  if (absl::Status status = backend_->Stop(); !status.ok()) {
    logger_->Error("fleet.stop_failed", "the backend did not stop in order", {{"cause", status}});
  }
}

bool FleetRun::settled() const {
  // Read in this order: a batch is created before it is acknowledged.
  const uint64_t acknowledged = stats_.batches_acknowledged;
  return acknowledged == stats_.batches_created;
}

bool FleetRun::all_greeted() const {
  return std::all_of(agents_.begin(), agents_.end(), [](const auto& agent) { return agent->greeted(); });
}

pid_t FleetRun::backend_pid() const { return backend_ != nullptr ? backend_->pid() : options_.backend_pid; }

PhaseReport FleetRun::Totals() const {
  PhaseReport totals;
  totals.welcomes = stats_.welcomes;
  for (const auto& count : stats_.refused) totals.refused += count;
  totals.batches = stats_.batches_acknowledged;
  totals.records = stats_.records_acknowledged;
  totals.heartbeats = stats_.heartbeats;
  totals.wire_sent = wire_->sent();
  totals.wire_received = wire_->received();
  const ProcessUsage backend = UsageOf(backend_pid());
  totals.backend_cpu = backend.cpu;
  totals.backend_rss_bytes = backend.rss_bytes;
  totals.own_cpu = UsageOf(getpid()).cpu;
  return totals;
}

void FleetRun::Phase(const std::string& name, absl::Duration limit, bool is_end, const Condition& done) {
  if (*interrupted_) return;
  wire_->Sample();
  const PhaseReport before = Totals();
  const absl::Duration began = clock_->Monotonic();
  shown_ = {began, before};
  next_progress_ = began;
  absl::Duration next_wire_sample = began;
  std::vector<std::pair<absl::Duration, uint64_t>> samples;
  bool timed_out = false;
  while (true) {
    const absl::Duration now = clock_->Monotonic();
    samples.emplace_back(now - began, stats_.records_acknowledged);
    if (done() || *interrupted_) break;
    if (now - began >= limit) {
      timed_out = !is_end;
      break;
    }
    if (now >= next_wire_sample) {
      wire_->Sample();
      next_wire_sample = now + absl::Seconds(2);
    }
    ShowProgress(name, now - began, Totals(), false);
    clock_->WaitFor(kStep, StopToken());
  }
  const absl::Duration time = clock_->Monotonic() - began;
  wire_->Sample();
  const PhaseReport after = Totals();
  ShowProgress(name, time, after, true);
  PhaseReport phase = Difference(before, after);
  phase.name = name;
  phase.time = time;
  phase.timed_out = timed_out;
  phase.samples = std::move(samples);
  report_.phases.push_back(std::move(phase));
}

void FleetRun::ShowProgress(const std::string& phase, absl::Duration elapsed, const PhaseReport& now, bool last) {
  const absl::Duration at = clock_->Monotonic();
  if (options_.quiet || (at < next_progress_ && !last)) return;
  next_progress_ = at + (is_terminal_ ? absl::Seconds(0.5) : absl::Seconds(5));
  const double seconds = std::max(1e-3, absl::ToDoubleSeconds(at - shown_.first));
  const PhaseReport& then = shown_.second;
  const std::string line = absl::StrFormat(
      "%-9s %6.1f s  %d/%d sessions  %d records (%.0f/s)  %d of %d batches  backend %.0f MB %.0f %% CPU", phase,
      absl::ToDoubleSeconds(elapsed), stats_.greeted.load(), agents_.size(), now.records,
      static_cast<double>(now.records - then.records) / seconds, now.batches, stats_.batches_created.load(),
      static_cast<double>(now.backend_rss_bytes) / 1e6,
      100 * absl::ToDoubleSeconds(now.backend_cpu - std::min(then.backend_cpu, now.backend_cpu)) / seconds);
  // A terminal shows one line that changes; a log gets one every few seconds.
  std::cerr << (is_terminal_ ? "\r\x1b[K" : "") << line << (is_terminal_ && !last ? "" : "\n") << std::flush;
  shown_ = {at, now};
}

}  // namespace rollcall

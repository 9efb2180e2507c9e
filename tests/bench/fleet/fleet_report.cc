#include "tests/bench/fleet/fleet_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "platform/log.h"

namespace rollcall {
namespace {

constexpr std::pair<const char*, double> kQuantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1.0}};

double PerSecond(uint64_t count, absl::Duration time) {
  const double seconds = absl::ToDoubleSeconds(time);
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double Percent(absl::Duration cpu, absl::Duration time) {
  return time > absl::ZeroDuration() ? 100 * absl::FDivDuration(cpu, time) : 0;
}

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

template <typename Counts>
std::vector<std::pair<std::string, uint64_t>> ByCode(const Counts& counts) {
  std::vector<std::pair<std::string, uint64_t>> named;
  for (size_t code = 0; code < counts.size(); ++code) {
    const uint64_t count = counts[code];
    if (count > 0) named.emplace_back(absl::StatusCodeToString(static_cast<absl::StatusCode>(code)), count);
  }
  return named;
}

// Collects the members of a JSON object.
class JsonObject {
 public:
  JsonObject& Text(absl::string_view key, absl::string_view value) {
    std::string quoted;
    AppendJsonString(value, 1024, quoted);
    return Raw(key, quoted);
  }
  JsonObject& Number(absl::string_view key, double value) { return Raw(key, absl::StrFormat("%.6g", value)); }
  JsonObject& Count(absl::string_view key, uint64_t value) { return Raw(key, absl::StrCat(value)); }
  JsonObject& Flag(absl::string_view key, bool value) { return Raw(key, value ? "true" : "false"); }
  JsonObject& Seconds(absl::string_view key, absl::Duration value) { return Number(key, absl::ToDoubleSeconds(value)); }
  JsonObject& Raw(absl::string_view key, absl::string_view json) {
    absl::StrAppend(&members_, members_.empty() ? "" : ",", "\"", key, "\":", json);
    return *this;
  }
  std::string Done() const { return absl::StrCat("{", members_, "}"); }

 private:
  std::string members_;
};

template <typename Counts>
std::string CodesAsJson(const Counts& counts) {
  JsonObject object;
  for (const auto& [name, count] : ByCode(counts)) object.Count(name, count);
  return object.Done();
}

std::string LatencyAsJson(const LatencyHistogram& latency) {
  JsonObject object;
  object.Count("count", latency.count());
  for (const auto& [name, share] : kQuantiles) object.Number(name, absl::ToDoubleMilliseconds(latency.Quantile(share)));
  return object.Done();
}

std::string PhaseAsJson(const PhaseReport& phase) {
  const auto rate_text = [](std::string* out, double rate) { absl::StrAppendFormat(out, "%.0f", rate); };
  return JsonObject()
      .Text("name", phase.name)
      .Seconds("seconds", phase.time)
      .Flag("timed_out", phase.timed_out)
      .Count("sessions_accepted", phase.welcomes)
      .Count("sessions_refused", phase.refused)
      .Number("sessions_per_second", PerSecond(phase.welcomes, phase.time))
      .Count("batches_acknowledged", phase.batches)
      .Count("records_acknowledged", phase.records)
      .Number("records_per_second", PerSecond(phase.records, phase.time))
      .Raw("records_per_second_by_tenth", absl::StrCat("[", absl::StrJoin(phase.RecordRates(), ",", rate_text), "]"))
      .Count("heartbeats", phase.heartbeats)
      .Count("wire_bytes_sent", phase.wire_sent)
      .Count("wire_bytes_received", phase.wire_received)
      .Seconds("backend_cpu_seconds", phase.backend_cpu)
      .Number("backend_cpu_percent", Percent(phase.backend_cpu, phase.time))
      .Count("backend_rss_bytes", phase.backend_rss_bytes)
      .Seconds("own_cpu_seconds", phase.own_cpu)
      .Done();
}

std::string UsageAsJson(const ProcessUsage& usage) {
  return JsonObject()
      .Count("rss_bytes", usage.rss_bytes)
      .Count("peak_rss_bytes", usage.peak_rss_bytes)
      .Seconds("cpu_seconds", usage.cpu)
      .Count("threads", usage.threads)
      .Done();
}

std::string PhaseAsText(const PhaseReport& phase) {
  std::string text = absl::StrFormat("  %-10s %8.1f s%s", phase.name, absl::ToDoubleSeconds(phase.time),
                                     phase.timed_out ? " (gave up)" : "");
  if (phase.welcomes > 0) {
    absl::StrAppendFormat(&text, ", %d sessions (%.0f/s)", phase.welcomes, PerSecond(phase.welcomes, phase.time));
  }
  if (phase.refused > 0) absl::StrAppendFormat(&text, ", %d refused", phase.refused);
  if (phase.records > 0) {
    absl::StrAppendFormat(&text, ", %d records (%.0f/s)", phase.records, PerSecond(phase.records, phase.time));
  }
  if (phase.heartbeats > 0) absl::StrAppendFormat(&text, ", %d heartbeats", phase.heartbeats);
  absl::StrAppendFormat(&text, "; backend %.2f s CPU (%.1f %%), %.0f MB RSS; simulator %.2f s CPU\n",
                        absl::ToDoubleSeconds(phase.backend_cpu), Percent(phase.backend_cpu, phase.time),
                        Megabytes(phase.backend_rss_bytes), absl::ToDoubleSeconds(phase.own_cpu));
  return text;
}

std::string LatencyAsText(absl::string_view name, const LatencyHistogram& latency) {
  std::string text = absl::StrFormat("%-26s", name);
  for (const auto& [label, share] : kQuantiles) {
    absl::StrAppendFormat(&text, " %s %.1f ms", label, absl::ToDoubleMilliseconds(latency.Quantile(share)));
  }
  return text + "\n";
}

template <typename Counts>
std::string CodesAsText(const Counts& counts) {
  return absl::StrJoin(ByCode(counts), ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.second, " ", entry.first);
  });
}

}  // namespace

std::vector<double> PhaseReport::RecordRates() const {
  constexpr int kParts = 10;
  std::vector<double> rates;
  if (records < 1000 || samples.size() < 2 * kParts) return rates;
  const uint64_t first = samples.front().second;
  auto from = samples.begin();
  for (int part = 1; part <= kParts; ++part) {
    const uint64_t wanted = first + records * part / kParts;
    auto to = std::find_if(from, samples.end(), [&](const auto& sample) { return sample.second >= wanted; });
    if (to == samples.end()) to = samples.end() - 1;
    rates.push_back(PerSecond(to->second - from->second, to->first - from->first));
    from = to;
  }
  return rates;
}

bool FleetReport::good() const {
  const bool gave_up =
      std::any_of(phases.begin(), phases.end(), [](const PhaseReport& phase) { return phase.timed_out; });
  return records_lost() == 0 && stats->units_different == 0 && !gave_up && !interrupted;
}

std::string ReportAsText(const FleetReport& report) {
  const FleetStats& stats = *report.stats;
  std::string text = absl::StrFormat("%s: %d agents of %d records, %.1f s%s\n", FleetModeName(report.options.mode),
                                     report.options.agents, report.records_per_host, absl::ToDoubleSeconds(report.time),
                                     report.interrupted ? ", interrupted" : "");
  for (const PhaseReport& phase : report.phases) text += PhaseAsText(phase);
  absl::StrAppendFormat(&text, "%-26s %d attempts, %d accepted; refused: %s; ended: %s; %d drains\n", "sessions",
                        stats.attempts.load(), stats.welcomes.load(), CodesAsText(stats.refused),
                        CodesAsText(stats.ended), stats.drains.load());
  absl::StrAppendFormat(&text, "%-26s %d sent, %d acknowledged, %d lost; %d runs, %d batches (%d sent), %d resyncs\n",
                        "records", stats.records_created.load(), stats.records_acknowledged.load(),
                        report.records_lost(), stats.runs.load(), stats.batches_created.load(),
                        stats.batches_sent.load(), stats.resyncs.load());
  absl::StrAppendFormat(&text, "%-26s %d, with %d confirmations\n", "heartbeats", stats.heartbeats.load(),
                        stats.confirmations.load());
  absl::StrAppendFormat(&text, "%-26s %.1f MB sent, %.1f MB received (messages %.1f and %.1f MB)\n", "TCP payload",
                        Megabytes(report.wire_sent), Megabytes(report.wire_received), Megabytes(stats.bytes_sent),
                        Megabytes(stats.bytes_received));
  text += LatencyAsText("acknowledgement latency", stats.acknowledgement);
  text += LatencyAsText("connect to Welcome", stats.greeting);
  absl::StrAppendFormat(&text, "%-26s %d units of %d agents compared, %d different\n", "digests",
                        stats.units_compared.load(), stats.agents_compared.load(), stats.units_different.load());
  absl::StrAppendFormat(&text, "%-26s %.0f MB RSS, %.0f MB peak, %.2f s CPU\n", "backend",
                        Megabytes(report.backend.rss_bytes), Megabytes(report.backend.peak_rss_bytes),
                        absl::ToDoubleSeconds(report.backend.cpu));
  absl::StrAppendFormat(&text, "%-26s %.0f MB peak, %.2f s CPU\n", "simulator", Megabytes(report.own.peak_rss_bytes),
                        absl::ToDoubleSeconds(report.own.cpu));
  return text;
}

std::string ReportAsJson(const FleetReport& report) {
  const FleetStats& stats = *report.stats;
  const auto phase_json = [](std::string* out, const PhaseReport& phase) { *out += PhaseAsJson(phase); };
  JsonObject sessions;
  sessions.Count("attempts", stats.attempts)
      .Count("accepted", stats.welcomes)
      .Raw("refused", CodesAsJson(stats.refused));
  sessions.Raw("ended", CodesAsJson(stats.ended)).Count("drains", stats.drains);
  JsonObject records;
  records.Count("sent", stats.records_created).Count("acknowledged", stats.records_acknowledged);
  records.Count("lost", report.records_lost());
  JsonObject batches;
  batches.Count("created", stats.batches_created).Count("sent", stats.batches_sent);
  batches.Count("acknowledged", stats.batches_acknowledged);
  JsonObject bytes;
  bytes.Count("wire_sent", report.wire_sent).Count("wire_received", report.wire_received);
  bytes.Count("messages_sent", stats.bytes_sent).Count("messages_received", stats.bytes_received);
  JsonObject digests;
  digests.Count("agents_compared", stats.agents_compared).Count("units_compared", stats.units_compared);
  digests.Count("units_different", stats.units_different);
  return JsonObject()
             .Text("mode", FleetModeName(report.options.mode))
             .Count("agents", report.options.agents)
             .Count("records_per_host", report.records_per_host)
             .Count("seed", report.options.seed)
             .Seconds("seconds", report.time)
             .Flag("good", report.good())
             .Flag("interrupted", report.interrupted)
             .Raw("phases", absl::StrCat("[", absl::StrJoin(report.phases, ",", phase_json), "]"))
             .Raw("sessions", sessions.Done())
             .Raw("records", records.Done())
             .Count("runs", stats.runs)
             .Raw("batches", batches.Done())
             .Count("resyncs", stats.resyncs)
             .Count("heartbeats", stats.heartbeats)
             .Count("confirmations", stats.confirmations)
             .Raw("bytes", bytes.Done())
             .Raw("acknowledgement_ms", LatencyAsJson(stats.acknowledgement))
             .Raw("greeting_ms", LatencyAsJson(stats.greeting))
             .Raw("digests", digests.Done())
             .Raw("backend", UsageAsJson(report.backend))
             .Raw("simulator", UsageAsJson(report.own))
             .Done() +
         "\n";
}

}  // namespace rollcall

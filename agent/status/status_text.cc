#include "agent/status/status_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"
#include "platform/table.h"

namespace rollcall {
namespace {

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

// `1h2m`, `35s`, `120ms`: two units are enough.
std::string Rough(absl::Duration duration) {
  if (duration >= absl::Hours(1)) return absl::FormatDuration(absl::Trunc(duration, absl::Minutes(1)));
  if (duration >= absl::Seconds(10)) return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
  return absl::FormatDuration(absl::Trunc(duration, absl::Milliseconds(1)));
}

std::string Ago(bool known, const google::protobuf::Timestamp& time, absl::Time now) {
  if (!known) return "never";
  const absl::Duration age = now - TimeOf(time);
  return age >= absl::ZeroDuration() ? absl::StrCat(Rough(age), " ago") : absl::StrCat("in ", Rough(-age));
}

std::string Size(uint64_t bytes) {
  if (bytes < 10 << 10) return absl::StrCat(bytes, " B");
  if (bytes < 10 << 20) return absl::StrCat(bytes >> 10, " KiB");
  return absl::StrCat(bytes >> 20, " MiB");
}

std::string SessionText(const pb::SessionStatus& session, absl::Time now) {
  std::string text = absl::AsciiStrToLower(pb::SessionStatus::State_Name(session.state()));
  if (!session.address().empty()) absl::StrAppend(&text, " with ", session.address());
  absl::StrAppend(&text, "; sent ", session.batches_sent(), ", acknowledged ", session.batches_acknowledged(),
                  " (last ", Ago(session.has_last_acknowledgement(), session.last_acknowledgement(), now), ")");
  if (session.resyncs() > 0) absl::StrAppend(&text, ", asked for complete sets ", session.resyncs(), " times");
  if (session.has_next_attempt()) absl::StrAppend(&text, "; next attempt ", Ago(true, session.next_attempt(), now));
  if (session.state() != pb::SessionStatus::STREAMING && !session.last_error().empty()) {
    absl::StrAppend(&text, "\n            ", session.last_error());
  }
  return text;
}

std::string SpoolText(const pb::SpoolStatus& spool) {
  std::string text = absl::StrCat(spool.entries(), " batches, ", Size(spool.bytes()), " of ", Size(spool.max_bytes()));
  if (spool.dropped_entries() > 0)
    absl::StrAppend(&text, "; ", spool.dropped_entries(), " dropped and asked for again");
  if (spool.corrupt_blocks() > 0) absl::StrAppend(&text, "; ", spool.corrupt_blocks(), " damaged blocks");
  return text;
}

// One line a collector, so that a long outage does not fill the page.
std::string DropsText(const pb::SpoolStatus& spool) {
  std::map<std::string, std::vector<std::string>> by_collector;
  for (const pb::SpoolDrops& drops : spool.drops()) {
    by_collector[drops.collector()].push_back(absl::StrCat(drops.reason(), " ", drops.batches()));
  }
  std::string text;
  for (const auto& [collector, counts] : by_collector) {
    absl::StrAppend(&text, "Unsent      ", Printable(collector == "*" ? "unknown collectors" : collector), ": ",
                    Printable(absl::StrJoin(counts, ", ")), "\n");
  }
  return text;
}

std::string WatchText(const pb::WatchStatus& watch) {
  std::string text = !watch.files_unavailable().empty() ? absl::StrCat("no files: ", watch.files_unavailable())
                     : watch.files()
                         ? absl::StrCat(watch.watches(), " files and folders, ", watch.changes(), " changes")
                         : "no files";
  if (watch.overflows() > 0)
    absl::StrAppend(&text, ", scanned everything ", watch.overflows(), " times after too many");
  if (watch.process_events()) absl::StrAppend(&text, "; ", watch.process_starts(), " process starts");
  if (watch.process_event_losses() > 0) absl::StrAppend(&text, ", lost some ", watch.process_event_losses(), " times");
  if (!watch.process_events_unavailable().empty()) {
    absl::StrAppend(&text, "; no process events: ", watch.process_events_unavailable());
  }
  return text;
}

std::string CollectorTable(const pb::AgentStatus& status, absl::Time now, size_t width) {
  Table table({"COLLECTOR", "LAST", "RECORDS", "PROBLEMS", "ENDED", "TOOK", "NEXT"});
  for (const pb::CollectorStatus& collector : status.collectors()) {
    const pb::RunResult& last = collector.last_result();
    const bool ran = collector.has_last_result();
    table.AddRow({collector.name(), ran ? pb::RunResult::Status_Name(last.status()) : "-",
                  ran ? absl::StrCat(last.record_count()) : "", ran ? absl::StrCat(last.problem_count()) : "",
                  Ago(ran, last.finished_at(), now),
                  ran ? Rough(TimeOf(last.finished_at()) - TimeOf(last.started_at())) : "",
                  collector.running() ? "running" : Ago(collector.has_next_due(), collector.next_due(), now)});
  }
  return table.Render(width);
}

}  // namespace

absl::StatusOr<pb::AgentStatus> ParseAgentStatus(absl::string_view json) {
  pb::AgentStatus status;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(json), &status, options);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("read the agent's answer: ", parsed.ToString()));
  return status;
}

std::string AgentStatusText(const pb::AgentStatus& status, absl::Time now, size_t width) {
  std::string out;
  absl::StrAppend(&out, "Agent       ", Printable(status.agent_id()), " of tenant ", Printable(status.tenant()),
                  ", version ", Printable(status.agent_version()), ", started ",
                  Ago(status.has_started_at(), status.started_at(), now), "\n");
  absl::StrAppend(&out, "Host        ", Printable(status.host_id()), " (", Printable(status.host_id_source()), ")\n");
  absl::StrAppend(&out, "Session     ", SessionText(status.session(), now), "\n");
  absl::StrAppend(&out, "Spool       ", SpoolText(status.spool()), "\n");
  absl::StrAppend(&out, DropsText(status.spool()));
  absl::StrAppend(&out, "Watching    ", Printable(WatchText(status.watch())), "\n");
  absl::StrAppend(&out, "Usage       ", Size(status.usage().rss_bytes()), " resident, ",
                  google::protobuf::util::TimeUtil::ToString(status.usage().cpu_time()), " CPU time\n");
  if (status.redactions_size() > 0) {
    std::vector<std::string> counts;
    for (const auto& redaction : status.redactions())
      counts.push_back(absl::StrCat(redaction.rule(), " ", redaction.count()));
    absl::StrAppend(&out, "Redactions  ", Printable(absl::StrJoin(counts, ", ")), "\n");
  }
  for (const std::string& reason : status.reasons()) absl::StrAppend(&out, "Problem     ", Printable(reason), "\n");
  for (const pb::CollectorStatus& collector : status.collectors()) {
    for (const std::string& path : collector.not_watched()) {
      absl::StrAppend(&out, "Not watched ", Printable(path), ": changes are found by the next run of ",
                      Printable(collector.name()), "\n");
    }
  }
  return absl::StrCat(out, "\n", CollectorTable(status, now, width));
}

std::string HealthText(const pb::AgentStatus& status, bool live_only, bool* healthy) {
  *healthy = status.live() && (live_only || status.ready());
  if (*healthy) return live_only ? "live" : "live and ready";
  return absl::StrCat(status.live() ? "not ready: " : "not live: ", Printable(absl::StrJoin(status.reasons(), "; ")));
}

}  // namespace rollcall

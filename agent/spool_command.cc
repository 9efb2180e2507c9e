#include "agent/spool_command.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/config/command_line.h"
#include "agent/spool/system_spool_files.h"
#include "platform/log.h"
#include "platform/table.h"

namespace rollcall {
namespace {

// An agent at work changes files while they are read; what it was just doing is over in a moment.
constexpr int kAttempts = 4;
void Pause() { usleep(200 * 1000); }

// Longest text of one value in JSON.
constexpr size_t kMaxText = size_t{64} << 10;

std::string Json(absl::string_view text) {
  std::string out;
  AppendJsonString(text, kMaxText, out);
  return out;
}

absl::string_view JsonBool(bool value) { return value ? "true" : "false"; }

std::string DamageText(const LogDamage& damage) {
  return damage.bytes == 0
             ? absl::StrCat("byte ", damage.offset, ": ", damage.reason)
             : absl::StrCat("bytes ", damage.offset, " to ", damage.offset + damage.bytes - 1, ": ", damage.reason);
}

std::string SegmentJson(const SegmentReport& segment) {
  const std::string damage = absl::StrJoin(segment.damage, ",", [](std::string* out, const LogDamage& each) {
    absl::StrAppend(out, "{\"offset\":", each.offset, ",\"bytes\":", each.bytes, ",\"reason\":", Json(each.reason),
                    "}");
  });
  return absl::StrCat("{\"name\":", Json(segment.name), ",\"first_sequence\":", segment.first_sequence,
                      ",\"next_sequence\":", segment.next_sequence, ",\"bytes\":", segment.bytes,
                      ",\"entries\":", segment.entries, ",\"pending\":", segment.pending,
                      ",\"sealed\":", JsonBool(segment.sealed), ",\"torn_bytes\":", segment.torn_bytes,
                      ",\"lost_entries\":", segment.lost_entries, ",\"damage\":[", damage, "]}");
}

std::string UnitJson(const UnitReport& unit) {
  return absl::StrCat("{\"collector\":", Json(unit.unit.collector), ",\"scope\":", Json(unit.unit.scope),
                      ",\"pending\":", unit.pending, ",\"bytes\":", unit.bytes, ",\"samples\":", unit.samples,
                      ",\"unrepeatable\":", unit.unrepeatable, ",\"needs_full\":", JsonBool(unit.needs_full), "}");
}

std::string ReportJson(const SpoolReport& report, bool with_units) {
  std::string out = absl::StrCat(
      "{\"whole\":", JsonBool(report.problems.empty()), ",\"acknowledged_sequence\":", report.cursor.acknowledged,
      ",\"synced_sequence\":", report.cursor.synced, ",\"next_sequence\":", report.next_sequence,
      ",\"bytes\":", report.bytes, ",\"pending\":", report.pending, ",\"lost_entries\":", report.lost_entries,
      ",\"all_need_full\":", JsonBool(report.all_need_full), ",\"segments\":[",
      absl::StrJoin(report.segments, ",",
                    [](std::string* text, const SegmentReport& each) { *text += SegmentJson(each); }),
      "],\"problems\":[",
      absl::StrJoin(report.problems, ",", [](std::string* text, const std::string& each) { *text += Json(each); }),
      "]");
  if (with_units) {
    absl::StrAppend(
        &out, ",\"units\":[",
        absl::StrJoin(report.units, ",", [](std::string* text, const UnitReport& each) { *text += UnitJson(each); }),
        "]");
  }
  return out + "}\n";
}

std::string SegmentState(const SegmentReport& segment) {
  if (!segment.damage.empty() || segment.lost_entries > 0) return "damaged";
  if (segment.sealed) return "whole";
  return segment.torn_bytes > 0 ? "open, torn" : "open";
}

std::string SegmentTable(const SpoolReport& report, size_t width) {
  Table table({"SEGMENT", "STATE", "FIRST", "NEXT", "BATCHES", "PENDING", "LOST", "BYTES"});
  for (const SegmentReport& segment : report.segments) {
    table.AddRow({segment.name, SegmentState(segment), absl::StrCat(segment.first_sequence),
                  absl::StrCat(segment.next_sequence), absl::StrCat(segment.entries), absl::StrCat(segment.pending),
                  absl::StrCat(segment.lost_entries), absl::StrCat(segment.bytes)});
  }
  return table.Render(width);
}

std::string UnitTable(const SpoolReport& report, size_t width) {
  Table table({"COLLECTOR", "SCOPE", "PENDING", "SAMPLES", "UNREPEATABLE", "NEEDS FULL", "BYTES"});
  for (const UnitReport& unit : report.units) {
    table.AddRow({Printable(unit.unit.collector), Printable(unit.unit.scope), absl::StrCat(unit.pending),
                  absl::StrCat(unit.samples), absl::StrCat(unit.unrepeatable), unit.needs_full ? "yes" : "no",
                  absl::StrCat(unit.bytes)});
  }
  return table.Render(width);
}

absl::StatusOr<SpoolReport> Look(const std::string& state_dir) {
  absl::StatusOr<std::unique_ptr<SpoolFiles>> files = OpenSystemSpoolFilesForReading(state_dir + "/spool");
  if (!files.ok()) return files.status();
  if (const absl::Status listed = (*files)->List().status(); !listed.ok()) return listed;
  return ReadSteadySpoolReport(files->get(), kAttempts, Pause);
}

}  // namespace

std::string SpoolInspection(const SpoolReport& report, const SpoolCommandOptions& options) {
  if (options.json) return ReportJson(report, true);
  std::string out = absl::StrCat(report.pending, " batches pending, ", report.bytes, " bytes in ",
                                 report.segments.size(), " segments; acknowledged through ", report.cursor.acknowledged,
                                 ", on disk for certain through ", report.cursor.synced, "\n");
  if (report.all_need_full) absl::StrAppend(&out, "Every collector sends its complete set next\n");
  if (!report.problems.empty()) absl::StrAppend(&out, "Damaged: see rollcall-agent spool verify\n");
  if (!report.segments.empty()) absl::StrAppend(&out, "\n", SegmentTable(report, options.width));
  if (!report.units.empty()) absl::StrAppend(&out, "\n", UnitTable(report, options.width));
  return out;
}

std::string SpoolVerification(const SpoolReport& report, const SpoolCommandOptions& options) {
  if (options.json) return ReportJson(report, false);
  std::string out;
  for (const SegmentReport& segment : report.segments) {
    absl::StrAppend(&out, segment.name, ": ", SegmentState(segment), ", ", segment.entries, " batches");
    if (segment.lost_entries > 0) absl::StrAppend(&out, ", ", segment.lost_entries, " lost");
    if (segment.torn_bytes > 0) {
      absl::StrAppend(&out, ", ", segment.torn_bytes, " bytes at the end are a write that a crash cut short");
    }
    out += "\n";
    for (const LogDamage& damage : segment.damage) absl::StrAppend(&out, "  ", Printable(DamageText(damage)), "\n");
  }
  if (report.problems.empty()) return absl::StrCat(out, "The spool is whole: ", report.pending, " batches pending\n");
  out += "The spool is damaged. An agent that starts on it marks every collector for a complete set, because:\n";
  for (const std::string& problem : report.problems) absl::StrAppend(&out, "  ", Printable(problem), "\n");
  return absl::StrCat(out, report.lost_entries, " batches are lost, ", report.pending, " are still sent\n");
}

int InspectSpool(const std::string& state_dir, const SpoolCommandOptions& options, std::ostream& out,
                 std::ostream& err) {
  const absl::StatusOr<SpoolReport> report = Look(state_dir);
  if (!report.ok()) {
    err << "inspect spool: " << report.status().message() << '\n';
    return kUsageExitCode;
  }
  out << SpoolInspection(*report, options);
  return 0;
}

int VerifySpool(const std::string& state_dir, const SpoolCommandOptions& options, std::ostream& out,
                std::ostream& err) {
  const absl::StatusOr<SpoolReport> report = Look(state_dir);
  if (!report.ok()) {
    err << "verify spool: " << report.status().message() << '\n';
    return kUsageExitCode;
  }
  out << SpoolVerification(*report, options);
  return report->problems.empty() ? 0 : 1;
}

}  // namespace rollcall

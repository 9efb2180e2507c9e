#include "cli/host_screen.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/cell_text.h"
#include "cli/coverage_text.h"
#include "cli/host_note.h"
#include "cli/kind_name.h"
#include "cli/record_table.h"
#include "cli/time_text.h"
#include "cli/where_clause.h"
#include "proto/field_path.h"
#include "proto/kind_registry.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Rows of a section; what does not fit is one command away.
constexpr size_t kRows = 8;
// Columns of a fact's text.
constexpr size_t kLine = 90;
// Agents speak every few minutes; one that has been silent for longer may be down.
constexpr absl::Duration kSilent = absl::Minutes(15);

using Facts = std::vector<std::pair<std::string, std::string>>;

// Whether this program knows the kind and all fields the section names.
bool IsKnown(const HostSection& section) {
  const Kind* kind = FindKind(section.kind);
  if (kind == nullptr) return false;
  std::vector<std::string> fields = section.columns;
  for (const std::string& clause : section.where) {
    const auto filter = ParseWhereClause(clause);
    if (!filter.ok()) return false;
    fields.push_back(filter->field());
  }
  return std::all_of(fields.begin(), fields.end(),
                     [&](const std::string& field) { return ResolveFieldPath(kind->message, field).ok(); });
}

// Parts that say something, separated.
std::string Joined(const std::vector<std::string>& parts, absl::string_view separator) {
  std::vector<std::string> said;
  std::copy_if(parts.begin(), parts.end(), std::back_inserter(said), [](const auto& part) { return !part.empty(); });
  return absl::StrJoin(said, separator);
}

std::string HardwareText(const pb::Hardware& hardware) {
  return Joined({Joined({hardware.vendor(), hardware.product()}, " "), hardware.cpu_model(),
                 hardware.threads() == 0 ? "" : absl::StrCat(hardware.threads(), " threads"),
                 hardware.memory_bytes() == 0 ? "" : absl::StrCat(BytesText(hardware.memory_bytes()), " memory"),
                 hardware.virtualization().empty() ? "" : absl::StrCat("on ", hardware.virtualization())},
                ", ");
}

std::string CloudText(const pb::Cloud& cloud) {
  return Joined({cloud.provider(), cloud.zone().empty() ? cloud.region() : cloud.zone(), cloud.instance_type(),
                 cloud.instance_id()},
                ", ");
}

std::string ContactText(const pb::HostSummary& host, absl::Time now) {
  return Joined({AgoText(host.last_contact(), now), host.connected() ? "connected" : "not connected",
                 host.agent_version().empty() ? "" : absl::StrCat("agent ", host.agent_version())},
                ", ");
}

// Since when the host is up, as far as is known.
std::string UptimeText(const HostScreenData& data, absl::Time now) {
  const auto boot = FromWire(data.record->record().host().boot_time());
  if (!data.record->record().host().has_boot_time() || !boot.has_value()) return "";
  const absl::Time seen = FromWire(data.host.last_contact()).value_or(absl::UnixEpoch());
  const bool silent = !data.host.connected() && now - seen > kSilent;
  const absl::Time until = silent ? seen : now;
  if (until < *boot) return "";
  return absl::StrCat(DurationText(until - *boot), silent ? " when last heard of" : "", ", booted ",
                      TimeText(data.record->record().host().boot_time()));
}

void AddHostFacts(const HostScreenData& data, absl::Time now, Facts* facts) {
  if (!data.record.has_value()) {
    facts->emplace_back("system", "not reported yet");
    return;
  }
  const pb::Host& host = data.record->record().host();
  facts->emplace_back("system", host.os().pretty_name());
  facts->emplace_back("kernel", Joined({Joined({host.kernel().release(), host.kernel().architecture()}, " "),
                                        host.reboot_required() ? "REBOOT REQUIRED" : ""},
                                       ", "));
  facts->emplace_back("hardware", HardwareText(host.hardware()));
  facts->emplace_back("cloud", CloudText(host.cloud()));
  std::vector<std::string> addresses;
  for (const pb::NetworkInterface& interface : host.interfaces()) {
    const auto& flags = interface.flags();
    if (std::find(flags.begin(), flags.end(), "LOOPBACK") != flags.end()) continue;
    addresses.insert(addresses.end(), interface.addresses().begin(), interface.addresses().end());
  }
  const size_t kShown = 4;
  const size_t more = addresses.size() > kShown + 1 ? addresses.size() - kShown : 0;
  if (more > 0) addresses.resize(kShown);
  facts->emplace_back("addresses",
                      absl::StrCat(absl::StrJoin(addresses, ", "), more > 0 ? absl::StrCat(", ", more, " more") : ""));
  facts->emplace_back("up", UptimeText(data, now));
}

// One figure of the resources; empty if this program or the record does not have it.
std::string Figure(const pb::StoredRecord& stored, const char* field, const CellStyle& style) {
  const auto path = ResolveFieldPath(KindOf(stored.record())->message, field);
  return path.ok() ? CellText(PayloadOf(stored.record()), *path, style) : "";
}

std::string ResourcesText(const pb::StoredRecord& stored, absl::Time now) {
  const CellStyle style = {.people = true, .wide = false, .now = now};
  const std::string cpu = Figure(stored, "cpu_mean_basis_points", style);
  const std::string memory = Figure(stored, "memory_available_min_bytes", style);
  if (cpu.empty() && memory.empty()) return "";
  return Joined({cpu.empty() ? "" : absl::StrCat("CPU ", cpu, " busy"),
                 memory.empty() ? "" : absl::StrCat("at least ", memory, " memory available"),
                 absl::StrCat("measured ", AgoText(stored.record().collected_at(), now))},
                ", ");
}

bool IsProblem(const pb::UnitCoverage& unit) {
  return unit.state() != pb::UnitCoverage::COVERAGE_COMPLETE && unit.state() != pb::UnitCoverage::COVERAGE_EXPECTED_GAP;
}

std::string CoverageFact(const std::vector<pb::UnitCoverage>& units) {
  const auto bad = static_cast<size_t>(std::count_if(units.begin(), units.end(), IsProblem));
  if (units.empty()) return "nothing reported yet";
  if (bad == 0) return "complete";
  return absl::StrCat(bad, " of ", units.size(), bad == 1 ? " is" : " are", " not complete, see below");
}

std::string CountsText(const pb::HostSummary& host) {
  const std::map<std::string, uint64_t> counts(host.records_by_kind().begin(), host.records_by_kind().end());
  return absl::StrJoin(
      counts, ", ", [](std::string* out, const auto& count) { absl::StrAppend(out, count.second, " ", count.first); });
}

std::string CountText(const SectionRecords& section) {
  return absl::StrCat(section.records.size(), section.more ? "+" : "");
}

// Lines of what is only counted: `services  48 enabled, 1 failed`.
void AddCounts(const HostScreenData& data, Facts* facts) {
  for (const SectionRecords& counted : data.sections) {
    const HostSection& section = counted.section;
    if (section.counted_as.empty()) continue;
    const std::string text = absl::StrCat(CountText(counted), " ", section.counted_as);
    const auto line =
        std::find_if(facts->begin(), facts->end(), [&](auto& fact) { return fact.first == section.title; });
    if (line == facts->end()) {
      facts->emplace_back(section.title, text);
    } else {
      absl::StrAppend(&line->second, ", ", text);
    }
  }
}

// Lines of at most kLine columns, broken between the parts of `text`.
std::vector<std::string> Broken(const std::string& text) {
  std::vector<std::string> lines(1);
  for (absl::string_view part : absl::StrSplit(text, ", ")) {
    if (!lines.back().empty()) lines.back() += ", ";
    if (lines.back().size() + part.size() > kLine && !lines.back().empty()) lines.emplace_back();
    lines.back().append(part.data(), part.size());
  }
  for (std::string& line : lines) absl::StripTrailingAsciiWhitespace(&line);
  return lines;
}

void PrintFacts(Screen* screen, const Facts& facts) {
  int width = 0;
  for (const auto& [name, text] : facts) width = std::max(width, static_cast<int>(name.size()));
  for (const auto& [name, text] : facts) {
    if (text.empty()) continue;
    std::string label = name;
    for (const std::string& line : Broken(text)) {
      screen->Line(absl::StrFormat("  %-*s  %s", width, label, line));
      label.clear();
    }
  }
}

// Sentences rather than a table: what is cut off a table is the remedy.
void PrintProblems(Screen* screen, const std::vector<pb::UnitCoverage>& units, absl::Time now) {
  const auto problems = static_cast<size_t>(std::count_if(units.begin(), units.end(), IsProblem));
  if (problems == 0) return;
  screen->Raw("\n");
  screen->Title(absl::StrCat("Not complete (", problems, ")"));
  size_t shown = 0;
  for (const pb::UnitCoverage& unit : units) {
    if (!IsProblem(unit)) continue;
    if (shown++ == kRows) break;
    const std::string scope =
        unit.scope().type() == pb::Scope::HOST ? "" : absl::StrCat(" in ", ScopeText(unit.scope()));
    screen->Line(absl::StrCat("  ", unit.collector(), scope, ": ", CoverageWord(unit.state()), ", last complete ",
                              AgoText(unit.last_complete_at(), now)));
    const std::string remedy = unit.remedy().empty() ? "" : absl::StrCat("Remedy: ", unit.remedy());
    const std::string why = Joined({unit.reason(), remedy}, ". ");
    if (!why.empty()) screen->Line(absl::StrCat("    ", why));
  }
  if (problems > kRows) screen->Line(absl::StrCat("  ", problems - kRows, " more: rollcall status"));
}

// A hostname is what the agent says: it is put into a command only if a shell leaves it alone.
bool IsPlainName(const std::string& name) {
  return !name.empty() && name[0] != '-' && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_';
  });
}

// `rollcall ls ports --host web-1 --where exposure=any`.
std::string CommandFor(const HostSection& section, const std::string& host) {
  std::string command = absl::StrCat("rollcall ls ", section.kind, " --host ", host);
  for (const std::string& clause : section.where) absl::StrAppend(&command, " --where '", clause, "'");
  return command;
}

void PrintSection(Screen* screen, const SectionRecords& section, const std::string& host, absl::Time now) {
  if (section.records.empty()) return;
  screen->Raw("\n");
  screen->Title(absl::StrCat(section.section.title, " (", CountText(section), ")"));
  const auto columns = ChooseColumns(*FindKind(section.section.kind), section.section.columns, false, false);
  if (!columns.ok()) return;  // HostSections() gives none of these
  const size_t shown = section.records.size() > kRows + 1 ? kRows : section.records.size();
  const std::vector<pb::StoredRecord> first(section.records.begin(),
                                            section.records.begin() + static_cast<ptrdiff_t>(shown));
  const CellStyle style = {.people = true, .wide = false, .now = now};
  const RecordRows rows = WithoutEmptyColumns(MakeRecordRows(first, *columns, style));
  screen->Rows(rows.header, rows.rows);
  if (shown == section.records.size() && !section.more) return;
  screen->Line(absl::StrCat("  ", section.records.size() - shown, section.more ? "+" : "",
                            " more: ", CommandFor(section.section, host)));
}

}  // namespace

std::vector<HostSection> HostSections() {
  std::vector<HostSection> sections = {
      {"services", "startup_service", {"enabled=enabled"}, {}, "enabled"},
      {"services", "startup_service", {"active_state=failed"}, {}, "failed"},
      {"Open to everyone",
       "listening_port",
       {"exposure~^(any|public)$", "ephemeral=no"},
       {"transport", "port", "address", "owners.name", "owners.user"},
       ""},
      {"Accounts with sudo",
       "account",
       {"sudo=yes"},
       {"name", "uid", "shell", "password_state", "login_methods", "last_login.time"},
       ""},
      {"Failed services",
       "startup_service",
       {"active_state=failed"},
       {"name", "description", "user", "exec_start"},
       ""},
      {"Anyone may change what runs",
       "scheduled_task",
       {"writable_by_others=yes"},
       {"manager", "source_path", "schedule", "user"},
       ""},
      {"Hidden kernel modules", "kernel_module", {"hidden=yes"}, {"name", "size_bytes", "missing_from", "taints"}, ""},
  };
  sections.erase(
      std::remove_if(sections.begin(), sections.end(), [](const auto& section) { return !IsKnown(section); }),
      sections.end());
  return sections;
}

void PrintHostScreen(Screen* screen, const HostScreenData& data, absl::Time now) {
  const pb::HostSummary& host = data.host;
  const std::string name = host.hostname().empty() ? host.agent_id() : host.hostname();
  screen->Title(name);
  Facts facts = {{"identity", Joined({host.host_id(), absl::StrCat("agent ", host.agent_id()), HostNote(host)}, ", ")}};
  AddHostFacts(data, now, &facts);
  facts.emplace_back("last contact", ContactText(host, now));
  facts.emplace_back("coverage", CoverageFact(data.coverage));
  if (data.resources.has_value()) facts.emplace_back("resources", ResourcesText(*data.resources, now));
  AddCounts(data, &facts);
  facts.emplace_back("records", CountsText(host));
  PrintFacts(screen, facts);
  PrintProblems(screen, data.coverage, now);
  for (const SectionRecords& section : data.sections) {
    if (section.section.counted_as.empty()) {
      PrintSection(screen, section, IsPlainName(host.hostname()) ? host.hostname() : host.agent_id(), now);
    }
  }
}

}  // namespace rollcall

#include "collectors/services/service_tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// Calls `parse(line)` for each line; what it does not take is a problem. It returns what is
// wrong, or nothing.
template <typename Entry, typename Parse>
ServiceTable<Entry> ParseLines(absl::string_view text, Parse parse) {
  ServiceTable<Entry> table;
  size_t number = 0;
  const auto report = [&](absl::string_view what) {
    if (table.problems.size() >= kMaxTableProblems) return;
    table.problems.push_back(absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", what)));
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    if (line.size() > kMaxTableLineBytes) {
      report(absl::StrCat("longer than ", kMaxTableLineBytes, " bytes"));
      continue;
    }
    if (table.entries.size() >= kMaxTableEntries) {
      report(absl::StrCat("more than ", kMaxTableEntries, " entries"));
      break;
    }
    Entry entry;
    bool is_entry = false;
    const absl::string_view wrong = parse(line, &entry, &is_entry);
    if (!wrong.empty()) report(wrong);
    if (is_entry) table.entries.push_back(std::move(entry));
  }
  return table;
}

absl::string_view TakeWord(absl::string_view* text) {
  *text = absl::StripLeadingAsciiWhitespace(*text);
  const size_t end = std::min(text->find_first_of(" \t"), text->size());
  const absl::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

absl::string_view ParseInittabLine(absl::string_view line, InittabEntry* entry, bool* is_entry) {
  if (line[0] == '#') return "";
  // The process may have colons of its own.
  const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 3));
  if (fields.size() < 3) return "not four fields";
  entry->id = std::string(fields[0]);
  entry->runlevels = std::string(fields[1]);
  entry->action = std::string(absl::StripAsciiWhitespace(fields[2]));
  if (entry->action == "initdefault") return "";
  if (fields.size() < 4) return "not four fields";
  if (entry->action.empty()) return "no action";
  // `+`: init keeps no accounting records of it.
  entry->process = std::string(absl::StripAsciiWhitespace(absl::StripPrefix(fields[3], "+")));
  if (entry->process.empty()) return "no process";
  *is_entry = true;
  return "";
}

// `root`, `root.mail`, `root:mail`, `root/class`.
void SplitUser(absl::string_view text, InetdEntry* entry) {
  const size_t end = text.find_first_of(".:/");
  entry->user = std::string(text.substr(0, end));
  if (end == absl::string_view::npos || text[end] == '/') return;
  const absl::string_view group = text.substr(end + 1);
  entry->group = std::string(group.substr(0, group.find('/')));
}

absl::string_view ParseInetdLine(absl::string_view line, InetdEntry* entry, bool* is_entry) {
  entry->off = absl::ConsumePrefix(&line, "#<off>#");
  if (!entry->off && line[0] == '#') return "";
  entry->service = std::string(TakeWord(&line));
  entry->socket_type = std::string(TakeWord(&line));
  // Sets the address for the lines that follow: `127.0.0.1:`.
  if (entry->socket_type.empty() && absl::EndsWith(entry->service, ":")) return "";
  entry->protocol = std::string(TakeWord(&line));
  entry->wait = std::string(TakeWord(&line));
  SplitUser(TakeWord(&line), entry);
  entry->program = std::string(TakeWord(&line));
  if (entry->program.empty()) return "not six fields";
  entry->arguments = std::string(absl::StripAsciiWhitespace(line));
  *is_entry = true;
  return "";
}

}  // namespace

ServiceTable<InittabEntry> ParseInittab(absl::string_view text) {
  return ParseLines<InittabEntry>(text, ParseInittabLine);
}

ServiceTable<InetdEntry> ParseInetd(absl::string_view text) { return ParseLines<InetdEntry>(text, ParseInetdLine); }

std::vector<std::string> ParseLdSoPreload(absl::string_view text) {
  std::vector<std::string> libraries;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    for (const absl::string_view word : absl::StrSplit(line, absl::ByAnyChar(" \t\r:"), absl::SkipEmpty())) {
      if (libraries.size() >= kMaxTableEntries) return libraries;
      // A NUL ends the name for the loader.
      const absl::string_view name = word.substr(0, word.find('\0'));
      if (!name.empty()) libraries.emplace_back(name);
    }
  }
  return libraries;
}

}  // namespace rollcall

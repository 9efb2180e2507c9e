#include "collectors/accounts/shadow_parser.h"

#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 10;

using Fields = std::vector<absl::string_view>;

absl::Status FillShadow(const Fields& fields, ShadowEntry* entry) {
  // Five fields are the form before the account's own expiry was added.
  if (fields.size() != 5 && fields.size() != 8 && fields.size() != 9) {
    return absl::InvalidArgumentError("not 9 fields");
  }
  const std::array<std::optional<int64_t>*, 6> numbers = {&entry->last_change_day, &entry->min_days,
                                                          &entry->max_days,        &entry->warn_days,
                                                          &entry->inactive_days,   &entry->expire_day};
  for (size_t i = 0; i < numbers.size() && i + 2 < fields.size(); ++i) {
    const absl::string_view text = fields[i + 2];
    if (text.empty()) continue;
    int64_t days = 0;
    if (!absl::SimpleAtoi(text, &days)) return absl::InvalidArgumentError(absl::StrCat("bad number in field ", i + 3));
    if (days >= 0) *numbers[i] = days;
  }
  entry->password = ClassifyPassword(fields[1]);
  return absl::OkStatus();
}

absl::Status FillGroupShadow(const Fields& fields, GroupShadowEntry* entry) {
  if (fields.size() != 4) return absl::InvalidArgumentError("not 4 fields");
  entry->password = ClassifyPassword(fields[1]);
  for (absl::string_view name : absl::StrSplit(fields[2], ',')) {
    name = absl::StripAsciiWhitespace(name);
    if (!name.empty()) entry->administrators.emplace_back(name);
  }
  return absl::OkStatus();
}

template <typename Entry>
absl::Status ParseLine(absl::string_view line, absl::Status (*fill)(const Fields&, Entry*), Entry* entry) {
  const Fields fields = absl::StrSplit(line, ':');
  if (fields[0].empty()) return absl::InvalidArgumentError("no name");
  Entry filled;
  absl::Status status =
      line.find('\0') == absl::string_view::npos ? fill(fields, &filled) : absl::InvalidArgumentError("NUL byte");
  if (status.ok()) *entry = std::move(filled);
  entry->name = std::string(fields[0]);
  entry->damaged = !status.ok();
  return status;
}

template <typename Entry>
ShadowFile<Entry> ParseLines(absl::string_view text, absl::Status (*fill)(const Fields&, Entry*)) {
  ShadowFile<Entry> file;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripLeadingAsciiWhitespace(absl::StripSuffix(line, "\r"));
    if (line.empty() || line[0] == '#' || line[0] == '+' || line[0] == '-') continue;
    Entry entry;
    absl::Status status = file.entries.size() < kMaxShadowEntries
                              ? ParseLine(line, fill, &entry)
                              : absl::ResourceExhaustedError("too many entries, the rest is left out");
    if (!entry.name.empty()) file.entries.push_back(std::move(entry));
    if (status.ok()) continue;
    if (file.problems.size() < kMaxProblems) {
      file.problems.emplace_back(status.code(), absl::StrCat("line ", number, ": ", status.message()));
    }
    if (absl::IsResourceExhausted(status)) break;
  }
  return file;
}

}  // namespace

ShadowFile<ShadowEntry> ParseShadow(absl::string_view text) { return ParseLines<ShadowEntry>(text, FillShadow); }

ShadowFile<GroupShadowEntry> ParseGroupShadow(absl::string_view text) {
  return ParseLines<GroupShadowEntry>(text, FillGroupShadow);
}

}  // namespace rollcall

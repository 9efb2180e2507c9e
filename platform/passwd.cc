#include "platform/passwd.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 10;

// Field `index`, counted from 0; empty if the line ends before.
std::string FieldOr(const std::vector<absl::string_view>& fields, size_t index) {
  return index < fields.size() ? std::string(fields[index]) : std::string();
}

absl::StatusOr<PasswdEntry> ParsePasswdLine(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 6));
  if (fields.size() < 4) return absl::InvalidArgumentError("fewer than 4 fields");
  PasswdEntry entry;
  if (fields[0].empty()) return absl::InvalidArgumentError("no name");
  if (!absl::SimpleAtoi(fields[2], &entry.uid)) return absl::InvalidArgumentError("bad uid");
  if (!absl::SimpleAtoi(fields[3], &entry.gid)) return absl::InvalidArgumentError("bad gid");
  entry.name = std::string(fields[0]);
  entry.password = ClassifyPassword(fields[1]);
  entry.gecos = FieldOr(fields, 4);
  entry.home = FieldOr(fields, 5);
  entry.shell = FieldOr(fields, 6);
  return entry;
}

absl::StatusOr<GroupEntry> ParseGroupLine(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 3));
  if (fields.size() < 3) return absl::InvalidArgumentError("fewer than 3 fields");
  GroupEntry entry;
  if (fields[0].empty()) return absl::InvalidArgumentError("no name");
  if (!absl::SimpleAtoi(fields[2], &entry.gid)) return absl::InvalidArgumentError("bad gid");
  entry.name = std::string(fields[0]);
  entry.password = ClassifyPassword(fields[1]);
  if (fields.size() > 3) {
    for (absl::string_view member : absl::StrSplit(fields[3], ',')) {
      member = absl::StripAsciiWhitespace(member);
      if (!member.empty()) entry.members.emplace_back(member);
    }
  }
  return entry;
}

template <typename Entry>
AccountFile<Entry> ParseLines(absl::string_view text, absl::StatusOr<Entry> (*parse)(absl::string_view)) {
  AccountFile<Entry> file;
  size_t number = 0;
  const auto report = [&](absl::StatusCode code, absl::string_view what) {
    if (file.problems.size() < kMaxProblems) {
      file.problems.emplace_back(code, absl::StrCat("line ", number, ": ", what));
    }
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripLeadingAsciiWhitespace(absl::StripSuffix(line, "\r"));
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '+' || line[0] == '-') {
      ++file.name_service_lines;
      continue;
    }
    if (line.find('\0') != absl::string_view::npos) {
      report(absl::StatusCode::kInvalidArgument, "NUL byte");
      continue;
    }
    if (file.entries.size() >= kMaxAccountEntries) {
      report(absl::StatusCode::kResourceExhausted, absl::StrCat("more than ", kMaxAccountEntries, " entries"));
      break;
    }
    absl::StatusOr<Entry> entry = parse(line);
    if (entry.ok()) {
      file.entries.push_back(*std::move(entry));
    } else {
      report(entry.status().code(), entry.status().message());
    }
  }
  return file;
}

// The file's text; empty if there is none or, with a problem added, if it cannot be read.
std::string ReadOrReport(const FileTree& tree, absl::string_view path, std::vector<absl::Status>* problems) {
  absl::StatusOr<std::string> text = tree.ReadFile(path, kMaxFileBytes);
  if (text.ok()) return *std::move(text);
  if (!absl::IsNotFound(text.status())) problems->push_back(text.status());
  return "";
}

void AddProblems(absl::string_view path, const std::vector<absl::Status>& from, std::vector<absl::Status>* to) {
  for (const absl::Status& problem : from) {
    to->emplace_back(problem.code(), absl::StrCat("parse ", path, ": ", problem.message()));
  }
}

absl::string_view NameOf(const std::map<uint32_t, std::string>& names, uint32_t id) {
  const auto found = names.find(id);
  return found == names.end() ? absl::string_view() : absl::string_view(found->second);
}

}  // namespace

AccountFile<PasswdEntry> ParsePasswd(absl::string_view text) { return ParseLines<PasswdEntry>(text, ParsePasswdLine); }

AccountFile<GroupEntry> ParseGroup(absl::string_view text) { return ParseLines<GroupEntry>(text, ParseGroupLine); }

AccountNames AccountNames::Load(const FileTree& tree) {
  AccountNames names;
  AccountFile<PasswdEntry> users = ParsePasswd(ReadOrReport(tree, "/etc/passwd", &names.problems_));
  for (PasswdEntry& entry : users.entries) names.users_.emplace(entry.uid, std::move(entry.name));
  AddProblems("/etc/passwd", users.problems, &names.problems_);
  AccountFile<GroupEntry> groups = ParseGroup(ReadOrReport(tree, "/etc/group", &names.problems_));
  for (GroupEntry& entry : groups.entries) names.groups_.emplace(entry.gid, std::move(entry.name));
  AddProblems("/etc/group", groups.problems, &names.problems_);
  return names;
}

absl::string_view AccountNames::User(uint32_t uid) const { return NameOf(users_, uid); }

absl::string_view AccountNames::Group(uint32_t gid) const { return NameOf(groups_, gid); }

}  // namespace rollcall

#include "platform/passwd.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 10;

absl::StatusOr<PasswdEntry> ParsePasswdLine(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
  if (fields.size() != 7) return absl::InvalidArgumentError("not 7 fields");
  PasswdEntry entry;
  if (fields[0].empty()) return absl::InvalidArgumentError("no name");
  if (!absl::SimpleAtoi(fields[2], &entry.uid)) return absl::InvalidArgumentError("bad uid");
  if (!absl::SimpleAtoi(fields[3], &entry.gid)) return absl::InvalidArgumentError("bad gid");
  entry.name = std::string(fields[0]);
  entry.gecos = std::string(fields[4]);
  entry.home = std::string(fields[5]);
  entry.shell = std::string(fields[6]);
  return entry;
}

absl::StatusOr<GroupEntry> ParseGroupLine(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
  if (fields.size() != 4) return absl::InvalidArgumentError("not 4 fields");
  GroupEntry entry;
  if (fields[0].empty()) return absl::InvalidArgumentError("no name");
  if (!absl::SimpleAtoi(fields[2], &entry.gid)) return absl::InvalidArgumentError("bad gid");
  entry.name = std::string(fields[0]);
  entry.members = absl::StrSplit(fields[3], ',', absl::SkipEmpty());
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
    line = absl::StripSuffix(line, "\r");
    if (line.empty() || line[0] == '#' || line[0] == '+' || line[0] == '-') continue;
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

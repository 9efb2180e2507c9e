#include "collectors/scheduled_tasks/at_job_parser.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "collectors/scheduled_tasks/task_environment.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kNumberDigits = 5;
constexpr size_t kMinuteDigits = 8;
constexpr absl::string_view kExport = "; export ";

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
}

class AtJobReader {
 public:
  AtJobReader(absl::string_view text, bool truncated) : rest_(text), truncated_(truncated) {}

  AtJob Read() {
    ReadHeader();
    while (SkipAssignment()) {
    }
    if (SkipChangeOfDirectory()) {
      ReadCommand();
    } else {
      job_.problems.Add(line_, truncated_ ? "the job is longer than what is read of it" : "no end of the preamble");
    }
    return std::move(job_);
  }

 private:
  // Without the end of line; empty at the end of the text.
  absl::string_view TakeLine() {
    const absl::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    ++line_;
    return line;
  }

  // `#` comments and the umask.
  void ReadHeader() {
    while (absl::StartsWith(rest_, "#") || absl::StartsWith(rest_, "umask ")) {
      absl::string_view line = TakeLine();
      if (absl::ConsumePrefix(&line, "# atrun uid=")) {
        uint32_t uid = 0;
        if (absl::SimpleAtoi(line.substr(0, line.find(' ')), &uid)) job_.uid = uid;
      } else if (absl::ConsumePrefix(&line, "# mail ")) {
        while (absl::ConsumePrefix(&line, " ")) {
        }
        job_.mailto = ToRecordText(line.substr(0, line.find(' ')), TaskEnvironment::kMaxNameBytes);
      }
    }
    if (!job_.uid.has_value()) job_.problems.Add(line_ + 1, "no uid in the header");
  }

  // `NAME=value; export NAME`, where the value may span lines: characters the shell would mind
  // have a backslash before them, an end of line has quotes around it.
  bool SkipAssignment() {
    const size_t equals = rest_.find_first_of("=\n");
    if (equals == absl::string_view::npos || rest_[equals] != '=') return false;
    const absl::string_view name = rest_.substr(0, equals);
    const auto fits = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), fits)) return false;
    bool quoted = false;
    size_t end = equals + 1;
    for (; end < rest_.size() && (quoted || rest_[end] != ';'); ++end) {
      if (rest_[end] == '\\')
        ++end;
      else if (rest_[end] == '"')
        quoted = !quoted;
      else if (!quoted && rest_[end] == '\n')
        return false;
    }
    if (end >= rest_.size()) return false;
    absl::string_view after = rest_.substr(end);
    if (!absl::ConsumePrefix(&after, kExport) || !absl::ConsumePrefix(&after, name)) return false;
    if (!absl::ConsumePrefix(&after, "\n")) return false;
    if (job_.environment_names.size() < TaskEnvironment::kMaxNames) {
      job_.environment_names.push_back(ToRecordText(name, TaskEnvironment::kMaxNameBytes));
    }
    const absl::string_view skipped = rest_.substr(0, rest_.size() - after.size());
    line_ += static_cast<uint64_t>(std::count(skipped.begin(), skipped.end(), '\n'));
    rest_ = after;
    return true;
  }

  // `cd DIRECTORY || {` to the brace that closes it.
  bool SkipChangeOfDirectory() {
    if (!absl::StartsWith(rest_, "cd ")) return false;
    while (!rest_.empty()) {
      if (TakeLine() == "}") return true;
    }
    return false;
  }

  void ReadCommand() {
    std::string here_end;
    std::string command;
    while (!rest_.empty() && command.size() <= kMaxCommandBytes) {
      absl::string_view line = TakeLine();
      // Red Hat's at feeds the commands to the user's shell as a here document.
      if (command.empty() && here_end.empty() && absl::StartsWith(line, "${SHELL:-/bin/sh} << '")) {
        here_end = std::string(absl::StripSuffix(line.substr(line.find('\'') + 1), "'"));
        continue;
      }
      if (!here_end.empty() && line == here_end) break;
      line = absl::StripTrailingAsciiWhitespace(line);
      if (!line.empty()) absl::StrAppend(&command, command.empty() ? "" : "; ", line);
    }
    job_.command_truncated = command.size() > kMaxCommandBytes || (truncated_ && rest_.empty());
    std::replace(command.begin(), command.end(), '\0', ' ');
    job_.command = ToRecordText(command, kMaxCommandBytes);
  }

  absl::string_view rest_;
  const bool truncated_;
  uint64_t line_ = 0;
  AtJob job_;
};

}  // namespace

std::optional<AtJobName> ParseAtJobName(absl::string_view name) {
  if (name.size() != 1 + kNumberDigits + kMinuteDigits) return std::nullopt;
  AtJobName job;
  job.queue = name[0];
  if (!absl::ascii_isalpha(static_cast<unsigned char>(job.queue)) && job.queue != '=') return std::nullopt;
  const absl::string_view number = name.substr(1, kNumberDigits);
  const absl::string_view minutes_text = name.substr(1 + kNumberDigits);
  int64_t minutes = 0;
  if (!IsHex(number) || !IsHex(minutes_text)) return std::nullopt;
  if (!absl::SimpleHexAtoi(number, &job.number) || !absl::SimpleHexAtoi(minutes_text, &minutes)) return std::nullopt;
  job.due = absl::UnixEpoch() + absl::Minutes(minutes);
  return job;
}

AtJob ParseAtJob(absl::string_view text, bool truncated) { return AtJobReader(text, truncated).Read(); }

}  // namespace rollcall

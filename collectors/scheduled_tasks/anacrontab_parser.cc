#include "collectors/scheduled_tasks/anacrontab_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxIdBytes = 256;
// A logical line of more is cut: what is past it could only be command.
constexpr size_t kMaxLogicalLine = size_t{64} << 10;

absl::string_view TakeWord(absl::string_view* text) {
  const absl::string_view word = text->substr(0, text->find_first_of(" \t"));
  text->remove_prefix(word.size());
  while (!text->empty() && (text->front() == ' ' || text->front() == '\t')) text->remove_prefix(1);
  return word;
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// Anacron's assignments are simpler than cron's: a name without spaces, and all behind the `=`.
bool IsAssignment(absl::string_view line, absl::string_view* name, absl::string_view* value) {
  const size_t equals = line.find('=');
  if (equals == absl::string_view::npos) return false;
  *name = absl::StripAsciiWhitespace(line.substr(0, equals));
  *value = line.substr(equals + 1);
  return !name->empty() && name->find_first_of(" \t") == absl::string_view::npos;
}

// False if it is no period.
bool ReadPeriod(absl::string_view text, AnacronJob* job) {
  if (IsNumber(text)) {
    if (!absl::SimpleAtoi(text, &job->period_days)) return false;
    job->period = absl::StrCat("@every ", job->period_days, "d");
    if (job->period_days == 1) job->period = "@daily";
    if (job->period_days == 7) job->period = "@weekly";
    return true;
  }
  // Debian knows the monthly one alone.
  if (text == "@annually") text = "@yearly";
  if (text != "@daily" && text != "@weekly" && text != "@monthly" && text != "@yearly") return false;
  job->period = std::string(text);
  if (text == "@daily") job->period_days = 1;
  if (text == "@weekly") job->period_days = 7;
  return true;
}

class AnacrontabReader {
 public:
  explicit AnacrontabReader(size_t max_jobs) : max_jobs_(max_jobs) {}

  AnacrontabParse Read(absl::string_view text) {
    uint64_t line = 0;
    std::string logical;
    while (!text.empty()) {
      ++line;
      if (logical.empty()) first_line_ = line;
      const size_t end = text.find('\n');
      absl::string_view part = text.substr(0, end);
      text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
      const bool continues = absl::EndsWith(part, "\\");
      if (continues) part.remove_suffix(1);
      if (logical.size() < kMaxLogicalLine) absl::StrAppend(&logical, part.substr(0, kMaxLogicalLine));
      // An empty line that continues would look like the start of the next.
      if (continues) {
        if (logical.empty()) logical = " ";
        continue;
      }
      ReadLine(logical);
      logical.clear();
    }
    if (!logical.empty()) ReadLine(logical);
    return std::move(parse_);
  }

 private:
  void ReadLine(absl::string_view line) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') return;
    if (line.find('\0') != absl::string_view::npos) return parse_.problems.Add(first_line_, "a NUL byte");
    absl::string_view name;
    absl::string_view value;
    if (IsAssignment(line, &name, &value)) {
      environment_.Set(name, value);
      environment_changed_ = true;
      return;
    }
    ReadJob(line);
  }

  void ReadJob(absl::string_view line) {
    AnacronJob job;
    job.line = first_line_;
    const absl::string_view period = TakeWord(&line);
    if (!ReadPeriod(period, &job)) return parse_.problems.Add(first_line_, "bad period");
    job.period_text = ToRecordText(period);
    const absl::string_view delay = TakeWord(&line);
    if (!IsNumber(delay) || !absl::SimpleAtoi(delay, &job.delay_minutes)) {
      return parse_.problems.Add(first_line_, "bad delay");
    }
    const absl::string_view id = TakeWord(&line);
    if (id.empty() || id.size() > kMaxIdBytes || absl::StrContains(id, "/")) {
      return parse_.problems.Add(first_line_, "bad name of a job");
    }
    if (line.empty()) return parse_.problems.Add(first_line_, "no command");
    job.id = ToRecordText(id);
    job.command = ToRecordText(line, kMaxCommandBytes);
    job.command_truncated = line.size() > kMaxCommandBytes;
    ++parse_.observed;
    if (parse_.jobs.size() >= max_jobs_) return;
    if (parse_.environments.empty() || std::exchange(environment_changed_, false)) {
      parse_.environments.push_back(environment_);
    }
    job.environment = parse_.environments.size() - 1;
    parse_.jobs.push_back(std::move(job));
  }

  const size_t max_jobs_;
  uint64_t first_line_ = 0;
  TaskEnvironment environment_;
  bool environment_changed_ = false;
  AnacrontabParse parse_;
};

}  // namespace

AnacrontabParse ParseAnacrontab(absl::string_view text, size_t max_jobs) {
  return AnacrontabReader(max_jobs).Read(text);
}

}  // namespace rollcall

#include "collectors/scheduled_tasks/crontab_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kTimeFields = 5;
// Longest time field that is read; a list of all minutes is shorter.
constexpr size_t kMaxFieldText = 512;
constexpr size_t kMaxUserBytes = 256;
// Of Debian's cron: a longer command or file is refused.
constexpr size_t kDebianMaxCommand = 998;
constexpr uint64_t kDebianMaxLines = 10'000;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

void SkipBlanks(absl::string_view* text) {
  while (!text->empty() && IsBlank(text->front())) text->remove_prefix(1);
}

// The next word of `*text`, which then starts with the word after it.
absl::string_view TakeWord(absl::string_view* text) {
  const absl::string_view word = text->substr(0, text->find_first_of(" \t"));
  text->remove_prefix(word.size());
  SkipBlanks(text);
  return word;
}

// What may be a user's name, also of a directory service. A path, an option or a piece of
// shell is a sign that the field is missing.
bool MayBeUser(absl::string_view word) {
  const auto fits = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c >= 0x80 || absl::StrContains("_.-@+\\$", static_cast<char>(c));
  };
  return !word.empty() && word.size() <= kMaxUserBytes && word.front() != '-' && word.front() != '$' &&
         std::all_of(word.begin(), word.end(), fits);
}

class CrontabReader {
 public:
  CrontabReader(const CrontabFormat& format, size_t max_jobs) : format_(format), max_jobs_(max_jobs) {}

  CrontabParse Read(absl::string_view text) {
    while (!text.empty()) {
      ++line_;
      const size_t end = text.find('\n');
      ReadLine(text.substr(0, end), end != absl::string_view::npos);
      text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
    }
    if (line_ > kDebianMaxLines) Reject(absl::StrCat("longer than ", kDebianMaxLines, " lines"));
    return std::move(parse_);
  }

 private:
  void ReadLine(absl::string_view line, bool ended) {
    SkipBlanks(&line);
    if (!ended) NoteMissingEnd(line);
    // Cron looks for a comment before it minds a carriage return.
    if (line.empty() || line.front() == '#') return;
    if (line.find('\0') != absl::string_view::npos) return Refuse("a NUL byte");
    if (line.back() == '\r') {
      NoteCarriageReturn(line.size() == 1);
      line.remove_suffix(1);
      if (line.empty()) return;
    }
    if (const auto assignment = ParseTaskAssignment(line)) return Assign(*assignment);
    ReadJob(line);
  }

  void NoteMissingEnd(absl::string_view line) {
    if (line.empty() || line.front() == '#') return;
    Reject("the last line has no end");
    parse_.remarks.Add(line_, format_.dialect == CronDialect::kBusybox
                                  ? "no newline at the end of the file"
                                  : "no newline at the end of the file: cron does not run this line");
    unended_ = true;
  }

  void NoteCarriageReturn(bool alone) {
    if (alone) Reject(absl::StrCat("line ", line_, " is not valid"));
    if (std::exchange(noted_carriage_return_, true)) return;
    parse_.remarks.Add(line_, "ends with a carriage return, which cron takes for a part of it");
  }

  void Assign(const TaskAssignment& assignment) {
    if (!assignment.valid) {
      Reject(absl::StrCat("line ", line_, " is not valid"));
      // Nothing is lost: `MAILTO=` is meant to be empty, and cron's refusal shows in its jobs.
      if (!assignment.value.empty()) return parse_.problems.Add(line_, "bad quotes in an assignment");
    }
    environment_.Set(assignment.name, assignment.value);
    environment_changed_ = true;
  }

  void ReadJob(absl::string_view line) {
    CronJob job;
    job.line = line_;
    // cronie: do not log it.
    if (format_.dialect == CronDialect::kCronie && line.front() == '-') {
      line.remove_prefix(1);
      SkipBlanks(&line);
    }
    if (!ReadSchedule(&line, &job)) return;
    if (format_.has_user_field) {
      const absl::string_view user = TakeWord(&line);
      if (!MayBeUser(user)) return Refuse(user.empty() ? "no user and no command" : "no user before the command");
      job.user = ToRecordText(user, kMaxUserBytes);
    }
    if (line.empty()) return Refuse("no command");
    // A sixth time field, as other schedulers have it.
    if (line.front() == '*') return Refuse("bad command");
    if (line.size() > kDebianMaxCommand) Reject(absl::StrCat("line ", line_, " is too long"));
    SetCommand(line, &job);
    Keep(std::move(job));
  }

  bool ReadSchedule(absl::string_view* line, CronJob* job) {
    std::vector<absl::string_view> fields;
    const size_t wanted = absl::StartsWith(*line, "@") ? 1 : kTimeFields;
    while (fields.size() < wanted && !line->empty()) fields.push_back(TakeWord(line));
    for (absl::string_view field : fields) {
      if (field.size() > kMaxFieldText) {
        Refuse("a time field that is too long");
        return false;
      }
    }
    if (fields.size() < wanted) {
      Refuse("too few fields");
      return false;
    }
    auto schedule = wanted == 1 ? ParseCronName(fields[0], format_.dialect) : ParseCronFields(fields, format_.dialect);
    if (!schedule.ok()) {
      Refuse(schedule.status().message());
      return false;
    }
    if (schedule->foreign_name) Reject(absl::StrCat("line ", line_, " is not valid"));
    job->schedule = *schedule;
    job->schedule_text = ToRecordText(absl::StrJoin(fields, " "));
    return true;
  }

  // Splits off what goes to standard input: from the first `%` without a backslash.
  void SetCommand(absl::string_view text, CronJob* job) const {
    std::string command;
    for (size_t i = 0; i < text.size(); ++i) {
      if (command.size() > kMaxCommandBytes) break;
      if (format_.dialect != CronDialect::kBusybox) {
        if (text[i] == '%') {
          job->has_standard_input = true;
          break;
        }
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') ++i;
      }
      command += text[i];
    }
    job->command_truncated = command.size() > kMaxCommandBytes;
    job->command = ToRecordText(absl::StripTrailingAsciiWhitespace(command), kMaxCommandBytes);
  }

  void Keep(CronJob job) {
    ++parse_.observed;
    if (parse_.jobs.size() >= max_jobs_) return;
    if (parse_.environments.empty() || environment_changed_) {
      parse_.environments.push_back(environment_);
      environment_changed_ = false;
    }
    job.environment = parse_.environments.size() - 1;
    job.unended = unended_;
    parse_.jobs.push_back(std::move(job));
  }

  // A line that says nothing we can use.
  void Refuse(absl::string_view what) {
    parse_.problems.Add(line_, what);
    Reject(absl::StrCat("line ", line_, " is not valid"));
  }

  // Debian's cron would ignore the file.
  void Reject(std::string why) {
    if (format_.dialect == CronDialect::kDebian && parse_.rejected.empty()) parse_.rejected = std::move(why);
  }

  const CrontabFormat format_;
  const size_t max_jobs_;
  uint64_t line_ = 0;
  TaskEnvironment environment_;
  bool environment_changed_ = false;
  bool noted_carriage_return_ = false;
  bool unended_ = false;
  CrontabParse parse_;
};

}  // namespace

CrontabParse ParseCrontab(absl::string_view text, const CrontabFormat& format, size_t max_jobs) {
  return CrontabReader(format, max_jobs).Read(text);
}

}  // namespace rollcall

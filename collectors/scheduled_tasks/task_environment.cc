#include "collectors/scheduled_tasks/task_environment.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxValueBytes = 256;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsQuote(char c) { return c == '"' || c == '\''; }

absl::string_view SkipBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

absl::string_view StripTrailingBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the name off the front of `*rest`; false if there is none.
bool TakeName(absl::string_view* rest, absl::string_view* name) {
  if (!rest->empty() && IsQuote(rest->front())) {
    const size_t end = rest->find(rest->front(), 1);
    if (end == absl::string_view::npos) return false;
    *name = rest->substr(1, end - 1);
    rest->remove_prefix(end + 1);
    return true;
  }
  const size_t end = rest->find_first_of("= \t");
  if (end == absl::string_view::npos) return false;
  *name = rest->substr(0, end);
  rest->remove_prefix(end);
  return true;
}

}  // namespace

std::optional<TaskAssignment> ParseTaskAssignment(absl::string_view line) {
  TaskAssignment assignment;
  if (!TakeName(&line, &assignment.name)) return std::nullopt;
  line = SkipBlanks(line);
  if (line.empty() || line.front() != '=') return std::nullopt;
  const absl::string_view value = StripTrailingBlanks(SkipBlanks(line.substr(1)));
  assignment.value = value;
  assignment.valid = !value.empty();
  if (!value.empty() && IsQuote(value.front())) {
    const size_t end = value.find(value.front(), 1);
    assignment.valid = end != absl::string_view::npos && end + 1 == value.size();
    if (assignment.valid) assignment.value = value.substr(1, end - 1);
  }
  return assignment;
}

void TaskEnvironment::AddName(std::string name) {
  // A copy that has gone another way keeps what it has.
  if (names_ == nullptr || names_->size() != name_count_) {
    const absl::Span<const std::string> known = names();
    auto own = std::make_shared<std::vector<std::string>>();
    own->reserve(kMaxNames);
    own->assign(known.begin(), known.end());
    names_ = std::move(own);
  }
  names_->push_back(std::move(name));
  ++name_count_;
}

void TaskEnvironment::Set(absl::string_view name, absl::string_view value) {
  const std::string kept = ToRecordText(name, kMaxNameBytes);
  const absl::Span<const std::string> known = names();
  const bool is_new = std::find(known.begin(), known.end(), kept) == known.end();
  if (!kept.empty() && is_new && known.size() < kMaxNames) AddName(kept);
  const auto text = [value] { return ToRecordText(value, kMaxValueBytes); };
  if (name == "SHELL") shell_ = text();
  if (name == "MAILTO") mailto_ = text();
  if (name == "CRON_TZ") cron_tz_ = text();
  if (name == "TZ") tz_ = text();
  if (name == "RANDOM_DELAY") random_delay_ = text();
  if (name == "START_HOURS_RANGE") start_hours_range_ = text();
}

}  // namespace rollcall

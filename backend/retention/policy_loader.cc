#include "backend/retention/policy_loader.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/policy_check.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using google::protobuf::TextFormat;

// Far above any agreement; what is larger is not one.
constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr size_t kMaxErrors = 20;
constexpr int kMaxNesting = 64;

std::string At(absl::string_view name, int line, int column) {
  return absl::StrCat(name, ":", line + 1, ":", column + 1, ": ");
}

class ErrorList : public google::protobuf::io::ErrorCollector {
 public:
  explicit ErrorList(absl::string_view name) : name_(name) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (errors_.size() < kMaxErrors) errors_.push_back(At(name_, line, column) + message);
  }
  std::string Text() const { return absl::StrJoin(errors_, "\n"); }

 private:
  absl::string_view name_;
  std::vector<std::string> errors_;
};

absl::Status ParseText(absl::string_view text, absl::string_view name, google::protobuf::Message* message,
                       TextFormat::ParseInfoTree* locations) {
  if (text.size() > kMaxFileBytes) return absl::InvalidArgumentError(absl::StrCat(name, ": larger than 1 MiB"));
  ErrorList errors(name);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(locations);
  parser.SetRecursionLimit(kMaxNesting);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (parser.Parse(&stream, message)) return absl::OkStatus();
  return absl::InvalidArgumentError(errors.Text());
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("read ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::DataLossError(absl::StrCat("read ", path, ": I/O error"));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

const pb::CategoryRules* RetentionPolicy::Find(pb::Category category) const {
  for (const pb::CategoryRules& rules : data.categories()) {
    if (rules.category() == category) return &rules;
  }
  return nullptr;
}

absl::StatusOr<pb::Policy> ParsePolicy(absl::string_view text, absl::string_view name) {
  pb::Policy policy;
  TextFormat::ParseInfoTree locations;
  ROLLCALL_RETURN_IF_ERROR(ParseText(text, name, &policy, &locations));
  const auto* categories = pb::Policy::descriptor()->FindFieldByNumber(pb::Policy::kCategoriesFieldNumber);
  std::vector<std::string> messages;
  for (const PolicyProblem& problem : CheckPolicy(policy)) {
    TextFormat::ParseLocation where(0, 0);
    if (problem.category >= 0) where = locations.GetLocation(categories, problem.category);
    messages.push_back(At(name, where.line, where.column) + problem.message);
    if (messages.size() == kMaxErrors) break;
  }
  if (!messages.empty()) return absl::InvalidArgumentError(absl::StrJoin(messages, "\n"));
  return policy;
}

absl::StatusOr<pb::WorkingDayCalendar> ParseCalendar(absl::string_view text, absl::string_view name) {
  pb::WorkingDayCalendar calendar;
  TextFormat::ParseInfoTree locations;
  ROLLCALL_RETURN_IF_ERROR(ParseText(text, name, &calendar, &locations));
  return calendar;
}

absl::StatusOr<RetentionPolicy> LoadRetentionPolicy(const std::string& path) {
  RetentionPolicy policy;
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  ROLLCALL_ASSIGN_OR_RETURN(policy.data, ParsePolicy(text, path));
  if (!absl::LoadTimeZone(policy.data.zone(), &policy.zone)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": zone ", policy.data.zone(), " is not known"));
  }
  const std::string& id = policy.data.calendar();
  if (id.empty()) return policy;
  if (id.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": calendar ", id, " is no name"));
  }
  const std::string file = (std::filesystem::path(path).parent_path() / ".." / "calendars" / (id + ".textproto"))
                               .lexically_normal()
                               .string();
  ROLLCALL_ASSIGN_OR_RETURN(const std::string calendar_text, ReadText(file));
  ROLLCALL_ASSIGN_OR_RETURN(const pb::WorkingDayCalendar calendar, ParseCalendar(calendar_text, file));
  if (calendar.id() != id) return absl::InvalidArgumentError(absl::StrCat(file, ": its id is not ", id));
  absl::StatusOr<WorkingDays> days = WorkingDays::From(calendar);
  if (!days.ok()) return absl::InvalidArgumentError(absl::StrCat(file, ": ", days.status().message()));
  policy.calendar = *std::move(days);
  return policy;
}

}  // namespace rollcall

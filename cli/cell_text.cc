#include "cli/cell_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/time_text.h"
#include "google/protobuf/descriptor.h"
#include "proto/enum_word.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;

// Elements a list has before it is cut.
constexpr size_t kListed = 3;

bool IsMessage(const FieldDescriptor* field, absl::string_view name) {
  return field->message_type() != nullptr && field->message_type()->full_name() == std::string(name);
}

std::string TimeWords(const std::string& text, absl::Time now) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return text;
  return WhenText(ToWire(time), now);
}

std::string SecondsWords(const std::string& text) {
  double seconds = 0;
  return absl::SimpleAtod(text, &seconds) ? DurationText(absl::Seconds(seconds)) : text;
}

// Hundredths of a percent.
std::string PercentWords(const std::string& text) {
  double points = 0;
  return absl::SimpleAtod(text, &points) ? absl::StrFormat("%.1f %%", points / 100) : text;
}

std::string MillisecondWords(const std::string& text, absl::Time now) {
  int64_t milliseconds = 0;
  if (!absl::SimpleAtoi(text, &milliseconds) || milliseconds == 0) return "";
  return WhenText(ToWire(absl::FromUnixMillis(milliseconds)), now);
}

std::string BytesWords(const FieldDescriptor* field, const std::string& text) {
  uint64_t bytes = 0;
  if (!absl::SimpleAtoi(text, &bytes)) return text;
  // Where 0 may mean unknown, it is not worth a word.
  return bytes == 0 && !field->has_presence() ? "" : BytesText(bytes);
}

// As runtimes print them.
constexpr size_t kShortId = 12;

std::string BooleanWord(const FieldDescriptor* field, const std::string& text) {
  if (text == "true") return "yes";
  return field->has_presence() || field->is_repeated() ? "no" : "";
}

std::string ForPeople(const FieldDescriptor* field, const std::string& text, const CellStyle& style) {
  const absl::Time now = style.now;
  if (field->enum_type() != nullptr) {
    const auto* value = field->enum_type()->FindValueByName(text);
    return value == nullptr ? text : EnumWord(value);
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return BooleanWord(field, text);
  if (IsMessage(field, "google.protobuf.Timestamp")) return TimeWords(text, now);
  if (IsMessage(field, "google.protobuf.Duration") || absl::EndsWith(field->name(), "_seconds")) {
    return SecondsWords(text);
  }
  if (field->name() == "container_id") return style.wide ? text : text.substr(0, kShortId);
  if (absl::EndsWith(field->name(), "_unix_ms")) return MillisecondWords(text, now);
  if (absl::EndsWith(field->name(), "_basis_points")) return PercentWords(text);
  return absl::EndsWith(field->name(), "_bytes") ? BytesWords(field, text) : text;
}

// An argument vector is one thing, not a list of things.
bool IsArguments(const FieldDescriptor* field) { return field->name() == "argv"; }

std::string ListForPeople(const std::vector<std::string>& values, bool wide) {
  std::vector<std::string> distinct;
  for (const std::string& value : values) {
    const bool is_new = std::find(distinct.begin(), distinct.end(), value) == distinct.end();
    if (is_new && !value.empty()) distinct.push_back(value);
  }
  // "1 more" takes as much room as the one.
  if (wide || distinct.size() <= kListed + 1) return absl::StrJoin(distinct, ", ");
  const size_t more = distinct.size() - kListed;
  distinct.resize(kListed);
  return absl::StrCat(absl::StrJoin(distinct, ", "), ", ", more, " more");
}

}  // namespace

std::string CellText(const google::protobuf::Message& payload, const FieldPath& path, const CellStyle& style) {
  std::vector<std::string> values = FieldValues(payload, path);
  const FieldDescriptor* field = path.back();
  if (IsArguments(field)) return absl::StrJoin(values, " ");
  if (!style.people) return absl::StrJoin(values, ",");
  for (std::string& value : values) value = ForPeople(field, value, style);
  return ListForPeople(values, style.wide);
}

}  // namespace rollcall

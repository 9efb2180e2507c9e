#include "proto/field_path.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

bool IsTimestamp(const Descriptor* d) { return d->full_name() == "google.protobuf.Timestamp"; }
bool IsDuration(const Descriptor* d) { return d->full_name() == "google.protobuf.Duration"; }

// Levenshtein distance, for suggestions; both words are short.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

absl::Status NoSuchField(const Descriptor* message, absl::string_view name) {
  std::vector<std::string> all;
  std::vector<std::string> near;
  for (int i = 0; i < message->field_count(); ++i) {
    all.emplace_back(message->field(i)->name());
    if (EditDistance(name, all.back()) <= 2 || absl::StrContains(all.back(), name)) near.push_back(all.back());
  }
  return absl::InvalidArgumentError(absl::StrCat("no field '", name, "' in ", message->name(),
                                                 near.empty() ? "; fields: " : "; did you mean ",
                                                 absl::StrJoin(near.empty() ? all : near, ", ")));
}

std::string MessageText(const Message& message) {
  const Reflection* r = message.GetReflection();
  const Descriptor* d = message.GetDescriptor();
  const int64_t seconds = r->GetInt64(message, d->field(0));
  const int32_t nanos = r->GetInt32(message, d->field(1));
  const absl::Duration duration = absl::Seconds(seconds) + absl::Nanoseconds(nanos);
  if (IsDuration(d)) return absl::StrCat(absl::ToDoubleSeconds(duration));
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::UnixEpoch() + duration, absl::UTCTimeZone());
}

// Text of one scalar, enum or time value; `index` is -1 for singular fields.
std::string ScalarText(const Message& m, const FieldDescriptor* f, int index) {
  const Reflection* r = m.GetReflection();
  const bool one = index < 0;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? r->GetInt32(m, f) : r->GetRepeatedInt32(m, f, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? r->GetInt64(m, f) : r->GetRepeatedInt64(m, f, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? r->GetUInt32(m, f) : r->GetRepeatedUInt32(m, f, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? r->GetUInt64(m, f) : r->GetRepeatedUInt64(m, f, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(one ? r->GetDouble(m, f) : r->GetRepeatedDouble(m, f, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(one ? r->GetFloat(m, f) : r->GetRepeatedFloat(m, f, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? r->GetBool(m, f) : r->GetRepeatedBool(m, f, index)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = one ? r->GetEnumValue(m, f) : r->GetRepeatedEnumValue(m, f, index);
      const auto* value = f->enum_type()->FindValueByNumber(number);
      return value != nullptr ? std::string(value->name()) : absl::StrCat(number);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = one ? r->GetString(m, f) : r->GetRepeatedString(m, f, index);
      return f->type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(one ? r->GetMessage(m, f) : r->GetRepeatedMessage(m, f, index));
  }
  return "";
}

bool IsLeaf(const FieldDescriptor* f) {
  return f->message_type() == nullptr || IsTimestamp(f->message_type()) || IsDuration(f->message_type());
}

std::string MapEntryText(const Message& entry) {
  const Descriptor* d = entry.GetDescriptor();
  return absl::StrCat(ScalarText(entry, d->map_key(), -1), "=",
                      IsLeaf(d->map_value()) ? ScalarText(entry, d->map_value(), -1) : "{...}");
}

bool IsAbsent(const Message& m, const FieldDescriptor* f) {
  if (f->has_presence()) return !m.GetReflection()->HasField(m, f);
  return f->cpp_type() == FieldDescriptor::CPPTYPE_STRING && m.GetReflection()->GetString(m, f).empty();
}

void CollectValues(const Message& m, const FieldPath& path, size_t depth, std::vector<std::string>* out) {
  const FieldDescriptor* f = path[depth];
  const Reflection* r = m.GetReflection();
  const bool last = depth + 1 == path.size();
  const int count = f->is_repeated() ? r->FieldSize(m, f) : (IsAbsent(m, f) ? 0 : 1);
  for (int i = 0; i < count; ++i) {
    const int index = f->is_repeated() ? i : -1;
    if (IsLeaf(f)) {
      if (last) out->push_back(ScalarText(m, f, index));
      continue;
    }
    const Message& child = index < 0 ? r->GetMessage(m, f) : r->GetRepeatedMessage(m, f, index);
    if (f->is_map()) {
      out->push_back(MapEntryText(child));
    } else if (!last) {
      CollectValues(child, path, depth + 1, out);
    } else {
      out->push_back(child.ShortDebugString());
    }
  }
}

void Flatten(const Message& m, const std::string& prefix, std::vector<std::pair<std::string, std::string>>* out) {
  std::vector<const FieldDescriptor*> fields;
  m.GetReflection()->ListFields(m, &fields);
  for (const FieldDescriptor* f : fields) {
    const int count = f->is_repeated() ? m.GetReflection()->FieldSize(m, f) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = f->is_repeated() ? i : -1;
      std::string name = absl::StrCat(prefix, f->name());
      if (index >= 0) absl::StrAppend(&name, "[", index, "]");
      if (IsLeaf(f)) {
        out->emplace_back(std::move(name), ScalarText(m, f, index));
        continue;
      }
      const Message& child =
          index < 0 ? m.GetReflection()->GetMessage(m, f) : m.GetReflection()->GetRepeatedMessage(m, f, index);
      if (f->is_map()) {
        out->emplace_back(std::move(name), MapEntryText(child));
      } else {
        Flatten(child, name + ".", out);
      }
    }
  }
}

}  // namespace

absl::StatusOr<FieldPath> ResolveFieldPath(const Descriptor* message, absl::string_view path) {
  FieldPath fields;
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    if (message == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("'", path, "': ", fields.back()->name(), " has no fields"));
    }
    const FieldDescriptor* field = message->FindFieldByName(std::string(name));
    if (field == nullptr) return NoSuchField(message, name);
    fields.push_back(field);
    message = IsLeaf(field) ? nullptr : field->message_type();
  }
  return fields;
}

std::vector<std::string> FieldValues(const Message& message, const FieldPath& path) {
  std::vector<std::string> values;
  if (!path.empty()) CollectValues(message, path, 0, &values);
  return values;
}

std::vector<std::pair<std::string, std::string>> FlattenFields(const Message& message) {
  std::vector<std::pair<std::string, std::string>> fields;
  Flatten(message, "", &fields);
  return fields;
}

}  // namespace rollcall

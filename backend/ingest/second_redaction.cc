#include "backend/ingest/second_redaction.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "platform/redaction/redactor.h"
#include "proto/kind_registry.h"
#include "proto/redaction_note.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::google::protobuf::internal::WireFormatLite;

constexpr absl::string_view kLimit = "limit";

// Calls `take(number, bytes)` for every string and message at the top of a well-formed message.
template <typename Take>
void ForEachBytes(absl::string_view message, Take take) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  while (const uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return;
    const auto begin = static_cast<size_t>(in.CurrentPosition());
    if (size > message.size() - begin || !in.Skip(static_cast<int>(size))) return;
    take(WireFormatLite::GetTagFieldNumber(tag), message.substr(begin, size));
  }
}

}  // namespace

std::vector<SecondRedactor::FieldPlan> SecondRedactor::PlanFor(const Descriptor* message, int depth) {
  std::vector<FieldPlan> plan;
  if (depth > kMaxRedactedDepth) return plan;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      std::vector<FieldPlan> children = PlanFor(field->message_type(), depth + 1);
      if (!children.empty()) plan.push_back({field, pb::REDACTOR_UNSPECIFIED, std::move(children)});
    } else if (field->type() == FieldDescriptor::TYPE_STRING &&
               field->options().GetExtension(pb::sensitivity) == pb::MAY_CARRY_SECRET) {
      plan.push_back({field, field->options().GetExtension(pb::redactor), {}});
    }
  }
  return plan;
}

SecondRedactor::SecondRedactor() : clean_(std::make_unique<MetHashes>()), named_(std::make_unique<MetHashes>()) {
  for (const Kind& kind : AllKinds()) {
    kinds_.resize(std::max(kinds_.size(), static_cast<size_t>(kind.number) + 1));
    kinds_[static_cast<size_t>(kind.number)] = {std::string(kind.options->name()), PlanFor(kind.message, 0)};
  }
}

void SecondRedactor::ScrubStrings(const FieldPlan& plan, const std::string& path, Message* message, Notes* notes) {
  const Reflection* reflection = message->GetReflection();
  const auto redact = [&](std::string* value, const std::string& place) {
    // Text is the widest of the redactors, so it also serves what declares none.
    for (const absl::string_view rule : plan.redactor == pb::URL ? RedactUrl(value) : RedactText(value)) {
      NoteRedaction(place, rule, notes);
    }
  };
  if (!plan.field->is_repeated()) {
    std::string value = reflection->GetString(*message, plan.field);
    const size_t before = notes->size();
    redact(&value, path);
    if (notes->size() > before) reflection->SetString(message, plan.field, std::move(value));
    return;
  }
  const int size = reflection->FieldSize(*message, plan.field);
  // No agent sends as many; to read them would take long and leave nothing.
  if (static_cast<size_t>(size) > kMaxRedactedArguments) {
    reflection->ClearField(message, plan.field);
    return NoteRedaction(path, kLimit, notes);
  }
  std::vector<std::string> values;
  values.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) values.push_back(reflection->GetRepeatedString(*message, plan.field, i));
  const size_t before = notes->size();
  if (plan.redactor == pb::ARGV) {
    for (const ArgvRedaction& found : RedactArgv(&values)) {
      NoteRedaction(absl::StrCat(path, "[", found.index, "]"), found.rule, notes);
    }
  } else {
    for (size_t i = 0; i < values.size(); ++i) redact(&values[i], absl::StrCat(path, "[", i, "]"));
  }
  if (notes->size() == before) return;
  for (int i = 0; i < size; ++i) {
    reflection->SetRepeatedString(message, plan.field, i, std::move(values[static_cast<size_t>(i)]));
  }
}

void SecondRedactor::ScrubMessage(const std::vector<FieldPlan>& plan, const std::string& path, Message* message,
                                  Notes* notes) {
  const Reflection* reflection = message->GetReflection();
  for (const FieldPlan& item : plan) {
    const std::string place = ChildPath(path, item.field->name());
    if (item.children.empty()) {
      if (item.field->is_repeated() || reflection->HasField(*message, item.field)) {
        ScrubStrings(item, place, message, notes);
      }
    } else if (!item.field->is_repeated()) {
      if (!reflection->HasField(*message, item.field)) continue;
      ScrubMessage(item.children, place, reflection->MutableMessage(message, item.field), notes);
    } else {
      for (int i = 0; i < reflection->FieldSize(*message, item.field); ++i) {
        ScrubMessage(item.children, absl::StrCat(place, "[", i, "]"),
                     reflection->MutableRepeatedMessage(message, item.field, i), notes);
      }
    }
  }
}

SecondRedactor::Values SecondRedactor::ValuesOf(const KindPlan& kind, int number, absl::string_view record) {
  Values values;
  ForEachBytes(record, [&](int field, absl::string_view payload) {
    if (field != number) return;
    ForEachBytes(payload, [&](int place, absl::string_view bytes) {
      const auto plan = std::find_if(kind.fields.begin(), kind.fields.end(),
                                     [&](const FieldPlan& known) { return known.field->number() == place; });
      if (plan == kind.fields.end()) return;
      values.hash = absl::HashOf(values.hash, number, place, bytes) | 1;
      values.fields.emplace_back(&*plan, bytes);
    });
  });
  return values;
}

bool SecondRedactor::AreClean(const Values& values) {
  std::vector<std::string> arguments;
  for (const auto& [plan, bytes] : values.fields) {
    if (!plan->children.empty()) return false;
    if (plan->redactor == pb::ARGV) {
      arguments.emplace_back(bytes);
      continue;
    }
    std::string value(bytes);
    if (!(plan->redactor == pb::URL ? RedactUrl(&value) : RedactText(&value)).empty()) return false;
  }
  return arguments.size() <= kMaxRedactedArguments && RedactArgv(&arguments).empty();
}

SecondRedactor::Notes SecondRedactor::RedactRecord(const KindPlan& kind, std::string* payload) {
  pb::Record record;
  Notes notes;
  if (!record.ParseFromString(*payload)) return notes;
  Message* message = MutablePayloadOf(&record);
  ScrubMessage(kind.fields, "", message, &notes);
  if (notes.empty()) return notes;
  // A replacement is longer than most of what it can stand for, so a record made for it would grow.
  if (notes.size() > kMaxReplacements || record.ByteSizeLong() > kMaxRecordBytes) {
    notes.clear();
    for (const FieldPlan& plan : kind.fields) {
      message->GetReflection()->ClearField(message, plan.field);
      NoteRedaction(plan.field->name(), kLimit, &notes);
    }
  }
  for (const pb::Redaction& note : notes) *record.add_redactions() = note;
  *payload = record.SerializeAsString();
  return notes;
}

void SecondRedactor::Redact(PreparedBatch* batch, IngestObserver* observer, Logger* logger) {
  std::map<std::pair<int, std::string>, uint64_t> found;
  uint64_t replaced = 0;
  for (PreparedRecord& record : batch->records) {
    const KindPlan& kind = kinds_[static_cast<size_t>(record.kind)];
    if (kind.fields.empty()) continue;
    const Values values = ValuesOf(kind, record.kind, record.payload);
    if (values.hash == 0 || clean_->Has(values.hash)) continue;
    // Nearly all are, which is found out without parsing them.
    const Notes notes = AreClean(values) ? Notes() : RedactRecord(kind, &record.payload);
    if (notes.empty()) clean_->Add(values.hash);
    for (const pb::Redaction& note : notes) ++found[{record.kind, note.rule()}];
    replaced += notes.size();
  }
  if (found.empty()) return;
  for (const auto& [what, count] : found) {
    observer->OnRedactedAgain(kinds_[static_cast<size_t>(what.first)].name, what.second, count);
  }
  const uint64_t sender = absl::HashOf(batch->agent.tenant, batch->agent.agent_id, batch->collector) | 1;
  if (named_->Has(sender)) return;
  named_->Add(sender);
  logger->Warning("ingest.redacted_again", "An agent sent what the backend takes for secrets; they were replaced",
                  {{"tenant", batch->agent.tenant},
                   {"agent", batch->agent.agent_id},
                   {"collector", batch->collector},
                   {"values", replaced}});
}

}  // namespace rollcall

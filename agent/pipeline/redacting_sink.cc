#include "agent/pipeline/redacting_sink.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/pipeline/valid_text.h"
#include "platform/redaction/redactor.h"
#include "proto/kind_registry.h"
#include "proto/redaction_note.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

}  // namespace

RedactingSink::Plan RedactingSink::PlanFor(const Descriptor* message, int depth) {
  Plan plan;
  if (depth > kMaxRedactedDepth) return plan;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    FieldPlan item{.field = field,
                   .may_carry_secret = field->options().GetExtension(pb::sensitivity) == pb::MAY_CARRY_SECRET,
                   .redactor = field->options().GetExtension(pb::redactor),
                   .children = {}};
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      plan.push_back(std::move(item));
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      item.children = PlanFor(field->message_type(), depth + 1);
      if (!item.children.empty()) plan.push_back(std::move(item));
    }
  }
  return plan;
}

RedactingSink::RedactingSink(RunSink* next)
    : next_(next), scope_(PlanFor(pb::Scope::descriptor(), 0)), run_result_(PlanFor(pb::RunResult::descriptor(), 0)) {
  for (const Kind& kind : AllKinds()) kinds_[kind.number] = PlanFor(kind.message, 0);
}

bool RedactingSink::ScrubString(const FieldPlan& plan, const std::string& path, std::string* value,
                                Findings* findings) {
  if (value->empty()) return false;
  bool changed = false;
  if (plan.may_carry_secret) {
    // Text is the widest of the redactors, so it also serves what declares none.
    const auto rules = plan.redactor == pb::URL ? RedactUrl(value) : RedactText(value);
    for (const absl::string_view rule : rules) NoteRedaction(path, rule, &findings->redactions);
    changed = !rules.empty();
  } else if (HoldsKnownToken(*value)) {
    ++findings->suspected;
  }
  if (EscapeInvalidUtf8(value)) {
    ++findings->escaped;
    changed = true;
  }
  if (TruncateText(kMaxStringBytes, value)) {
    ++findings->truncated;
    changed = true;
  }
  return changed;
}

void RedactingSink::ScrubSingle(const FieldPlan& plan, const std::string& path, Message* message, Findings* findings) {
  const Reflection* reflection = message->GetReflection();
  if (plan.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (!reflection->HasField(*message, plan.field)) return;
    return ScrubMessage(plan.children, path, reflection->MutableMessage(message, plan.field), findings);
  }
  std::string value = reflection->GetString(*message, plan.field);
  if (ScrubString(plan, path, &value, findings)) reflection->SetString(message, plan.field, std::move(value));
}

void RedactingSink::ScrubArguments(const FieldPlan& plan, const std::string& path, Message* message,
                                   Findings* findings) {
  const Reflection* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, plan.field);
  std::vector<std::string> arguments;
  arguments.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) arguments.push_back(reflection->GetRepeatedString(*message, plan.field, i));
  for (const ArgvRedaction& redaction : RedactArgv(&arguments)) {
    NoteRedaction(absl::StrCat(path, "[", redaction.index, "]"), redaction.rule, &findings->redactions);
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    findings->escaped += EscapeInvalidUtf8(&arguments[i]) ? 1 : 0;
    findings->truncated += TruncateText(kMaxStringBytes, &arguments[i]) ? 1 : 0;
    reflection->SetRepeatedString(message, plan.field, static_cast<int>(i), std::move(arguments[i]));
  }
}

void RedactingSink::ScrubRepeated(const FieldPlan& plan, const std::string& path, Message* message,
                                  Findings* findings) {
  const Reflection* reflection = message->GetReflection();
  const bool is_message = plan.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!is_message && plan.may_carry_secret && plan.redactor == pb::ARGV) {
    return ScrubArguments(plan, path, message, findings);
  }
  for (int i = 0; i < reflection->FieldSize(*message, plan.field); ++i) {
    const std::string element = absl::StrCat(path, "[", i, "]");
    if (is_message) {
      ScrubMessage(plan.children, element, reflection->MutableRepeatedMessage(message, plan.field, i), findings);
      continue;
    }
    std::string value = reflection->GetRepeatedString(*message, plan.field, i);
    if (ScrubString(plan, element, &value, findings)) {
      reflection->SetRepeatedString(message, plan.field, i, std::move(value));
    }
  }
}

void RedactingSink::ScrubMessage(const Plan& plan, const std::string& path, Message* message, Findings* findings) {
  for (const FieldPlan& item : plan) {
    const std::string field_path = ChildPath(path, item.field->name());
    if (item.field->is_repeated()) {
      ScrubRepeated(item, field_path, message, findings);
    } else {
      ScrubSingle(item, field_path, message, findings);
    }
  }
}

void RedactingSink::Count(const Findings& findings) {
  const std::lock_guard lock(mutex_);
  for (const pb::Redaction& redaction : findings.redactions) ++counters_.by_rule[redaction.rule()];
  counters_.escaped += findings.escaped;
  counters_.truncated += findings.truncated;
  counters_.suspected += findings.suspected;
}

RedactionCounters RedactingSink::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

absl::Status RedactingSink::Emit(pb::Record&& record) {
  const auto plan = kinds_.find(static_cast<int>(record.payload_case()));
  if (plan == kinds_.end()) return absl::InvalidArgumentError("redact record: no payload set");
  Findings findings;
  ScrubMessage(plan->second, "", MutablePayloadOf(&record), &findings);
  if (record.has_scope()) ScrubMessage(scope_, "", record.mutable_scope(), &findings);
  record.clear_redactions();
  for (const pb::Redaction& redaction : findings.redactions) *record.add_redactions() = redaction;
  Count(findings);
  return next_->Emit(std::move(record));
}

pb::RunResult RedactingSink::ScrubResult(const pb::RunResult& result) {
  pb::RunResult scrubbed = result;
  Findings findings;
  ScrubMessage(run_result_, "", &scrubbed, &findings);
  Count(findings);
  return scrubbed;
}

absl::Status RedactingSink::BeginRun(const pb::RunResult& run) { return next_->BeginRun(ScrubResult(run)); }

absl::Status RedactingSink::EndRun(const pb::RunResult& result) { return next_->EndRun(ScrubResult(result)); }

}  // namespace rollcall

#include "proto/kind_registry.h"

#include <algorithm>

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

Kind MakeKind(const FieldDescriptor* field) {
  Kind kind{.number = field->number(),
            .field = field,
            .message = field->message_type(),
            .options = &field->message_type()->options().GetExtension(pb::kind),
            .identity = {}};
  for (int i = 0; i < kind.message->field_count(); ++i) {
    const FieldDescriptor* f = kind.message->field(i);
    if (f->options().GetExtension(pb::identity)) kind.identity.push_back(f);
  }
  std::sort(kind.identity.begin(), kind.identity.end(),
            [](const auto* a, const auto* b) { return a->number() < b->number(); });
  return kind;
}

std::vector<Kind> BuildKinds() {
  std::vector<Kind> kinds;
  const Descriptor* record = pb::Record::descriptor();
  const auto* payload = record->FindOneofByName("payload");
  for (int i = 0; i < payload->field_count(); ++i) kinds.push_back(MakeKind(payload->field(i)));
  std::sort(kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) { return a.number < b.number; });
  return kinds;
}

}  // namespace

const std::vector<Kind>& AllKinds() {
  static const std::vector<Kind>& kinds = *new std::vector<Kind>(BuildKinds());
  return kinds;
}

const Kind* FindKind(absl::string_view name) {
  for (const Kind& kind : AllKinds()) {
    if (kind.options->name() == name) return &kind;
  }
  return nullptr;
}

const Kind* FindKind(int number) {
  for (const Kind& kind : AllKinds()) {
    if (kind.number == number) return &kind;
  }
  return nullptr;
}

bool IsSampleKind(int number) {
  const Kind* kind = FindKind(number);
  return kind != nullptr && kind->options->sample();
}

const Kind* KindOf(const pb::Record& record) { return FindKind(static_cast<int>(record.payload_case())); }

const google::protobuf::Message& PayloadOf(const pb::Record& record) {
  return record.GetReflection()->GetMessage(record, KindOf(record)->field);
}

google::protobuf::Message* MutablePayloadOf(pb::Record* record) {
  return record->GetReflection()->MutableMessage(record, KindOf(*record)->field);
}

}  // namespace rollcall

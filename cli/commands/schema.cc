#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "cli/kind_name.h"
#include "cli/record_table.h"
#include "google/protobuf/descriptor.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

std::string TypeText(const FieldDescriptor* field) {
  std::string type = field->type_name();
  if (field->enum_type() != nullptr) {
    std::vector<std::string> values;
    for (int i = 1; i < field->enum_type()->value_count(); ++i) values.push_back(field->enum_type()->value(i)->name());
    type = absl::StrJoin(values, "|");
  } else if (field->message_type() != nullptr) {
    type = field->message_type()->name();
  }
  return field->is_repeated() ? absl::StrCat(type, "[]") : type;
}

std::string FlagsText(const FieldDescriptor* field) {
  std::vector<std::string> flags;
  if (field->options().GetExtension(pb::identity)) flags.emplace_back("identity");
  if (field->options().GetExtension(pb::volatile_figure)) flags.emplace_back("volatile");
  if (field->options().GetExtension(pb::sensitivity) == pb::MAY_CARRY_SECRET) flags.emplace_back("redacted");
  if (field->options().GetExtension(pb::sensitivity) == pb::PERSONAL) flags.emplace_back("personal");
  return absl::StrJoin(flags, ",");
}

void AddFields(const Descriptor* message, const std::string& prefix, std::vector<std::vector<std::string>>* rows) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string path = absl::StrCat(prefix, field->name());
    rows->push_back({path, TypeText(field), FlagsText(field), field->options().GetExtension(pb::semconv)});
    const bool nested = field->message_type() != nullptr && field->message_type()->file()->package() == "rollcall.v1";
    if (nested) AddFields(field->message_type(), path + ".", rows);
  }
}

absl::Status ListKinds(Screen* screen) {
  std::vector<std::vector<std::string>> rows;
  for (const Kind& kind : AllKinds()) {
    if (screen->format() == OutputFormat::kJson) {
      if (absl::Status status = screen->Json(*kind.options); !status.ok()) return status;
      continue;
    }
    std::vector<std::string> identity;
    for (const FieldDescriptor* field : kind.identity) identity.push_back(field->name());
    rows.push_back({kind.options->name(), pb::Category_Name(kind.options->category()),
                    pb::Element_Name(kind.options->element()), PurposesText(kind.options->purposes()),
                    absl::StrJoin(identity, ","), pb::Stability_Name(kind.options->stability())});
  }
  if (screen->format() == OutputFormat::kJson) return absl::OkStatus();
  screen->Rows({"KIND", "CATEGORY", "ELEMENT", "PURPOSES", "IDENTITY", "STABILITY"}, rows);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunSchema(const CommandContext& context, const SchemaArguments& arguments) {
  if (arguments.kind.empty()) return ListKinds(context.screen);
  const auto kind = ResolveKind(arguments.kind);
  if (!kind.ok()) return kind.status();
  if (context.screen->format() == OutputFormat::kJson) {
    google::protobuf::DescriptorProto descriptor;
    (*kind)->message->CopyTo(&descriptor);
    return context.screen->Json(descriptor);
  }
  std::vector<std::vector<std::string>> rows;
  AddFields((*kind)->message, "", &rows);
  context.screen->Rows({"FIELD", "TYPE", "FLAGS", "OPENTELEMETRY"}, rows);
  return absl::OkStatus();
}

}  // namespace rollcall

// Walks the descriptors: what the agreement demands of every kind is part of its type.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;

// Calls `visit(path, field)` for every field of `message` and of the messages it holds.
template <typename Visit>
void WalkFields(const Descriptor* message, const std::string& path, Visit visit) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string here = path + "." + std::string(field->name());
    visit(here, field);
    const bool ours =
        field->message_type() != nullptr && absl::StartsWith(field->message_type()->full_name(), "rollcall.");
    if (ours) WalkFields(field->message_type(), here, visit);
  }
}

const FieldDescriptor* Resolve(const Descriptor* message, absl::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    if (message == nullptr) return nullptr;
    field = message->FindFieldByName(std::string(name));
    if (field == nullptr) return nullptr;
    message = field->message_type();
  }
  return field;
}

TEST(RecordPolicy, EveryKindDeclaresCategoryElementPurposeAndIdentity) {
  ASSERT_FALSE(AllKinds().empty());
  for (const Kind& kind : AllKinds()) {
    SCOPED_TRACE(kind.message->full_name());
    EXPECT_EQ(kind.options->name(), kind.field->name()) << "kind name and oneof case differ";
    EXPECT_NE(kind.options->category(), pb::CATEGORY_UNSPECIFIED);
    EXPECT_NE(kind.options->element(), pb::ELEMENT_UNSPECIFIED);
    EXPECT_GT(kind.options->purposes_size(), 0);
    for (int purpose : kind.options->purposes()) EXPECT_NE(purpose, pb::PURPOSE_UNSPECIFIED);
    EXPECT_FALSE(kind.identity.empty()) << "no identity field";
    EXPECT_NE(kind.options->stability(), pb::STABILITY_UNSPECIFIED);
  }
}

TEST(RecordPolicy, NoIdentityFieldMayCarryASecret) {
  for (const Kind& kind : AllKinds()) {
    for (const FieldDescriptor* field : kind.identity) {
      SCOPED_TRACE(field->full_name());
      EXPECT_NE(field->options().GetExtension(pb::sensitivity), pb::MAY_CARRY_SECRET);
      EXPECT_FALSE(field->options().GetExtension(pb::volatile_figure));
      EXPECT_FALSE(field->is_repeated());
      EXPECT_NE(field->cpp_type(), FieldDescriptor::CPPTYPE_MESSAGE) << "identity fields are scalars";
      EXPECT_NE(field->cpp_type(), FieldDescriptor::CPPTYPE_DOUBLE);
      EXPECT_NE(field->cpp_type(), FieldDescriptor::CPPTYPE_FLOAT);
    }
  }
}

TEST(RecordPolicy, EverySecretFieldNamesItsRedactor) {
  for (const Kind& kind : AllKinds()) {
    WalkFields(
        kind.message, std::string(kind.options->name()), [](const std::string& path, const FieldDescriptor* field) {
          SCOPED_TRACE(path);
          const bool secret = field->options().GetExtension(pb::sensitivity) == pb::MAY_CARRY_SECRET;
          const auto redactor = field->options().GetExtension(pb::redactor);
          EXPECT_EQ(secret, redactor != pb::REDACTOR_UNSPECIFIED) << "a secret field and its redactor go together";
          if (redactor == pb::ARGV) {
            EXPECT_TRUE(field->is_repeated());
          }
          if (secret) {
            EXPECT_EQ(field->cpp_type(), FieldDescriptor::CPPTYPE_STRING);
          }
        });
  }
}

TEST(RecordPolicy, VolatileFiguresAreAtTheTopLevel) {
  for (const Kind& kind : AllKinds()) {
    WalkFields(kind.message, "", [](const std::string& path, const FieldDescriptor* field) {
      if (field->options().GetExtension(pb::volatile_figure)) {
        EXPECT_EQ(std::count(path.begin(), path.end(), '.'), 1)
            << path << ": the fingerprint clears top-level fields only";
      }
    });
  }
}

// A map is serialized in any order, and the fingerprint is over what is serialized.
TEST(RecordPolicy, NoFieldIsAMap) {
  for (const Kind& kind : AllKinds()) {
    WalkFields(kind.message, "",
               [](const std::string& path, const FieldDescriptor* field) { EXPECT_FALSE(field->is_map()) << path; });
  }
}

TEST(RecordPolicy, TableColumnsExist) {
  for (const Kind& kind : AllKinds()) {
    EXPECT_GT(kind.options->table_columns_size(), 0) << kind.options->name();
    for (const std::string& column : kind.options->table_columns()) {
      EXPECT_NE(Resolve(kind.message, column), nullptr) << kind.options->name() << ": no field " << column;
    }
  }
}

TEST(RecordPolicy, FieldNumbersAndNamesAreUnique) {
  std::set<std::string> names;
  for (const Kind& kind : AllKinds()) {
    EXPECT_TRUE(names.insert(std::string(kind.options->name())).second) << kind.options->name();
    EXPECT_GE(kind.number, 101) << "numbers below 101 belong to the envelope";
  }
}

}  // namespace
}  // namespace rollcall

#include "proto/enum_word.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/kind_registry.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;

TEST(EnumWord, IsTheNameInLowerCase) {
  const auto* type = pb::ListeningPort::Transport_descriptor();
  EXPECT_THAT(EnumWords(type), ElementsAre("tcp", "udp", "sctp", "unix_stream"));
  EXPECT_EQ(EnumWord(type->FindValueByNumber(0)), "");
}

TEST(EnumWord, DropsWhatAllNamesBeginWith) {
  EXPECT_THAT(EnumWords(pb::UnitCoverage::State_descriptor()),
              ElementsAre("complete", "partial", "degraded", "expected_gap", "stale", "unknown", "failed"));
  EXPECT_THAT(EnumWords(pb::OsPackage::Presence_descriptor()), ElementsAre("os_database")) << "one value has no prefix";
}

TEST(FindEnumValue, TakesNameAndWordInAnyCase) {
  const auto* type = pb::UnitCoverage::State_descriptor();
  for (const char* text : {"COVERAGE_STALE", "coverage_stale", "stale", "Stale"}) {
    const auto* value = FindEnumValue(type, text);
    ASSERT_NE(value, nullptr) << text;
    EXPECT_EQ(value->number(), pb::UnitCoverage::COVERAGE_STALE);
  }
  EXPECT_EQ(FindEnumValue(type, "stal"), nullptr);
  EXPECT_EQ(FindEnumValue(type, "coverage_"), nullptr);
}

// Or a filter would not know which is meant.
void ExpectUniqueWords(const google::protobuf::Descriptor* message, int depth) {
  for (int i = 0; i < message->field_count(); ++i) {
    const auto* field = message->field(i);
    if (field->enum_type() != nullptr) {
      for (int v = 0; v < field->enum_type()->value_count(); ++v) {
        const auto* value = field->enum_type()->value(v);
        EXPECT_EQ(FindEnumValue(field->enum_type(), EnumWord(value)), value) << value->full_name();
      }
    }
    if (field->message_type() != nullptr && depth < 8) ExpectUniqueWords(field->message_type(), depth + 1);
  }
}

TEST(EnumWord, IsUniqueInEveryKind) {
  for (const Kind& kind : AllKinds()) ExpectUniqueWords(kind.message, 0);
}

}  // namespace
}  // namespace rollcall

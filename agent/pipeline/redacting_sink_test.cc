#include "agent/pipeline/redacting_sink.h"

#include "agent/pipeline/pipeline_test_util.h"
#include "agent/pipeline/stamp_sink.h"
#include "agent/pipeline/valid_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;

TEST(RedactingSinkTest, ScrubsArgumentsAndNotesWhere) {
  RecordingSink next;
  RedactingSink sink(&next);
  ASSERT_TRUE(sink.Emit(ProcessRecord(1, {"app", "--password=hunter2", "-v", "--token", "abc123"})).ok());
  const pb::Record& record = next.records.at(0);
  EXPECT_THAT(record.process().argv(), ElementsAre("app", "--password=[REDACTED:argv.long_option]", "-v", "--token",
                                                   "[REDACTED:argv.long_option]"));
  ASSERT_EQ(record.redactions_size(), 2);
  EXPECT_EQ(record.redactions(0).field(), "argv[1]");
  EXPECT_EQ(record.redactions(1).field(), "argv[4]");
  EXPECT_EQ(record.redactions(1).rule(), "argv.long_option");
  EXPECT_EQ(sink.counters().by_rule.at("argv.long_option"), 2u);
}

TEST(RedactingSinkTest, ScrubsNestedFields) {
  RecordingSink next;
  RedactingSink sink(&next);
  pb::Record record;
  record.mutable_host()->mutable_kernel()->set_command_line("root=/dev/sda1 db_password=hunter2 quiet");
  ASSERT_TRUE(sink.Emit(std::move(record)).ok());
  EXPECT_EQ(next.records[0].host().kernel().command_line(),
            "root=/dev/sda1 db_password=[REDACTED:text.assignment] quiet");
  ASSERT_EQ(next.records[0].redactions_size(), 1);
  EXPECT_EQ(next.records[0].redactions(0).field(), "kernel.command_line");
}

TEST(RedactingSinkTest, EveryKindsDeclaredFieldsAreScrubbed) {
  // Walks the descriptors on its own, so that a kind added later is covered.
  RecordingSink next;
  RedactingSink sink(&next);
  size_t declared = 0;
  for (const Kind& kind : AllKinds()) {
    for (int i = 0; i < kind.message->field_count(); ++i) {
      const auto* field = kind.message->field(i);
      if (field->options().GetExtension(pb::sensitivity) != pb::MAY_CARRY_SECRET) continue;
      ++declared;
      pb::Record record;
      auto* payload = record.GetReflection()->MutableMessage(&record, kind.field);
      const std::string secret = "https://u:hunter2@h/";
      if (field->is_repeated()) {
        payload->GetReflection()->AddString(payload, field, "app");
        payload->GetReflection()->AddString(payload, field, secret);
      } else {
        payload->GetReflection()->SetString(payload, field, secret);
      }
      ASSERT_TRUE(sink.Emit(std::move(record)).ok());
      EXPECT_EQ(next.records.back().SerializeAsString().find("hunter2"), std::string::npos) << field->full_name();
    }
  }
  EXPECT_GE(declared, 1u);
}

TEST(RedactingSinkTest, MakesAllStringsValidAndShort) {
  RecordingSink next;
  RedactingSink sink(&next);
  pb::Record record = ProcessRecord(1, {"a\xff", std::string(9000, 'y')});
  record.mutable_process()->set_name("caf\xe9");
  record.mutable_process()->set_cwd(std::string(20000, 'z'));
  record.mutable_scope()->set_id("\xfe");
  ASSERT_TRUE(sink.Emit(std::move(record)).ok());
  const pb::Record& out = next.records[0];
  EXPECT_EQ(out.process().name(), "caf\\xe9");
  EXPECT_EQ(out.process().argv(0), "a\\xff");
  EXPECT_LE(out.process().argv(1).size(), RedactingSink::kMaxStringBytes);
  EXPECT_EQ(out.process().cwd().size(), RedactingSink::kMaxStringBytes);
  EXPECT_EQ(out.scope().id(), "\\xfe");
  EXPECT_EQ(sink.counters().escaped, 3u);
  EXPECT_EQ(sink.counters().truncated, 1u);
  EXPECT_EQ(sink.counters().by_rule.at("size"), 1u);
}

TEST(RedactingSinkTest, CountsTokensWhereNoneIsDeclared) {
  RecordingSink next;
  RedactingSink sink(&next);
  pb::Record record = ProcessRecord(1, {"app"});
  record.mutable_process()->set_cwd("/srv/AKIAIOSFODNN7EXAMPLE");
  ASSERT_TRUE(sink.Emit(std::move(record)).ok());
  EXPECT_EQ(next.records[0].process().cwd(), "/srv/AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(sink.counters().suspected, 1u);
}

TEST(RedactingSinkTest, RefusesRecordsWithoutPayload) {
  RecordingSink next;
  RedactingSink sink(&next);
  EXPECT_EQ(sink.Emit(pb::Record()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(next.records.empty());
}

TEST(RedactingSinkTest, RunResultsAreMadeValidToo) {
  RecordingSink next;
  RedactingSink sink(&next);
  pb::RunResult result = RunOf("processes");
  result.add_problems()->set_path("/tmp/\xff");
  ASSERT_TRUE(RunThrough(&sink, result, {}).ok());
  EXPECT_EQ(next.ended.at(0).problems(0).path(), "/tmp/\\xff");
}

TEST(StampSinkTest, FillsTheEnvelope) {
  RecordingSink next;
  StampSink sink(&next);
  pb::RunResult run = RunOf("processes");
  run.clear_scope();
  pb::Record contained = ProcessRecord(2, {"b"});
  contained.mutable_scope()->set_type(pb::Scope::CONTAINER);
  contained.mutable_scope()->set_id("c1");
  contained.set_kind("claimed");
  contained.set_asset_key("claimed");
  ASSERT_TRUE(RunThrough(&sink, run, {ProcessRecord(1, {"a"}), contained}).ok());
  EXPECT_EQ(next.begun[0].scope().type(), pb::Scope::HOST);
  EXPECT_EQ(next.ended[0].scope().type(), pb::Scope::HOST);
  EXPECT_EQ(next.records[0].scope().type(), pb::Scope::HOST);
  EXPECT_EQ(next.records[1].scope().id(), "c1");
  for (const pb::Record& record : next.records) {
    EXPECT_EQ(record.collected_at().seconds(), 1700000000);
    EXPECT_FALSE(HasDerivedFields(record));
  }
}

TEST(ValidTextTest, EscapesOnlyWhatIsInvalid) {
  struct Case {
    std::string bytes;
    std::string text;
  };
  const std::vector<Case> cases = {
      {"", ""},
      {"plain", "plain"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"\xff", "\\xff"},
      {"a\xc3", "a\\xc3"},
      {"\xc0\xaf", "\\xc0\\xaf"},                    // overlong
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond U+10FFFF
      {"\xe2\x82x", "\\xe2\\x82x"},
      {"back\\slash", "back\\slash"},
  };
  for (const Case& test : cases) {
    std::string text = test.bytes;
    EXPECT_EQ(EscapeInvalidUtf8(&text), test.bytes != test.text);
    EXPECT_EQ(text, test.text);
    EXPECT_FALSE(EscapeInvalidUtf8(&text)) << "twice is once";
  }
}

TEST(ValidTextTest, TruncatesAtACharacter) {
  std::string text = std::string(20, 'a');
  EXPECT_FALSE(TruncateText(20, &text));
  for (size_t i = 0; i < 20; ++i) {
    text = std::string(i, 'a') + "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
    if (!TruncateText(20, &text)) continue;
    EXPECT_LE(text.size(), 20u);
    EXPECT_FALSE(EscapeInvalidUtf8(&text));
  }
}

}  // namespace
}  // namespace rollcall

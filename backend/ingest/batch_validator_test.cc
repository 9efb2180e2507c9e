#include "backend/ingest/batch_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "backend/ingest/bounded_zstd.h"
#include "backend/ingest/testing/test_batches.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const BatchContext kContext{{"acme", "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10"}, kNow, absl::Milliseconds(20)};

pb::Batch GoodBatch() {
  return TestFullBatch(7, 3, {TestPackage("bash", kNow - absl::Minutes(1)), TestPackage("apt", kNow)});
}

TEST(BatchValidator, PreparesAGoodBatch) {
  const ValidatedBatch result = ValidateBatch(GoodBatch(), kContext, {});
  ASSERT_TRUE(result.status.ok()) << result.status;
  const PreparedBatch& batch = result.batch;
  EXPECT_EQ(batch.agent, kContext.agent);
  EXPECT_EQ(batch.collector, "os_packages");
  EXPECT_EQ(batch.generation, 3u);
  EXPECT_EQ(batch.received_at, kNow);
  EXPECT_TRUE(batch.last);
  ASSERT_EQ(batch.records.size(), 2u);
  EXPECT_LT(batch.records[0].asset_key, batch.records[1].asset_key);
  SetDigest digest;
  for (const PreparedRecord& record : batch.records) digest.Add(record.asset_key, record.fingerprint);
  EXPECT_EQ(digest, batch.after) << "both sides must compute the same identities";
  pb::Record stored;
  ASSERT_TRUE(stored.ParseFromString(batch.records[0].payload));
  EXPECT_FALSE(HasDerivedFields(stored));
  EXPECT_EQ(result.clock_suspects, 0u);
}

// The room for a body is made after its size, which must not show in where things lie.
TEST(BatchValidator, AcceptsBodiesOfAnySize) {
  for (size_t extra = 0; extra < 16; ++extra) {
    pb::Record record = TestPackage("bash", kNow);
    record.mutable_process()->set_pid(9);
    record.mutable_process()->add_argv(std::string(1 + extra, 'x'));
    for (int i = 0; i < 500; ++i) record.mutable_process()->add_argv("x");
    const ValidatedBatch result = ValidateBatch(TestFullBatch(7, 3, {record}), kContext, {});
    EXPECT_TRUE(result.status.ok()) << extra << ": " << result.status;
  }
}

TEST(BatchValidator, AcceptsAnUnchangedRun) {
  pb::Batch batch = GoodBatch();
  batch.set_mode(pb::DELTA);
  *batch.mutable_base() = batch.after();
  SetBody({}, &batch);
  const ValidatedBatch result = ValidateBatch(batch, kContext, {});
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_TRUE(result.batch.records.empty());
}

TEST(BatchValidator, AcceptsAMergeOfAPartialRun) {
  pb::Batch batch = GoodBatch();
  batch.set_mode(pb::MERGE);
  batch.clear_after();
  batch.mutable_run_result()->set_status(pb::RunResult::PARTIAL);
  EXPECT_TRUE(ValidateBatch(batch, kContext, {}).status.ok());
}

bool SameRecord(const PreparedRecord& a, const PreparedRecord& b) {
  return a.kind == b.kind && a.asset_key == b.asset_key && a.fingerprint == b.fingerprint &&
         a.collected_at == b.collected_at && a.clock_suspect == b.clock_suspect && a.payload == b.payload;
}

void ExpectSameHoweverRead(const pb::Batch& batch) {
  const ValidatedBatch read = ValidateBatch(batch, kContext, {}, RecordReading::kCanonical);
  const ValidatedBatch parsed = ValidateBatch(batch, kContext, {}, RecordReading::kParse);
  EXPECT_EQ(read.status, parsed.status);
  EXPECT_EQ(RejectReasonName(read.reason), RejectReasonName(parsed.reason));
  EXPECT_EQ(read.clock_suspects, parsed.clock_suspects);
  EXPECT_EQ(read.batch.retired, parsed.batch.retired);
  const auto& a = read.batch.records;
  const auto& b = parsed.batch.records;
  ASSERT_TRUE(!read.status.ok() || std::equal(a.begin(), a.end(), b.begin(), b.end(), SameRecord));
}

// A body as bytes that no serializer of protobuf's gives.
void SetBodyBytes(const std::string& bytes, pb::Batch* batch) {
  batch->set_body(CompressZstd(bytes));
  batch->set_body_size(static_cast<uint32_t>(bytes.size()));
}

TEST(BatchValidator, TakesTheSameHoweverRecordsAreRead) {
  ExpectSameHoweverRead(GoodBatch());
  pb::Batch batch = TestFullBatch(1, 1, {TestPackage("a", kNow + absl::Hours(1)), TestPackage("b", kNow)});
  ExpectSameHoweverRead(batch);
  batch.set_mode(pb::DELTA);
  *batch.mutable_base() = batch.after();
  pb::BatchBody body;
  *body.add_records() = TestPackage("c", kNow);
  body.add_retired(std::string(16, 'k'));
  SetBody(body, &batch);
  ExpectSameHoweverRead(batch);
  // Of two records one is written as protobuf would not: both are taken, as protobuf writes them.
  const std::string bash = TestPackage("bash", kNow).SerializeAsString();
  std::string odd = TestPackage("apt", kNow).SerializeAsString();
  odd += TestPackage("zsh", kNow).SerializeAsString();
  const auto prefixed = [](const std::string& record) {
    return std::string("\x0a") + static_cast<char>(record.size()) + record;
  };
  ASSERT_LT(odd.size(), 128u);
  SetBodyBytes(prefixed(bash) + prefixed(odd), &batch);
  ExpectSameHoweverRead(batch);
  const ValidatedBatch taken = ValidateBatch(batch, kContext, {});
  ASSERT_EQ(taken.batch.records.size(), 2u);
  const std::string zsh = TestPackage("zsh", kNow).SerializeAsString();
  EXPECT_TRUE(taken.batch.records[0].payload == zsh || taken.batch.records[1].payload == zsh);
}

struct HostileCase {
  const char* name;
  RejectReason reason;
  std::function<void(pb::Batch*)> spoil;
};

// Replaces the body by one whose records `edit` has changed.
std::function<void(pb::Batch*)> InBody(std::function<void(pb::BatchBody*)> edit) {
  return [edit = std::move(edit)](pb::Batch* batch) {
    pb::BatchBody body;
    ASSERT_TRUE(body.ParseFromString(DecompressExactly(batch->body(), batch->body_size()).value()));
    edit(&body);
    SetBody(body, batch);
  };
}

class HostileBatch : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileBatch, IsRefusedForItsReason) {
  pb::Batch batch = GoodBatch();
  GetParam().spoil(&batch);
  const ValidatedBatch result = ValidateBatch(batch, kContext, {});
  EXPECT_EQ(result.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RejectReasonName(result.reason), RejectReasonName(GetParam().reason)) << result.status;
  EXPECT_THAT(std::string(result.status.message()), Not(HasSubstr("secret-content")));
  ExpectSameHoweverRead(batch);
}

using Batch = pb::Batch;
using Body = pb::BatchBody;

INSTANTIATE_TEST_SUITE_P(
    All, HostileBatch,
    ::testing::ValuesIn(std::vector<HostileCase>{
        {"EmptyCollector", RejectReason::kName, [](Batch* b) { b->set_collector(""); }},
        {"CollectorWithPath", RejectReason::kName, [](Batch* b) { b->set_collector("../x"); }},
        {"CollectorUpperCase", RejectReason::kName, [](Batch* b) { b->set_collector("Ports"); }},
        {"CollectorTooLong", RejectReason::kName, [](Batch* b) { b->set_collector(std::string(65, 'a')); }},
        {"NoScope", RejectReason::kScope, [](Batch* b) { b->clear_scope(); }},
        {"HostScopeWithId", RejectReason::kScope, [](Batch* b) { b->mutable_scope()->set_id("x"); }},
        {"ContainerWithoutId", RejectReason::kScope,
         [](Batch* b) { b->mutable_scope()->set_type(pb::Scope::CONTAINER); }},
        {"ScopeOfUnknownType", RejectReason::kScope,
         [](Batch* b) { b->mutable_scope()->set_type(static_cast<pb::Scope::Type>(99)); }},
        {"ScopeIdWithNewline", RejectReason::kScope,
         [](Batch* b) {
           b->mutable_scope()->set_type(pb::Scope::CONTAINER);
           b->mutable_scope()->set_id("a\nb");
         }},
        {"NoMode", RejectReason::kHeader, [](Batch* b) { b->set_mode(pb::BATCH_MODE_UNSPECIFIED); }},
        {"UnknownMode", RejectReason::kHeader, [](Batch* b) { b->set_mode(static_cast<pb::BatchMode>(9)); }},
        {"DeltaWithoutBase", RejectReason::kHeader, [](Batch* b) { b->set_mode(pb::DELTA); }},
        {"NoGeneration", RejectReason::kHeader, [](Batch* b) { b->set_generation(0); }},
        {"NoEpoch", RejectReason::kHeader, [](Batch* b) { b->set_epoch(0); }},
        {"DeclaredTooLarge", RejectReason::kSize, [](Batch* b) { b->set_body_size((4 << 20) + 1); }},
        {"DeclaredTooSmall", RejectReason::kEncoding, [](Batch* b) { b->set_body_size(b->body_size() - 1); }},
        {"DeclaredTooBig", RejectReason::kEncoding, [](Batch* b) { b->set_body_size(b->body_size() + 1); }},
        {"NotZstd", RejectReason::kEncoding, [](Batch* b) { b->set_body("secret-content"); }},
        {"Truncated", RejectReason::kEncoding, [](Batch* b) { b->mutable_body()->pop_back(); }},
        {"TrailingBytes", RejectReason::kEncoding, [](Batch* b) { b->mutable_body()->push_back('x'); }},
        {"TwoFrames", RejectReason::kEncoding, [](Batch* b) { b->mutable_body()->append(CompressZstd("")); }},
        {"SkippableFrameBehind", RejectReason::kEncoding,
         [](Batch* b) { b->mutable_body()->append("\x50\x2a\x4d\x18\x01\x00\x00\x00x", 9); }},
        {"Bomb", RejectReason::kEncoding,
         [](Batch* b) {
           b->set_body(CompressZstd(std::string(64 << 20, 'a')));
           b->set_body_size(1000);
         }},
        {"NotABody", RejectReason::kEncoding,
         [](Batch* b) {
           b->set_body(CompressZstd("\x0a\xff\xff"));
           b->set_body_size(3);
         }},
        {"BodyDeclaredEmpty", RejectReason::kEncoding, [](Batch* b) { b->set_body_size(0); }},
        {"TooManyRecords", RejectReason::kSize, InBody([](Body* b) {
           for (int i = 0; i < 5000; ++i) *b->add_records() = b->records(0);
         })},
        {"DerivedKind", RejectReason::kReserved, InBody([](Body* b) { b->mutable_records(0)->set_kind("host"); })},
        {"DerivedKey", RejectReason::kReserved, InBody([](Body* b) { b->mutable_records(0)->set_asset_key("00"); })},
        {"DerivedFingerprint", RejectReason::kReserved,
         InBody([](Body* b) { b->mutable_records(0)->set_fingerprint("00"); })},
        {"DerivedCategory", RejectReason::kReserved,
         InBody([](Body* b) { b->mutable_records(0)->set_category(pb::ASSET_BASIC); })},
        {"DerivedElement", RejectReason::kReserved,
         InBody([](Body* b) { b->mutable_records(1)->set_element(pb::PORTS); })},
        {"DerivedPurposes", RejectReason::kReserved,
         InBody([](Body* b) { b->mutable_records(1)->add_purposes(pb::PROVIDE_FEATURE); })},
        {"NoPayload", RejectReason::kPayload, InBody([](Body* b) { b->mutable_records(0)->clear_payload(); })},
        {"UnknownPayload", RejectReason::kPayload, InBody([](Body* b) {
           b->mutable_records(0)->clear_payload();
           b->mutable_records(0)->GetReflection()->MutableUnknownFields(b->mutable_records(0))->AddVarint(9999, 1);
         })},
        {"UnknownField", RejectReason::kRecord, InBody([](Body* b) {
           auto* package = b->mutable_records(0)->mutable_os_package();
           package->GetReflection()->MutableUnknownFields(package)->AddLengthDelimited(9999, "secret-content");
         })},
        {"UnknownBodyField", RejectReason::kEncoding, InBody([](Body* b) {
           b->GetReflection()->MutableUnknownFields(b)->AddLengthDelimited(9999, "secret-content");
         })},
        {"HugeString", RejectReason::kRecord,
         InBody([](Body* b) { b->mutable_records(0)->mutable_os_package()->set_summary(std::string(65537, 'x')); })},
        {"UnknownEnumValue", RejectReason::kRecord, InBody([](Body* b) {
           pb::Record* record = b->mutable_records(0);
           record->mutable_listening_port()->set_transport(static_cast<pb::ListeningPort::Transport>(77));
         })},
        {"OtherScope", RejectReason::kScope, InBody([](Body* b) {
           b->mutable_records(0)->mutable_scope()->set_type(pb::Scope::CONTAINER);
           b->mutable_records(0)->mutable_scope()->set_id("c1");
         })},
        {"SameAssetTwice", RejectReason::kDuplicate, InBody([](Body* b) { *b->add_records() = b->records(0); })},
        {"RetiredInFull", RejectReason::kHeader, InBody([](Body* b) { b->add_retired(std::string(16, 'k')); })},
        {"ShortRetiredKey", RejectReason::kRecord,
         [](Batch* b) {
           b->set_mode(pb::DELTA);
           b->mutable_base();
           InBody([](Body* body) { body->add_retired("short"); })(b);
         }},
        {"RetiredTwice", RejectReason::kDuplicate,
         [](Batch* b) {
           b->set_mode(pb::DELTA);
           b->mutable_base();
           InBody([](Body* body) {
             body->add_retired(std::string(16, 'k'));
             body->add_retired(std::string(16, 'k'));
           })(b);
         }},
        {"RetiredByPartialRun", RejectReason::kRunResult,
         [](Batch* b) {
           b->set_mode(pb::DELTA);
           b->mutable_base();
           b->mutable_run_result()->set_status(pb::RunResult::PARTIAL);
           InBody([](Body* body) { body->add_retired(std::string(16, 'k')); })(b);
         }},
        {"NoRunResult", RejectReason::kRunResult, [](Batch* b) { b->clear_run_result(); }},
        {"RunResultTooEarly", RejectReason::kRunResult, [](Batch* b) { b->set_last(false); }},
        {"RunResultOfAnother", RejectReason::kRunResult,
         [](Batch* b) { b->mutable_run_result()->set_collector("ports"); }},
        {"RunResultOfAnotherScope", RejectReason::kRunResult,
         [](Batch* b) { b->mutable_run_result()->mutable_scope()->set_type(pb::Scope::IMAGE); }},
        {"NoStatus", RejectReason::kRunResult,
         [](Batch* b) { b->mutable_run_result()->set_status(pb::RunResult::STATUS_UNSPECIFIED); }},
        {"NoDigestAfter", RejectReason::kRunResult, [](Batch* b) { b->clear_after(); }},
        {"CompleteMerge", RejectReason::kRunResult, [](Batch* b) { b->set_mode(pb::MERGE); }},
        {"TooManyProblems", RejectReason::kRunResult,
         [](Batch* b) {
           for (int i = 0; i < 101; ++i) b->mutable_run_result()->add_problems();
         }},
        {"NegativeInterval", RejectReason::kRunResult,
         [](Batch* b) { b->mutable_run_result()->mutable_interval()->set_seconds(-1); }},
    }),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BatchValidator, NamesTheRecordThatIsBad) {
  pb::Batch batch = GoodBatch();
  InBody([](Body* b) { b->mutable_records(1)->set_kind("x"); })(&batch);
  EXPECT_THAT(std::string(ValidateBatch(batch, kContext, {}).status.message()), HasSubstr("record 1:"));
}

TEST(EffectiveCollectedAt, FollowsTheRetentionRule) {
  struct Case {
    const char* name;
    std::optional<absl::Time> collected;
    absl::Duration offset;
    absl::Time expected;
    bool suspect;
  };
  const absl::Duration week = absl::Hours(7 * 24);
  const Case cases[] = {
      {"just now", kNow, absl::ZeroDuration(), kNow, false},
      {"spooled a week", kNow - week, absl::ZeroDuration(), kNow - week, false},
      {"older than the spool", kNow - week - absl::Seconds(1), absl::ZeroDuration(), kNow, true},
      {"in the future", kNow + absl::Seconds(1), absl::ZeroDuration(), kNow, true},
      {"in 1970", absl::UnixEpoch(), absl::ZeroDuration(), kNow, true},
      {"in 2099", absl::FromUnixSeconds(4'070'908'800), absl::ZeroDuration(), kNow, true},
      {"clock 5 min ahead", kNow - absl::Hours(1), absl::Minutes(5), kNow - absl::Hours(1), false},
      {"clock 5 min behind", kNow - absl::Hours(1), -absl::Minutes(5), kNow - absl::Hours(1), false},
      {"clock further off", kNow - absl::Hours(1), -absl::Minutes(5) - absl::Seconds(1), kNow, true},
      {"clock unknown", kNow - absl::Hours(1), absl::InfiniteDuration(), kNow, true},
      {"no time given", std::nullopt, absl::ZeroDuration(), kNow, true},
  };
  for (const Case& c : cases) {
    BatchContext context = kContext;
    context.clock_offset = c.offset;
    bool suspect = false;
    EXPECT_EQ(EffectiveCollectedAt(c.collected, context, {}, &suspect), c.expected) << c.name;
    EXPECT_EQ(suspect, c.suspect) << c.name;
  }
}

TEST(BatchValidator, CountsSuspectRecordsAndKeepsThem) {
  const pb::Batch batch = TestFullBatch(1, 1, {TestPackage("a", kNow + absl::Hours(1)), TestPackage("b", kNow)});
  const ValidatedBatch result = ValidateBatch(batch, kContext, {});
  ASSERT_TRUE(result.status.ok());
  EXPECT_EQ(result.clock_suspects, 1u);
  EXPECT_EQ(result.batch.records.size(), 2u);
}

TEST(WireTime, RoundTripsAndRefusesNonsense) {
  for (const absl::Time time : {kNow, kNow + absl::Nanoseconds(1), absl::FromUnixNanos(-1)}) {
    EXPECT_EQ(FromWire(ToWire(time)), time);
  }
  google::protobuf::Timestamp wire;
  wire.set_nanos(-1);
  EXPECT_FALSE(FromWire(wire).has_value());
  wire.set_nanos(0);
  wire.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_FALSE(FromWire(wire).has_value());
  EXPECT_EQ(FromWire(ToWire(absl::Milliseconds(1500))), absl::Milliseconds(1500));
}

// What is made of it waits in a session's queue of answers, a thousand times.
TEST(ValidateConfirmations, TakesOfAScopeWhatIsCheckedAndNothingElse) {
  pb::Heartbeat heartbeat;
  pb::UnitConfirmation* confirmation = heartbeat.add_confirmations();
  confirmation->set_collector("ports");
  pb::Scope* scope = confirmation->mutable_scope();
  scope->set_type(pb::Scope::CONTAINER);
  scope->set_id("c");
  const size_t size = scope->ByteSizeLong();
  scope->GetReflection()->MutableUnknownFields(scope)->AddLengthDelimited(999, std::string(1 << 20, 'x'));
  const auto prepared = ValidateConfirmations(heartbeat, kNow);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->at(0).scope.type(), pb::Scope::CONTAINER);
  EXPECT_EQ(prepared->at(0).scope.id(), "c");
  EXPECT_EQ(prepared->at(0).scope.ByteSizeLong(), size);
}

TEST(BatchValidator, TakesOfAScopeWhatIsCheckedAndNothingElse) {
  pb::Batch batch = GoodBatch();
  const size_t size = batch.scope().ByteSizeLong();
  pb::Scope* scope = batch.mutable_scope();
  scope->GetReflection()->MutableUnknownFields(scope)->AddLengthDelimited(999, std::string(1 << 20, 'x'));
  const ValidatedBatch result = ValidateBatch(batch, kContext, {});
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.batch.scope.ByteSizeLong(), size);
}

TEST(ValidateConfirmations, TakesGoodOnesAndRefusesTheRest) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  pb::Heartbeat heartbeat;
  pb::UnitConfirmation* good = heartbeat.add_confirmations();
  good->set_collector("ports");
  good->set_age_ms(1500);
  auto prepared = ValidateConfirmations(heartbeat, now);
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ(prepared->at(0).scope.type(), pb::Scope::HOST);
  EXPECT_EQ(prepared->at(0).started_at, now - absl::Milliseconds(1500));
  good->set_age_ms(std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(ValidateConfirmations(heartbeat, now)->at(0).started_at, now - absl::Hours(7 * 24));
  good->set_collector("Ports!");
  EXPECT_FALSE(ValidateConfirmations(heartbeat, now).ok());
  good->set_collector("ports");
  good->mutable_scope()->set_type(pb::Scope::CONTAINER);
  EXPECT_FALSE(ValidateConfirmations(heartbeat, now).ok()) << "a container without an id";
  good->mutable_scope()->set_id("c");
  EXPECT_TRUE(ValidateConfirmations(heartbeat, now).ok());
  for (int i = 0; i < kMaxConfirmations; ++i) *heartbeat.add_confirmations() = *good;
  EXPECT_FALSE(ValidateConfirmations(heartbeat, now).ok()) << "too many";
}

}  // namespace
}  // namespace rollcall

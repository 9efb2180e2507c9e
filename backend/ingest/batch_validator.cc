#include "backend/ingest/batch_validator.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "backend/ingest/bounded_zstd.h"
#include "backend/ingest/canonical_record.h"
#include "backend/ingest/message_bounds.h"
#include "google/protobuf/arena.h"
#include "proto/kind_registry.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxCollectorName = 64;
constexpr size_t kMaxScopeId = 256;
// zstd makes nothing that much larger.
constexpr size_t kCompressionOverhead = size_t{64} << 10;

// A body takes about twice its size unpacked, which is better asked for in a few pieces than in many.
google::protobuf::ArenaOptions RoomFor(const pb::Batch& batch) {
  google::protobuf::ArenaOptions options;
  // The arena fills its blocks from both ends, and takes their size to be one of 8.
  const size_t twice = (size_t{2} * batch.body_size() + 7) & ~size_t{7};
  options.start_block_size = std::clamp(twice, size_t{1} << 10, size_t{1} << 20);
  options.max_block_size = size_t{256} << 10;
  return options;
}

// To make room for as many as a body is likely to have.
constexpr size_t kUsualRecordBytes = 150;

const CanonicalType& BodyType() {
  static const CanonicalTypes& types = *new CanonicalTypes(pb::BatchBody::descriptor());
  return *types.Of(pb::BatchBody::descriptor());
}

bool SameScope(const pb::Scope& a, const pb::Scope& b) { return a.type() == b.type() && a.id() == b.id(); }

// What is checked of a scope, without fields that this backend does not know: nothing bounds those, and a
// scope is kept for as long as answers about its unit wait to be read.
pb::Scope KnownPart(const pb::Scope& wire) {
  pb::Scope scope;
  scope.set_type(wire.type());
  scope.set_id(wire.id());
  return scope;
}

bool SameScopes(const pb::Batch& batch, const pb::RunResult& result) {
  return SameScope(batch.scope(), result.scope());
}

// Carries the batch through the checks; the first that fails decides.
class Validation {
 public:
  Validation(const pb::Batch& batch, const BatchContext& context, const BatchLimits& limits, RecordReading reading)
      : wire_(batch), context_(context), limits_(limits), reading_(reading) {}

  ValidatedBatch Run() {
    result_.status = CheckBatchHeader(wire_, limits_, &result_.reason);
    if (result_.status.ok()) result_.status = CheckRunResult();
    if (result_.status.ok()) result_.status = OpenBody();
    if (result_.status.ok() && !TakeCanonicalBody()) result_.status = ParseBody();
    if (result_.status.ok()) result_.status = SortRecords();
    if (result_.status.ok()) result_.status = TakeRetired();
    if (result_.status.ok()) FillHeader();
    return std::move(result_);
  }

 private:
  absl::Status Refuse(RejectReason reason, absl::string_view why) {
    result_.reason = reason;
    return absl::InvalidArgumentError(why);
  }

  absl::Status CheckRunResult() {
    if (!wire_.last()) {
      if (!wire_.has_run_result() && !wire_.has_after()) return absl::OkStatus();
      return Refuse(RejectReason::kRunResult, "check run result: it belongs to the last part");
    }
    const pb::RunResult& run = wire_.run_result();
    if (!wire_.has_run_result() || run.status() == pb::RunResult::STATUS_UNSPECIFIED) {
      return Refuse(RejectReason::kRunResult, "check run result: the last part has none");
    }
    if (run.collector() != wire_.collector() || !SameScopes(wire_, run)) {
      return Refuse(RejectReason::kRunResult, "check run result: it is of another collector or scope");
    }
    if (static_cast<size_t>(run.problems_size()) > limits_.max_problems ||
        static_cast<size_t>(run.degradations_size()) > limits_.max_problems) {
      return Refuse(RejectReason::kRunResult, "check run result: too many problems");
    }
    if (absl::Status status =
            CheckMessageBounds(run.GetDescriptor(), run.SerializeAsString(), limits_.max_string_bytes);
        !status.ok()) {
      return Refuse(RejectReason::kRunResult, status.message());
    }
    if (run.has_interval() && !FromWire(run.interval()).has_value()) {
      return Refuse(RejectReason::kRunResult, "check run result: its interval is not a duration");
    }
    if (wire_.mode() != pb::MERGE && !wire_.has_after()) {
      return Refuse(RejectReason::kRunResult, "check run result: the digest after the run is missing");
    }
    if (wire_.mode() == pb::MERGE && run.status() == pb::RunResult::COMPLETE) {
      return Refuse(RejectReason::kRunResult, "check run result: a complete run is FULL or DELTA");
    }
    return absl::OkStatus();
  }

  absl::Status OpenBody() {
    if (wire_.body_size() == 0) {
      if (wire_.body().empty()) return absl::OkStatus();
      return Refuse(RejectReason::kEncoding, "open body: it is there and declared empty");
    }
    absl::StatusOr<std::string> bytes = DecompressExactly(wire_.body(), wire_.body_size());
    if (!bytes.ok()) return Refuse(RejectReason::kEncoding, bytes.status().message());
    body_ = *std::move(bytes);
    return absl::OkStatus();
  }

  // False, with nothing taken, if a part of the body is not canonical.
  bool TakeCanonicalBody() {
    if (reading_ != RecordReading::kCanonical) return false;
    result_.batch.records.reserve(std::min(body_.size() / kUsualRecordBytes, limits_.max_records));
    CanonicalRecordReader reader(wire_.scope(), limits_.max_string_bytes);
    CanonicalFields fields(BodyType(), body_, limits_.max_string_bytes);
    FoundField field;
    bool good = true;
    while (good && fields.Next(&field)) {
      if (field.rule->field->number() == pb::BatchBody::kRetiredFieldNumber) {
        good = retired_.size() < limits_.max_retired;
        retired_.push_back(field.content);
      } else {
        good = TakeCanonicalRecord(&reader, field.content);
      }
    }
    if (good && fields.proven()) return true;
    result_.batch.records.clear();
    result_.clock_suspects = 0;
    retired_.clear();
    return false;
  }

  bool TakeCanonicalRecord(CanonicalRecordReader* reader, absl::string_view bytes) {
    CanonicalRecord record;
    if (result_.batch.records.size() >= limits_.max_records || bytes.size() > limits_.max_record_bytes ||
        !reader->Read(bytes, &record)) {
      return false;
    }
    AddRecord(record.kind, record.identity, record.collected_at, std::string(bytes));
    return true;
  }

  absl::Status ParseBody() {
    arena_.emplace(RoomFor(wire_));
    pb::BatchBody& body = *google::protobuf::Arena::CreateMessage<pb::BatchBody>(&*arena_);
    if (!body.ParseFromString(body_)) return Refuse(RejectReason::kEncoding, "open body: it is not a BatchBody");
    if (!body.GetReflection()->GetUnknownFields(body).empty()) {
      return Refuse(RejectReason::kEncoding, "open body: it has a field this backend does not know");
    }
    if (static_cast<size_t>(body.records_size()) > limits_.max_records) {
      return Refuse(RejectReason::kSize, absl::StrCat("open body: more than ", limits_.max_records, " records"));
    }
    if (static_cast<size_t>(body.retired_size()) > limits_.max_retired) {
      return Refuse(RejectReason::kSize, absl::StrCat("open body: more than ", limits_.max_retired, " retired keys"));
    }
    result_.batch.records.reserve(static_cast<size_t>(body.records_size()));
    for (int i = 0; i < body.records_size(); ++i) {
      absl::Status status = TakeRecord(body.records(i));
      if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("record ", i, ": ", status.message()));
    }
    retired_.assign(body.retired().begin(), body.retired().end());
    return absl::OkStatus();
  }

  absl::Status SortRecords() {
    std::vector<PreparedRecord>& records = result_.batch.records;
    const auto order = [](const PreparedRecord& r) { return std::tie(r.kind, r.asset_key); };
    std::sort(records.begin(), records.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
    const auto twin = std::adjacent_find(records.begin(), records.end(),
                                         [&](const auto& a, const auto& b) { return order(a) == order(b); });
    if (twin != records.end()) return Refuse(RejectReason::kDuplicate, "check records: two are of one asset");
    return absl::OkStatus();
  }

  absl::Status TakeRecord(const pb::Record& record) {
    if (HasDerivedFields(record)) {
      return Refuse(RejectReason::kReserved, "it sets a field that only the backend may set");
    }
    const Kind* kind = KindOf(record);
    if (kind == nullptr) return Refuse(RejectReason::kPayload, "its payload is missing or of an unknown kind");
    if (!SameScope(record.scope(), wire_.scope())) return Refuse(RejectReason::kScope, "its scope is not the batch's");
    const size_t size = record.ByteSizeLong();
    if (size > limits_.max_record_bytes) {
      return Refuse(RejectReason::kSize, absl::StrCat("larger than ", limits_.max_record_bytes, " bytes"));
    }
    std::string payload(size, '\0');
    record.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(payload.data()));
    if (absl::Status status = CheckMessageBounds(record.GetDescriptor(), payload, limits_.max_string_bytes);
        !status.ok()) {
      return Refuse(RejectReason::kRecord, status.message());
    }
    const absl::StatusOr<RecordIdentity> identity = IdentityOf(record, payload);
    if (!identity.ok()) return Refuse(RejectReason::kPayload, identity.status().message());
    const std::optional<absl::Time> collected =
        record.has_collected_at() ? FromWire(record.collected_at()) : std::nullopt;
    AddRecord(kind->number, *identity, collected, std::move(payload));
    return absl::OkStatus();
  }

  void AddRecord(int kind, const RecordIdentity& identity, std::optional<absl::Time> collected_at,
                 std::string payload) {
    PreparedRecord& prepared = result_.batch.records.emplace_back();
    prepared.kind = kind;
    prepared.asset_key = identity.asset_key;
    prepared.fingerprint = identity.fingerprint;
    prepared.collected_at = EffectiveCollectedAt(collected_at, context_, limits_, &prepared.clock_suspect);
    prepared.payload = std::move(payload);
    result_.clock_suspects += prepared.clock_suspect ? 1 : 0;
  }

  absl::Status TakeRetired() {
    if (retired_.empty()) return absl::OkStatus();
    if (wire_.mode() != pb::DELTA) return Refuse(RejectReason::kHeader, "check retired keys: only a DELTA has them");
    if (wire_.last() && wire_.run_result().status() != pb::RunResult::COMPLETE) {
      return Refuse(RejectReason::kRunResult, "check retired keys: only a complete run retires records");
    }
    std::vector<AssetKey>& retired = result_.batch.retired;
    retired.reserve(retired_.size());
    for (const absl::string_view bytes : retired_) {
      AssetKey key;
      if (bytes.size() != key.size()) return Refuse(RejectReason::kRecord, "check retired keys: one is not 16 bytes");
      std::copy(bytes.begin(), bytes.end(), key.begin());
      retired.push_back(key);
    }
    std::sort(retired.begin(), retired.end());
    if (std::adjacent_find(retired.begin(), retired.end()) != retired.end()) {
      return Refuse(RejectReason::kDuplicate, "check retired keys: one is there twice");
    }
    for (const PreparedRecord& record : result_.batch.records) {
      if (std::binary_search(retired.begin(), retired.end(), record.asset_key)) {
        return Refuse(RejectReason::kDuplicate, "check retired keys: one is also a record");
      }
    }
    return absl::OkStatus();
  }

  void FillHeader() {
    PreparedBatch& batch = result_.batch;
    batch.agent = context_.agent;
    batch.collector = wire_.collector();
    batch.scope = KnownPart(wire_.scope());
    batch.epoch = wire_.epoch();
    batch.generation = wire_.generation();
    batch.part = wire_.part();
    batch.last = wire_.last();
    batch.mode = wire_.mode();
    batch.base = SetDigest(wire_.base());
    batch.after = SetDigest(wire_.after());
    batch.run_result = wire_.run_result();
    batch.received_at = context_.received_at;
    if (wire_.mode() == pb::DELTA && wire_.last() && wire_.has_base_seen_at()) {
      bool suspect = false;
      const absl::Time seen = EffectiveCollectedAt(FromWire(wire_.base_seen_at()), context_, limits_, &suspect);
      if (!suspect) batch.base_seen_at = seen;
    }
  }

  const pb::Batch& wire_;
  const BatchContext& context_;
  const BatchLimits& limits_;
  const RecordReading reading_;
  std::string body_;
  // Thousands of small messages come and go together.
  std::optional<google::protobuf::Arena> arena_;
  // Within body_, or what was parsed of it.
  std::vector<absl::string_view> retired_;
  ValidatedBatch result_;
};

absl::Status RefuseHeader(RejectReason why, absl::string_view message, RejectReason* reason) {
  *reason = why;
  return absl::InvalidArgumentError(message);
}

}  // namespace

absl::string_view RejectReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone:
      return "none";
    case RejectReason::kName:
      return "name";
    case RejectReason::kScope:
      return "scope";
    case RejectReason::kHeader:
      return "header";
    case RejectReason::kSize:
      return "size";
    case RejectReason::kEncoding:
      return "encoding";
    case RejectReason::kReserved:
      return "reserved_field";
    case RejectReason::kPayload:
      return "payload";
    case RejectReason::kRecord:
      return "record";
    case RejectReason::kDuplicate:
      return "duplicate";
    case RejectReason::kRunResult:
      return "run_result";
  }
  return "none";
}

bool IsCollectorName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxCollectorName && absl::ascii_islower(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

bool IsValidScope(const pb::Scope& scope) {
  if (scope.type() == pb::Scope::TYPE_UNSPECIFIED || !pb::Scope::Type_IsValid(scope.type())) return false;
  if (scope.type() == pb::Scope::HOST) return scope.id().empty();
  return !scope.id().empty() && scope.id().size() <= kMaxScopeId &&
         std::all_of(scope.id().begin(), scope.id().end(), absl::ascii_isgraph);
}

absl::Status CheckBatchHeader(const pb::Batch& batch, const BatchLimits& limits, RejectReason* reason) {
  *reason = RejectReason::kNone;
  if (!IsCollectorName(batch.collector())) {
    return RefuseHeader(RejectReason::kName, "check batch: not a collector's name", reason);
  }
  if (!IsValidScope(batch.scope())) return RefuseHeader(RejectReason::kScope, "check batch: not a valid scope", reason);
  if (batch.body_size() > limits.max_body_bytes || batch.body().size() > limits.max_body_bytes + kCompressionOverhead) {
    return RefuseHeader(RejectReason::kSize,
                        absl::StrCat("check batch: the body is larger than ", limits.max_body_bytes, " bytes"), reason);
  }
  if (batch.mode() == pb::BATCH_MODE_UNSPECIFIED || !pb::BatchMode_IsValid(batch.mode())) {
    return RefuseHeader(RejectReason::kHeader, "check batch: no valid mode", reason);
  }
  if (batch.mode() == pb::DELTA && !batch.has_base()) {
    return RefuseHeader(RejectReason::kHeader, "check batch: a DELTA without base", reason);
  }
  if (batch.generation() == 0 || batch.epoch() == 0) {
    return RefuseHeader(RejectReason::kHeader, "check batch: epoch and generation begin at 1", reason);
  }
  return absl::OkStatus();
}

ValidatedBatch ValidateBatch(const pb::Batch& batch, const BatchContext& context, const BatchLimits& limits,
                             RecordReading reading) {
  return Validation(batch, context, limits, reading).Run();
}

absl::StatusOr<std::vector<PreparedConfirmation>> ValidateConfirmations(const pb::Heartbeat& heartbeat,
                                                                        absl::Time received_at) {
  if (heartbeat.confirmations_size() > kMaxConfirmations) {
    return absl::InvalidArgumentError(absl::StrCat("check heartbeat: more than ", kMaxConfirmations, " confirmations"));
  }
  std::vector<PreparedConfirmation> prepared;
  prepared.reserve(static_cast<size_t>(heartbeat.confirmations_size()));
  for (const pb::UnitConfirmation& wire : heartbeat.confirmations()) {
    PreparedConfirmation confirmation;
    confirmation.collector = wire.collector();
    confirmation.scope = KnownPart(wire.scope());
    if (!wire.has_scope()) confirmation.scope.set_type(pb::Scope::HOST);
    if (!IsCollectorName(confirmation.collector) || !IsValidScope(confirmation.scope)) {
      return absl::InvalidArgumentError("check heartbeat: a confirmation is of no valid unit");
    }
    confirmation.epoch = wire.epoch();
    confirmation.generation = wire.generation();
    confirmation.digest_low = wire.digest_low();
    // An age needs no agreement of clocks; one that is too large confirms nothing new.
    constexpr uint64_t kMaxAgeMs = uint64_t{7} * 24 * 3600 * 1000;
    confirmation.started_at = received_at - absl::Milliseconds(std::min(wire.age_ms(), kMaxAgeMs));
    prepared.push_back(std::move(confirmation));
  }
  return prepared;
}

absl::Time EffectiveCollectedAt(std::optional<absl::Time> collected_at, const BatchContext& context,
                                const BatchLimits& limits, bool* suspect) {
  const bool clock_trusted = absl::AbsDuration(context.clock_offset) <= limits.max_clock_offset;
  if (clock_trusted && collected_at.has_value()) {
    const absl::Duration age = context.received_at - *collected_at;
    if (age >= absl::ZeroDuration() && age <= limits.max_spool_age) {
      *suspect = false;
      return *collected_at;
    }
  }
  *suspect = true;
  return context.received_at;
}

}  // namespace rollcall

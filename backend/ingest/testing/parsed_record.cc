#include "backend/ingest/testing/parsed_record.h"

#include <string>

#include "backend/ingest/message_bounds.h"
#include "proto/wire_time.h"

namespace rollcall {

std::optional<CanonicalRecord> ReadByParsing(absl::string_view bytes, const pb::Scope& scope, size_t max_string_bytes) {
  pb::Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  const Kind* kind = KindOf(record);
  if (kind == nullptr || HasDerivedFields(record)) return std::nullopt;
  if (record.scope().type() != scope.type() || record.scope().id() != scope.id()) return std::nullopt;
  const std::string again = record.SerializeAsString();
  if (again != bytes || !CheckMessageBounds(record.GetDescriptor(), again, max_string_bytes).ok()) return std::nullopt;
  CanonicalRecord read;
  read.kind = kind->number;
  read.identity = IdentityOf(record, again).value();
  if (record.has_collected_at()) read.collected_at = FromWire(record.collected_at());
  return read;
}

bool SameRecord(const CanonicalRecord& a, const CanonicalRecord& b) {
  return a.kind == b.kind && a.identity.asset_key == b.identity.asset_key &&
         a.identity.fingerprint == b.identity.fingerprint && a.collected_at == b.collected_at;
}

}  // namespace rollcall

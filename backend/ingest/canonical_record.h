// What the store has to know of a record, read from its bytes, without making a message of them.
#ifndef ROLLCALL_BACKEND_INGEST_CANONICAL_RECORD_H_
#define ROLLCALL_BACKEND_INGEST_CANONICAL_RECORD_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/ingest/canonical_wire.h"
#include "proto/record_identity.h"
#include "rollcall/v1/common.pb.h"

namespace rollcall {

struct CanonicalRecord {
  // Number of the kind.
  int kind = 0;
  RecordIdentity identity;
  // Unset if it is missing or out of range.
  std::optional<absl::Time> collected_at;
};

// Reads the records of one scope. Parsing a record, checking it and serializing it again takes three times as long,
// and nearly every record comes from protobuf's own serializer, with just the bytes that this would give. Not
// thread-safe; cheap to make.
class CanonicalRecordReader {
 public:
  CanonicalRecordReader(const pb::Scope& scope, size_t max_string_bytes);

  // True if the bytes are canonical (see canonical_wire.h), are a record of the scope with a payload and without
  // derived fields, and are within CheckMessageBounds; `record` is then what the parsed record gives. False says
  // nothing: who parses will find out what is wrong, if anything is.
  bool Read(absl::string_view bytes, CanonicalRecord* record);

 private:
  struct KindRules;
  static KindRules MakeRules(const Kind& kind);
  // One for each field of Record.
  static const std::vector<KindRules>& Rules();

  bool ReadField(const FoundField& field, CanonicalRecord* record);
  bool ReadCollectedAt(const FoundField& field, CanonicalRecord* record) const;
  bool AppendRedaction(const FoundField& field);
  bool ReadPayload(const KindRules& rules, absl::string_view payload);

  const size_t max_string_bytes_;
  // The scope as it is serialized, and as it is hashed.
  const std::string scope_bytes_;
  std::string scope_part_;
  // What is hashed for the asset key, and for the fingerprint. Kept for their room.
  std::string key_;
  std::string print_;
  bool scope_read_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_CANONICAL_RECORD_H_

// What a record says by protobuf's own parser and serializer: what CanonicalRecordReader is measured against.
#ifndef ROLLCALL_BACKEND_INGEST_TESTING_PARSED_RECORD_H_
#define ROLLCALL_BACKEND_INGEST_TESTING_PARSED_RECORD_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "backend/ingest/canonical_record.h"

namespace rollcall {

// nullopt if the bytes are no record that a backend takes, or not the ones that serializing it gives.
std::optional<CanonicalRecord> ReadByParsing(absl::string_view bytes, const pb::Scope& scope, size_t max_string_bytes);

bool SameRecord(const CanonicalRecord& a, const CanonicalRecord& b);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_TESTING_PARSED_RECORD_H_

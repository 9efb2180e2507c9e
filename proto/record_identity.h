// Asset keys and fingerprints. Agent and backend compute both from the payload, so
// neither has to believe the other.
#ifndef ROLLCALL_PROTO_RECORD_IDENTITY_H_
#define ROLLCALL_PROTO_RECORD_IDENTITY_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/kind_registry.h"

namespace rollcall {

// First 16 bytes of SHA-256 over (kind name, scope, identity fields).
using AssetKey = std::array<uint8_t, 16>;
// SHA-256 over the payload, serialized deterministically, without volatile figures and
// with the scope and redactions in front.
using Fingerprint = std::array<uint8_t, 32>;

struct RecordIdentity {
  AssetKey asset_key;
  Fingerprint fingerprint;
};

// Computes both. Fails with InvalidArgument if the payload is not set. Pure.
absl::StatusOr<RecordIdentity> IdentityOf(const pb::Record& record);

// The same of a record that is serialized anyway: `serialized` are its bytes, which saves making them again.
absl::StatusOr<RecordIdentity> IdentityOf(const pb::Record& record, absl::string_view serialized);

// Asset key alone. `record` needs only kind, scope and identity fields.
absl::StatusOr<AssetKey> AssetKeyOf(const pb::Record& record);

// Fills kind, asset_key, fingerprint, category, element and purposes for readers.
// REQUIRES: payload is set.
void FillDerivedFields(pb::Record* record);

// Whether a field the backend derives is set; such a record is refused on the wire.
bool HasDerivedFields(const pb::Record& record);

// Text for a scope in keys and messages: `host`, `container:ID`, ...
std::string ScopeText(const pb::Scope& scope);
// The scope ScopeText gave that text; of no type for any other text.
pb::Scope ScopeFromText(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_RECORD_IDENTITY_H_

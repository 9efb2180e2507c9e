// Order-independent digest of a set of records, maintained incrementally.
#ifndef ROLLCALL_PROTO_SET_DIGEST_H_
#define ROLLCALL_PROTO_SET_DIGEST_H_

#include <cstdint>

#include "proto/record_identity.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

// Sum modulo 2^128 of SHA-256(asset key, fingerprint)[0..16) over the set, and its size.
// Add and Remove are inverse, so equal sets have equal digests whatever the order of
// operations. Not thread-safe; a value type.
class SetDigest {
 public:
  SetDigest() = default;
  explicit SetDigest(const pb::SetDigest& wire);

  void Add(const AssetKey& key, const Fingerprint& fingerprint);
  void Remove(const AssetKey& key, const Fingerprint& fingerprint);

  pb::SetDigest ToWire() const;
  uint64_t low() const { return low_; }
  uint64_t high() const { return high_; }
  uint64_t count() const { return count_; }

  friend bool operator==(const SetDigest&, const SetDigest&) = default;

 private:
  uint64_t low_ = 0;
  uint64_t high_ = 0;
  uint64_t count_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_SET_DIGEST_H_

#include "proto/set_digest.h"

#include <cstring>

#include "proto/short_hash.h"

namespace rollcall {
namespace {

struct Uint128 {
  uint64_t low;
  uint64_t high;
};

Uint128 ElementHash(const AssetKey& key, const Fingerprint& fingerprint) {
  char input[sizeof(AssetKey) + sizeof(Fingerprint)];
  std::memcpy(input, key.data(), key.size());
  std::memcpy(input + key.size(), fingerprint.data(), fingerprint.size());
  const std::array<uint8_t, 32> digest = ShortHash(absl::string_view(input, sizeof(input)));
  Uint128 value{0, 0};
  for (int i = 0; i < 8; ++i) {
    value.low |= static_cast<uint64_t>(digest[i]) << (8 * i);
    value.high |= static_cast<uint64_t>(digest[8 + i]) << (8 * i);
  }
  return value;
}

}  // namespace

SetDigest::SetDigest(const pb::SetDigest& wire) : low_(wire.low()), high_(wire.high()), count_(wire.count()) {}

void SetDigest::Add(const AssetKey& key, const Fingerprint& fingerprint) {
  const Uint128 h = ElementHash(key, fingerprint);
  const uint64_t low = low_ + h.low;
  high_ += h.high + (low < low_ ? 1 : 0);
  low_ = low;
  ++count_;
}

void SetDigest::Remove(const AssetKey& key, const Fingerprint& fingerprint) {
  const Uint128 h = ElementHash(key, fingerprint);
  const uint64_t borrow = low_ < h.low ? 1 : 0;
  low_ -= h.low;
  high_ -= h.high + borrow;
  --count_;
}

pb::SetDigest SetDigest::ToWire() const {
  pb::SetDigest wire;
  wire.set_low(low_);
  wire.set_high(high_);
  wire.set_count(count_);
  return wire;
}

}  // namespace rollcall

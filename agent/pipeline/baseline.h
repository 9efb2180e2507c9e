// What the agent believes the backend holds of one unit.
#ifndef ROLLCALL_AGENT_PIPELINE_BASELINE_H_
#define ROLLCALL_AGENT_PIPELINE_BASELINE_H_

#include <cstddef>
#include <vector>

#include "proto/record_identity.h"
#include "proto/set_digest.h"

namespace rollcall {

// A set of (asset key, fingerprint) and its digest, 48 bytes a record: the whole fingerprint
// is needed to take a record out of the digest again. A value type; not thread-safe.
class Baseline {
 public:
  struct Item {
    AssetKey key;
    Fingerprint fingerprint;
  };
  static constexpr size_t kNotFound = static_cast<size_t>(-1);

  Baseline() = default;
  // REQUIRES: no two items have one key.
  explicit Baseline(std::vector<Item> items);

  size_t size() const { return items_.size(); }
  const SetDigest& digest() const { return digest_; }
  // In order of their keys.
  const Item& item(size_t index) const { return items_[index]; }
  // Index of the item, or kNotFound.
  size_t Find(const AssetKey& key) const;

  // The set with `upserts` put in (REQUIRES: no two have one key) and, for every index with
  // `!keep[index]`, the item taken out. An upsert wins over a removal.
  Baseline With(std::vector<Item> upserts, const std::vector<bool>& keep) const;

 private:
  std::vector<Item> items_;
  SetDigest digest_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_BASELINE_H_

#include "agent/pipeline/baseline.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

void SortByKey(std::vector<Baseline::Item>* items) {
  std::sort(items->begin(), items->end(), [](const auto& a, const auto& b) { return a.key < b.key; });
}

}  // namespace

Baseline::Baseline(std::vector<Item> items) : items_(std::move(items)) {
  items_.shrink_to_fit();
  SortByKey(&items_);
  for (const Item& item : items_) digest_.Add(item.key, item.fingerprint);
}

size_t Baseline::Find(const AssetKey& key) const {
  const auto it = std::lower_bound(items_.begin(), items_.end(), key,
                                   [](const Item& item, const AssetKey& wanted) { return item.key < wanted; });
  if (it == items_.end() || it->key != key) return kNotFound;
  return static_cast<size_t>(it - items_.begin());
}

Baseline Baseline::With(std::vector<Item> upserts, const std::vector<bool>& keep) const {
  SortByKey(&upserts);
  Baseline merged;
  merged.digest_ = digest_;
  merged.items_.reserve(items_.size() + upserts.size());
  auto upsert = upserts.begin();
  const auto take_upsert = [&] {
    merged.digest_.Add(upsert->key, upsert->fingerprint);
    merged.items_.push_back(*upsert++);
  };
  for (size_t i = 0; i < items_.size(); ++i) {
    while (upsert != upserts.end() && upsert->key < items_[i].key) take_upsert();
    const bool replaced = upsert != upserts.end() && upsert->key == items_[i].key;
    if (!replaced && keep[i]) {
      merged.items_.push_back(items_[i]);
      continue;
    }
    merged.digest_.Remove(items_[i].key, items_[i].fingerprint);
    if (replaced) take_upsert();
  }
  while (upsert != upserts.end()) take_upsert();
  merged.items_.shrink_to_fit();
  return merged;
}

}  // namespace rollcall

#include "agent/transport/address_order.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

constexpr absl::Duration kLongestStay = absl::Hours(1);

}  // namespace

AddressOrder::AddressOrder(std::vector<std::string> addresses, std::function<double()> random)
    : addresses_(std::move(addresses)), random_(std::move(random)) {
  Shuffle();
}

void AddressOrder::Shuffle() {
  for (size_t i = addresses_.size(); i > 1; --i) {
    const auto drawn = static_cast<size_t>(random_() * static_cast<double>(i));
    std::swap(addresses_[i - 1], addresses_[std::min(i - 1, drawn)]);
  }
  position_ = 0;
}

absl::Duration AddressOrder::StayFor() const {
  return at_home() ? absl::InfiniteDuration() : kLongestStay * (0.5 + random_() / 2);
}

}  // namespace rollcall

// Which of several backends an agent talks to.
#ifndef ROLLCALL_AGENT_TRANSPORT_ADDRESS_ORDER_H_
#define ROLLCALL_AGENT_TRANSPORT_ADDRESS_ORDER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace rollcall {

// The addresses in an order drawn at random, so that a fleet spreads over its backends. The first
// is home: the others are for when it cannot be reached. Not thread-safe.
class AddressOrder {
 public:
  // `random` is uniform in [0, 1). REQUIRES: there is an address.
  AddressOrder(std::vector<std::string> addresses, std::function<double()> random);

  const std::string& current() const { return addresses_[position_]; }
  bool at_home() const { return position_ == 0; }

  // The one after the current one, and after the last the first.
  void Advance() { position_ = (position_ + 1) % addresses_.size(); }
  void GoHome() { position_ = 0; }
  // Draws a new order: another backend may be home from now on.
  void Shuffle();

  // How long a session away from home lasts before home is tried again: uniform in [30, 60] min.
  // Infinite at home.
  absl::Duration StayFor() const;

 private:
  std::vector<std::string> addresses_;
  std::function<double()> random_;
  size_t position_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_ADDRESS_ORDER_H_

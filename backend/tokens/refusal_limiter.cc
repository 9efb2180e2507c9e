#include "backend/tokens/refusal_limiter.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace rollcall {

std::string NetworkOf(absl::string_view peer) {
  const std::string name = absl::StrReplaceAll(peer, {{"%5B", "["}, {"%5D", "]"}, {"%5b", "["}, {"%5d", "]"}});
  absl::string_view address = name;
  const size_t colon = address.rfind(':');
  if (colon != absl::string_view::npos) address = address.substr(0, colon);
  if (absl::StartsWith(address, "ipv4:")) return std::string(address);
  if (!absl::ConsumePrefix(&address, "ipv6:[") || !absl::ConsumeSuffix(&address, "]")) return name;
  in6_addr bytes;
  const std::string text(address.substr(0, address.find('%')));
  if (::inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return name;
  return absl::StrCat("ipv6:", absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(&bytes), 8)));
}

double RefusalLimiter::LeftOf(const Bucket& bucket, double burst, absl::Duration each, absl::Duration now) {
  return std::min(burst, bucket.left + std::max(0.0, absl::FDivDuration(now - bucket.at, each)));
}

bool RefusalLimiter::Admit(const std::string& network, absl::Duration now) {
  const std::lock_guard lock(mutex_);
  const double total = LeftOf(total_, kTotalBurst, kTotalEach, now);
  const auto it = networks_.find(network);
  const double left = it == networks_.end() ? kBurst : LeftOf(it->second, kBurst, kEach, now);
  // Nothing new is remembered of whoever is not admitted.
  if (left < 1 || total < 1) return false;
  ForgetRecovered(now);
  networks_[network] = {left - 1, now};
  total_ = {total - 1, now};
  return true;
}

size_t RefusalLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return networks_.size();
}

void RefusalLimiter::ForgetRecovered(absl::Duration now) {
  for (auto it = networks_.begin(); it != networks_.end();) {
    it = LeftOf(it->second, kBurst, kEach, now) >= kBurst ? networks_.erase(it) : std::next(it);
  }
}

}  // namespace rollcall

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "collectors/accounts/name_sources.h"
#include "collectors/accounts/password_age.h"
#include "collectors/accounts/shadow_parser.h"
#include "platform/passwd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const rollcall::ShadowEntry& entry : rollcall::ParseShadow(text).entries) {
    if (entry.name.empty()) std::abort();
    const rollcall::PasswordAge age = rollcall::AgeOf(entry, absl::FromUnixSeconds(1'700'000'000));
    if (age.password_inactive && !age.password_expired) std::abort();
    // Only constants: no byte of the input is in it.
    const absl::string_view algorithm = entry.password.algorithm;
    if (algorithm.data() >= text.data() && algorithm.data() < text.data() + text.size()) std::abort();
  }
  for (const rollcall::GroupShadowEntry& entry : rollcall::ParseGroupShadow(text).entries) {
    if (entry.name.empty()) std::abort();
  }
  for (const rollcall::PasswdEntry& entry : rollcall::ParsePasswd(text).entries) {
    if (entry.name.empty()) std::abort();
  }
  for (const auto& [database, services] : rollcall::OtherNameSources(text)) {
    if (services.empty()) std::abort();
  }
  return 0;
}

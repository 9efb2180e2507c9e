// What the parts of the simulated backend call things. For its own files.
#ifndef ROLLCALL_TESTS_SIMULATOR_BACKEND_NAMES_H_
#define ROLLCALL_TESTS_SIMULATOR_BACKEND_NAMES_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/simulator/backend.h"

namespace rollcall::simulator {

inline constexpr char kTenantName[] = "acme";
inline constexpr char kRegionName[] = "eu-frankfurt";

inline absl::Time At(Second second) { return absl::FromUnixSeconds(second); }

inline Caller Person(absl::string_view who, const std::string& id) { return {id, absl::StrCat("operator/", who)}; }

inline pb::Category CategoryOf(DataKind kind) {
  return kind == DataKind::kAssets ? pb::ASSET_BASIC : pb::CONSOLE_CONFIG;
}

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_BACKEND_NAMES_H_

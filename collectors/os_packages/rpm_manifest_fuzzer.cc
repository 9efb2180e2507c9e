#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/os_packages/rpm_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMaxPackages = 16;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const rollcall::PackageParse parse = rollcall::ParseRpmManifest(text, kMaxPackages);
  if (parse.packages.size() > kMaxPackages || parse.packages.size() > parse.observed) std::abort();
  if (parse.problems.size() > parse.problem_count) std::abort();
  for (const rollcall::v1::OsPackage& package : parse.packages) {
    if (package.name().empty()) std::abort();
    rollcall::v1::OsPackage decoded;
    if (!decoded.ParseFromString(package.SerializeAsString())) std::abort();
  }
  return 0;
}

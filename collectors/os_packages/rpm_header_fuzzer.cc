#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/os_packages/rpm_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto package = rollcall::ParseRpmHeader(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!package.ok()) return 0;
  if (package->record.name().empty()) std::abort();
  rollcall::v1::OsPackage decoded;
  if (!decoded.ParseFromString(package->record.SerializeAsString())) std::abort();
  return 0;
}

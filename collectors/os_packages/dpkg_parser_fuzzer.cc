#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/os_packages/dpkg_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rollcall::StanzaDialect;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr size_t kMaxPackages = 16;
  for (const StanzaDialect dialect : {StanzaDialect::kDpkgStatus, StanzaDialect::kDpkgStatusD,
                                      StanzaDialect::kOpkgStatus, StanzaDialect::kOpkgControl}) {
    const rollcall::DpkgParse parse = rollcall::ParseDpkgStatus(text, dialect, kMaxPackages);
    if (parse.packages.size() > kMaxPackages || parse.packages.size() > parse.observed) std::abort();
    if (parse.problems.size() > parse.problem_count) std::abort();
    for (const rollcall::DpkgPackage& package : parse.packages) {
      if (package.record.name().empty()) std::abort();
      rollcall::v1::OsPackage decoded;
      if (!decoded.ParseFromString(package.record.SerializeAsString())) std::abort();
    }
  }
  return 0;
}

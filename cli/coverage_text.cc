#include "cli/coverage_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace rollcall {

std::string CoverageWord(rollcall::v1::UnitCoverage::State state) {
  const std::string name = rollcall::v1::UnitCoverage::State_Name(state);
  return absl::StrReplaceAll(absl::AsciiStrToLower(absl::StripPrefix(name, "COVERAGE_")), {{"_", " "}});
}

}  // namespace rollcall

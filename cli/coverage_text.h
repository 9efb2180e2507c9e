// Coverage states in words.
#ifndef ROLLCALL_CLI_COVERAGE_TEXT_H_
#define ROLLCALL_CLI_COVERAGE_TEXT_H_

#include <string>

#include "rollcall/v1/query.pb.h"

namespace rollcall {

// `complete`, `expected gap`, ...
std::string CoverageWord(rollcall::v1::UnitCoverage::State state);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_COVERAGE_TEXT_H_

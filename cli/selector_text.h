// What of a tenant's data is meant: from options, and in words.
#ifndef ROLLCALL_CLI_SELECTOR_TEXT_H_
#define ROLLCALL_CLI_SELECTOR_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "cli/lifecycle_command.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

// InvalidArgument names the word that is none. Whether names and days are good is the backend's to say. Pure.
absl::StatusOr<pb::Selector> ReadSelector(const SelectorArguments& arguments);

bool SelectsEverything(const pb::Selector& selector);

// `asset_basic of cvm:1, collected from 2026-01-01`; `everything`. Pure.
std::string SelectorText(const pb::Selector& selector);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_SELECTOR_TEXT_H_

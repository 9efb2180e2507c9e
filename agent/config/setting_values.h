// Values of settings between text and types.
#ifndef ROLLCALL_AGENT_CONFIG_SETTING_VALUES_H_
#define ROLLCALL_AGENT_CONFIG_SETTING_VALUES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/config/settings.h"

namespace rollcall {

// Digits with an optional KiB, MiB or GiB.
absl::StatusOr<uint64_t> ParseBytes(absl::string_view text);
// The largest unit that gives a whole number.
std::string BytesText(uint64_t bytes);

// Like `90s` or `1h30m`; not negative, not infinite.
absl::StatusOr<absl::Duration> ParseDurationSetting(absl::string_view text);
// `0s`, `90s`, `12h`: the shortest form the parser reads back.
std::string DurationText(absl::Duration duration);

// A host name, IPv4 address or bracketed IPv6 address, a colon, and a port from 1 to 65535.
absl::Status CheckAddress(absl::string_view text);
// `http://` and an address; nothing before or after it. The message does not repeat what could be a password.
absl::Status CheckProxy(absl::string_view text);

// Parses one value and checks the setting's limits.
absl::Status StoreValue(const Setting& setting, absl::string_view text, const SettingField& field);
// Each value is one address or several with commas between them.
absl::Status StoreAddresses(const std::vector<std::string>& values, std::vector<std::string>* field);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_CONFIG_SETTING_VALUES_H_

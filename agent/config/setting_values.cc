#include "agent/config/setting_values.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr std::pair<absl::string_view, uint64_t> kUnits[] = {
    {"GiB", uint64_t{1} << 30}, {"MiB", uint64_t{1} << 20}, {"KiB", uint64_t{1} << 10}};

absl::Status Unexpected(absl::string_view expected, absl::string_view got) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", expected, ", got '", got, "'"));
}

// Digits only: SimpleAtoi would also take spaces and signs.
bool ParseDigits(absl::string_view text, uint64_t* value) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
         absl::SimpleAtoi(text, value);
}

template <typename T>
absl::Status CheckLimits(const Setting& setting, T value, absl::StatusOr<T> (*parse)(absl::string_view),
                         absl::string_view text) {
  const bool too_small = !setting.min.empty() && value < parse(setting.min).value_or(T());
  const bool too_large = !setting.max.empty() && value > parse(setting.max).value_or(T());
  if (!too_small && !too_large) return absl::OkStatus();
  return Unexpected(absl::StrCat("a value from ", setting.min, " to ", setting.max), text);
}

absl::StatusOr<uint64_t> ParseNumber(absl::string_view text) {
  uint64_t value = 0;
  if (!ParseDigits(text, &value)) return Unexpected("a whole number", text);
  return value;
}

template <typename T>
absl::Status StoreLimited(const Setting& setting, absl::string_view text, absl::StatusOr<T> (*parse)(absl::string_view),
                          T* field) {
  const absl::StatusOr<T> value = parse(text);
  if (!value.ok()) return value.status();
  if (absl::Status status = CheckLimits(setting, *value, parse, text); !status.ok()) return status;
  *field = *value;
  return absl::OkStatus();
}

absl::Status StoreText(const Setting& setting, absl::string_view text, std::string* field) {
  // Control characters would travel into certificates' names, messages and logs.
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
    return absl::InvalidArgumentError("expected text without control characters");
  }
  if (text.empty() && !setting.default_text.empty()) return absl::InvalidArgumentError("expected a value, got none");
  // Texts travel in messages, whose strings are UTF-8.
  if (setting.type == SettingType::kText &&
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x7e; })) {
    return absl::InvalidArgumentError("expected ASCII text");
  }
  if (setting.type == SettingType::kPath && !text.empty() && text[0] != '/')
    return Unexpected("an absolute path", text);
  if (setting.type == SettingType::kProxy && !text.empty()) {
    if (absl::Status status = CheckProxy(text); !status.ok()) return status;
  }
  if (setting.type == SettingType::kChoice &&
      std::find(setting.choices.begin(), setting.choices.end(), text) == setting.choices.end()) {
    return Unexpected(absl::StrCat("one of ", absl::StrJoin(setting.choices, ", ")), text);
  }
  *field = std::string(text);
  return absl::OkStatus();
}

absl::Status StoreBool(absl::string_view text, bool* field) {
  if (text != "true" && text != "false") return Unexpected("true or false", text);
  *field = text == "true";
  return absl::OkStatus();
}

bool IsHostCharacter(unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_'; }
bool IsIpv6Character(unsigned char c) { return absl::ascii_isxdigit(c) || c == ':' || c == '.' || c == '%'; }

}  // namespace

absl::StatusOr<uint64_t> ParseBytes(absl::string_view text) {
  uint64_t scale = 1;
  absl::string_view digits = text;
  for (const auto& [suffix, size] : kUnits) {
    if (absl::ConsumeSuffix(&digits, suffix)) {
      scale = size;
      break;
    }
  }
  uint64_t value = 0;
  if (!ParseDigits(digits, &value) || value > std::numeric_limits<uint64_t>::max() / scale) {
    return Unexpected("a size such as 65536, 512KiB or 64MiB", text);
  }
  return value * scale;
}

std::string BytesText(uint64_t bytes) {
  for (const auto& [suffix, size] : kUnits) {
    if (bytes >= size && bytes % size == 0) return absl::StrCat(bytes / size, suffix);
  }
  return absl::StrCat(bytes);
}

absl::StatusOr<absl::Duration> ParseDurationSetting(absl::string_view text) {
  absl::Duration value;
  const bool parsed = !text.empty() && text.size() < 64 && absl::ParseDuration(text, &value);
  if (!parsed || value < absl::ZeroDuration() || value == absl::InfiniteDuration()) {
    return Unexpected("a duration such as 90s, 5m or 12h", text);
  }
  return value;
}

std::string DurationText(absl::Duration duration) {
  return duration == absl::ZeroDuration() ? "0s" : absl::FormatDuration(duration);
}

absl::Status CheckAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Unexpected("HOST:PORT", text);
  absl::string_view host = text.substr(0, colon);
  uint64_t port = 0;
  const bool port_ok = ParseDigits(text.substr(colon + 1), &port) && port > 0 && port < 65536;
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  const bool host_ok =
      !host.empty() && std::all_of(host.begin(), host.end(), bracketed ? IsIpv6Character : IsHostCharacter);
  return host_ok && port_ok ? absl::OkStatus() : Unexpected("HOST:PORT", text);
}

absl::Status CheckProxy(absl::string_view text) {
  absl::string_view address = text;
  const bool http = absl::ConsumePrefix(&address, "http://");
  if (absl::StrContains(text, '@')) {
    return absl::InvalidArgumentError(
        "expected http://HOST:PORT without credentials; they belong into the file that backend.proxy_credentials "
        "names");
  }
  return http && CheckAddress(address).ok() ? absl::OkStatus() : Unexpected("http://HOST:PORT", text);
}

absl::Status StoreValue(const Setting& setting, absl::string_view text, const SettingField& field) {
  if (const auto* flag = std::get_if<bool*>(&field)) return StoreBool(text, *flag);
  if (const auto* duration = std::get_if<absl::Duration*>(&field)) {
    return StoreLimited<absl::Duration>(setting, text, ParseDurationSetting, *duration);
  }
  if (const auto* number = std::get_if<uint64_t*>(&field)) {
    return StoreLimited<uint64_t>(setting, text, setting.type == SettingType::kBytes ? ParseBytes : ParseNumber,
                                  *number);
  }
  return StoreText(setting, text, std::get<std::string*>(field));
}

absl::Status StoreAddresses(const std::vector<std::string>& values, std::vector<std::string>* field) {
  std::vector<std::string> addresses;
  for (const std::string& value : values) {
    for (const absl::string_view part : absl::StrSplit(value, ',')) {
      const absl::string_view address = absl::StripAsciiWhitespace(part);
      if (absl::Status status = CheckAddress(address); !status.ok()) return status;
      addresses.emplace_back(address);
    }
  }
  *field = std::move(addresses);
  return absl::OkStatus();
}

}  // namespace rollcall

#include "collectors/environment/value_class.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/secret_like.h"

namespace rollcall {
namespace {

using rollcall::v1::EnvironmentVariable;

constexpr std::array<absl::string_view, 8> kFlags = {"true", "false", "yes", "no", "on", "off", "enabled", "disabled"};

bool IsFlag(absl::string_view value) {
  constexpr size_t kLongest = 8;
  if (value.size() > kLongest) return false;
  const std::string lower = absl::AsciiStrToLower(value);
  return std::find(kFlags.begin(), kFlags.end(), lower) != kFlags.end();
}

// Digits with at most one point, and a sign.
bool IsNumber(absl::string_view value) {
  if (!absl::ConsumePrefix(&value, "-")) (void)absl::ConsumePrefix(&value, "+");
  const auto points = std::count(value.begin(), value.end(), '.');
  const auto digits = std::count_if(value.begin(), value.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  return digits > 0 && points <= 1 && static_cast<size_t>(digits + points) == value.size();
}

// Absolute paths, and variables among them, between colons.
bool IsPath(absl::string_view value) {
  if (!absl::StrContains(value, '/')) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(value, ':', absl::SkipEmpty());
  return std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
    return absl::StartsWith(part, "/") || absl::StartsWith(part, "$") || absl::StartsWith(part, "~/");
  });
}

}  // namespace

EnvironmentVariable::ValueClass ValueClassOf(absl::string_view name, absl::string_view value) {
  if (value.empty()) return EnvironmentVariable::EMPTY;
  if (IsFlag(value)) return EnvironmentVariable::FLAG;
  if (NameSuggestsSecret(name) || LooksLikeSecret(value)) return EnvironmentVariable::SECRET_LIKE;
  if (absl::StrContains(value, "://")) return EnvironmentVariable::URL;
  if (IsNumber(value)) return EnvironmentVariable::NUMBER;
  if (IsPath(value)) return EnvironmentVariable::PATH;
  return EnvironmentVariable::TEXT;
}

uint32_t LengthBucket(size_t bytes) {
  if (bytes == 0) return 0;
  uint32_t bucket = 8;
  while (bucket < bytes && bucket < (uint32_t{1} << 30U)) bucket *= 2;
  return bucket;
}

}  // namespace rollcall

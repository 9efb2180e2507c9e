#include "collectors/scheduled_tasks/time_span.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxSpanBytes = 256;
constexpr uint64_t kMicrosecondsPerSecond = 1'000'000;
constexpr uint64_t kMinute = 60 * kMicrosecondsPerSecond;
constexpr uint64_t kHour = 60 * kMinute;
constexpr uint64_t kDay = 24 * kHour;
// As systemd rounds them.
constexpr uint64_t kMonth = 2'629'800 * kMicrosecondsPerSecond;
constexpr uint64_t kYear = 31'557'600 * kMicrosecondsPerSecond;
constexpr uint64_t kLongest = 10'000 * kYear;

struct Unit {
  absl::string_view name;
  uint64_t microseconds;
};

constexpr Unit kUnits[] = {
    {"", kMicrosecondsPerSecond},
    {"us", 1},
    {"usec", 1},
    {"\xc2\xb5s", 1},
    {"\xce\xbcs", 1},
    {"ms", 1'000},
    {"msec", 1'000},
    {"s", kMicrosecondsPerSecond},
    {"sec", kMicrosecondsPerSecond},
    {"second", kMicrosecondsPerSecond},
    {"seconds", kMicrosecondsPerSecond},
    {"m", kMinute},
    {"min", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"h", kHour},
    {"hr", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"w", 7 * kDay},
    {"week", 7 * kDay},
    {"weeks", 7 * kDay},
    {"M", kMonth},
    {"month", kMonth},
    {"months", kMonth},
    {"y", kYear},
    {"year", kYear},
    {"years", kYear},
};

// Takes the bytes off the front of `*text` for which `wanted` holds.
template <typename Predicate>
absl::string_view TakeWhile(absl::string_view* text, Predicate wanted) {
  const auto end = std::find_if_not(text->begin(), text->end(), wanted);
  const absl::string_view taken = text->substr(0, static_cast<size_t>(end - text->begin()));
  text->remove_prefix(taken.size());
  return taken;
}

bool IsDigit(unsigned char c) { return absl::ascii_isdigit(c); }
bool IsUnitByte(unsigned char c) { return absl::ascii_isalpha(c) || c >= 0x80; }
bool IsSpace(unsigned char c) { return absl::ascii_isspace(c); }

// Takes a unit and the blanks around it; 0 if it is none. Without either, nothing may follow.
uint64_t TakeUnit(absl::string_view* text) {
  const absl::string_view blanks = TakeWhile(text, IsSpace);
  const absl::string_view word = TakeWhile(text, IsUnitByte);
  if (blanks.empty() && word.empty() && !text->empty()) return 0;
  const auto* const unit =
      std::find_if(std::begin(kUnits), std::end(kUnits), [word](const Unit& known) { return known.name == word; });
  TakeWhile(text, IsSpace);
  return unit == std::end(kUnits) ? 0 : unit->microseconds;
}

// Takes one number with its unit. Nothing if there is none, or if it is too long.
std::optional<uint64_t> TakePart(absl::string_view* text) {
  const bool plus = absl::ConsumePrefix(text, "+");
  const absl::string_view whole = TakeWhile(text, IsDigit);
  const bool point = (!plus || !whole.empty()) && absl::ConsumePrefix(text, ".");
  const absl::string_view fraction = point ? TakeWhile(text, IsDigit) : "";
  if (point ? fraction.empty() : whole.empty()) return std::nullopt;
  const uint64_t unit = TakeUnit(text);
  uint64_t number = 0;
  if (unit == 0 || (!whole.empty() && !absl::SimpleAtoi(whole, &number))) return std::nullopt;
  if (number > kLongest / unit) return std::nullopt;
  // In whole microseconds, each digit by itself.
  uint64_t total = number * unit;
  uint64_t weight = unit / 10;
  for (const char digit : fraction) {
    total += static_cast<uint64_t>(digit - '0') * weight;
    weight /= 10;
  }
  return total;
}

}  // namespace

std::optional<absl::Duration> ParseTimeSpan(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text == "infinity") return absl::InfiniteDuration();
  if (text.empty() || text.size() > kMaxSpanBytes) return std::nullopt;
  uint64_t total = 0;
  while (!text.empty()) {
    const std::optional<uint64_t> part = TakePart(&text);
    if (!part.has_value()) return std::nullopt;
    total += *part;
    if (total > kLongest) return std::nullopt;
  }
  return absl::Microseconds(static_cast<int64_t>(total));
}

}  // namespace rollcall

#include "collectors/scheduled_tasks/time_span.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace rollcall {
namespace {

constexpr size_t kMaxSpanBytes = 256;
constexpr int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kMicrosecondsPerSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
// As systemd rounds them.
constexpr int64_t kMonth = 2'629'800 * kMicrosecondsPerSecond;
constexpr int64_t kYear = 31'557'600 * kMicrosecondsPerSecond;
constexpr double kMaxYears = 10'000;

struct Unit {
  absl::string_view name;
  int64_t microseconds;
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

bool IsNumberByte(unsigned char c) { return absl::ascii_isdigit(c) || c == '.'; }
bool IsUnitByte(unsigned char c) { return absl::ascii_isalpha(c) || c >= 0x80; }
bool IsSpace(unsigned char c) { return absl::ascii_isspace(c); }

}  // namespace

std::optional<absl::Duration> ParseTimeSpan(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text == "infinity") return absl::InfiniteDuration();
  if (text.empty() || text.size() > kMaxSpanBytes) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const absl::string_view digits = TakeWhile(&text, IsNumberByte);
    if (!absl::SimpleAtod(digits, &number) || digits.back() == '.') return std::nullopt;
    TakeWhile(&text, IsSpace);
    const absl::string_view word = TakeWhile(&text, IsUnitByte);
    const auto* const unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [word](const Unit& known) { return known.name == word; });
    if (unit == std::end(kUnits)) return std::nullopt;
    total += number * static_cast<double>(unit->microseconds);
    TakeWhile(&text, IsSpace);
  }
  if (total > kMaxYears * static_cast<double>(kYear)) return std::nullopt;
  return absl::Microseconds(static_cast<int64_t>(total));
}

}  // namespace rollcall

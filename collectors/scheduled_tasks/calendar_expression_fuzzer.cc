#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/time/time.h"
#include "collectors/scheduled_tasks/calendar_expression.h"
#include "collectors/scheduled_tasks/calendar_next_elapse.h"
#include "collectors/scheduled_tasks/time_span.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto span = rollcall::ParseTimeSpan(text);
  if (span.has_value() && *span < absl::ZeroDuration()) std::abort();
  const auto expression = rollcall::ParseCalendarExpression(text);
  if (!expression.ok()) return 0;
  // The normal form is itself one, and its own.
  const std::string normal = rollcall::FormatCalendarExpression(*expression);
  const auto again = rollcall::ParseCalendarExpression(normal);
  if (normal.size() <= rollcall::kMaxCalendarBytes) {
    if (!again.ok() || rollcall::FormatCalendarExpression(*again) != normal) std::abort();
  }
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  const auto next = rollcall::NextElapse(*expression, now, absl::UTCTimeZone());
  if (next.has_value() && *next <= now) std::abort();
  return 0;
}

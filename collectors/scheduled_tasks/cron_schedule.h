// When a cron job runs: the five fields of crontab(5), or an `@` name in their place.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_SCHEDULE_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rollcall {

// The families of cron found on Linux. They disagree in details that decide whether and when
// a job runs.
enum class CronDialect {
  // Debian's cron 3.0: what follows a complete range is ignored up to the next space, a range
  // that ends before it begins is empty.
  kDebian,
  // cronie (Red Hat, SUSE, Arch and others): `~` for a random value, a leading `-` for no log.
  kCronie,
  // BusyBox crond (Alpine): ranges wrap around, a full field is as good as a star.
  kBusybox,
};

// One field as a set of values.
struct CronField {
  // Bit N is value N.
  uint64_t values = 0;
  // The field begins with `*`, which decides how days of month and week combine, and whether
  // the job follows the clock through a change of it.
  bool star = false;
  // Step of that `*`; 1 if none.
  uint32_t star_step = 1;
};

struct CronSchedule {
  enum class Kind {
    // The fields below count.
    kFields,
    // Once, when cron starts after boot.
    kReboot,
    // `@every_second` of FreeBSD's cron.
    kEverySecond,
  };
  Kind kind = Kind::kFields;
  CronField minute;
  CronField hour;
  CronField day;
  CronField month;
  // Sunday is 0.
  CronField weekday;
  // A value is chosen when cron reads the file (`~`), so the time is not known from outside.
  bool randomized = false;
  // The `@` name is not known to the dialect, which refuses the line.
  bool foreign_name = false;
};

// Reads five fields. InvalidArgument names the field, never its text.
absl::StatusOr<CronSchedule> ParseCronFields(absl::Span<const absl::string_view> fields, CronDialect dialect);

// Reads `@reboot`, `@daily` and so on, the `@` included. InvalidArgument if nobody knows it.
absl::StatusOr<CronSchedule> ParseCronName(absl::string_view name, CronDialect dialect);

// The schedule in one spelling: `@reboot`, `@every_second`, or five fields with numbers for
// names, sorted lists, `a-b` for three values or more in a row, and `*` or `*/N` where a field
// begins with a star. Random values are shown as all they can be, with a `~`.
std::string FormatCronSchedule(const CronSchedule& schedule);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CRON_SCHEDULE_H_

// Which files of a run-parts directory, or of /etc/cron.d, count.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_RUN_PARTS_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_RUN_PARTS_H_

#include "absl/strings/string_view.h"
#include "collectors/scheduled_tasks/cron_schedule.h"

namespace rollcall {

// Why run-parts passes over a file of that name; empty if it does not. Debian's run-parts(8)
// and BusyBox take letters, digits, `_` and `-` only. Red Hat's takes all but backups: names
// that end in `~`, `,`, `.rpmsave`, `.rpmorig`, `.rpmnew`, `.swp`, `,v` or `.cfsaved`.
absl::string_view WhyRunPartsSkips(absl::string_view name, CronDialect dialect);

// Likewise why cron passes over a file in /etc/cron.d. Debian's names are those of run-parts,
// and with `-l` (`lsb_names`) those of the LSB instead. cronie passes over hidden files, `#...`,
// `...~` and what rpm leaves behind. BusyBox has no /etc/cron.d.
absl::string_view WhyCronSkips(absl::string_view name, CronDialect dialect, bool lsb_names);

// Whether the text of /etc/default/cron starts Debian's cron with LSB names.
bool UsesLsbNames(absl::string_view default_cron);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_RUN_PARTS_H_

// rpm's database in SQLite, `rpmdb.sqlite`: the default since rpm 4.16, so of Fedora, RHEL 9 and
// Debian's rpm.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_SQLITE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_SQLITE_H_

#include "absl/status/status.h"
#include "collectors/os_packages/rpm_blobs.h"
#include "platform/random_access_file.h"

namespace rollcall {

// Gives the headers of all packages of `database`, with what is only in its write-ahead log `log`
// (nullptr if there is none), to `sink`. InvalidArgument if it is no such database, Cancelled if
// the sink asked for that, else what the sink failed with. Pure but for reading the files.
absl::Status ReadRpmSqlite(const RandomAccessFile& database, const RandomAccessFile* log, RpmBlobSink& sink);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_SQLITE_H_

// rpm's own database format, `Packages.db`, the default of SUSE.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_NDB_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_NDB_H_

#include "absl/status/status.h"
#include "collectors/os_packages/rpm_blobs.h"
#include "platform/random_access_file.h"

namespace rollcall {

// Gives the headers of all packages of `file` to `sink`. DataLoss if it cannot be read, InvalidArgument if it is no
// such database, Cancelled if the sink asked for that, else what the sink failed with. Slots behind what the file says
// is the last page of them are damage, and their packages given all the same. Bounded by the size of the file: headers
// may not overlap. Pure but for reading the file.
absl::Status ReadRpmNdb(const RandomAccessFile& file, RpmBlobSink& sink);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_NDB_H_

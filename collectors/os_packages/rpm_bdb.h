// rpm's database in the hash format of Berkeley DB, `Packages`: RHEL 8 and older, and all
// others before 2020.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_BDB_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_BDB_H_

#include "absl/status/status.h"
#include "collectors/os_packages/rpm_blobs.h"
#include "platform/random_access_file.h"

namespace rollcall {

// Gives the headers of all packages of `file` to `sink`, in no order. Takes either byte order.
// DataLoss if it cannot be read, InvalidArgument if it is no such database, Cancelled if the sink asked for that, else
// what the sink failed with. Packages behind what the file says is its last page are damage, and given all the same.
// Every page is read at most twice, belongs to one header at most, and headers within a page do not overlap, so that a
// damaged file takes no longer than a good one of its size. Pure but for reading the file.
absl::Status ReadRpmBdb(const RandomAccessFile& file, RpmBlobSink& sink);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_BDB_H_

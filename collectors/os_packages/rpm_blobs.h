// What the readers of rpm's three databases have in common: each gives the headers of the
// packages, one after another, and says what it had to pass over.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_BLOBS_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_BLOBS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/damage_sink.h"

namespace rollcall {

// Largest database that is read, and the largest write-ahead log. A host with 10,000 packages
// has 600 MB.
inline constexpr uint64_t kMaxRpmDatabaseBytes = uint64_t{1} << 30;

// Takes what a reader finds.
class RpmBlobSink : public DamageSink {
 public:
  // One header, valid during the call. A failure ends the reading and is what it returns.
  virtual absl::Status TakeBlob(absl::string_view blob) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_RPM_BLOBS_H_

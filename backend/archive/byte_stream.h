// Bytes that come and go one piece after the other.
#ifndef ROLLCALL_BACKEND_ARCHIVE_BYTE_STREAM_H_
#define ROLLCALL_BACKEND_ARCHIVE_BYTE_STREAM_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Used by one thread at a time.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Takes all of `bytes`. After an error any part of them may have been taken.
  virtual absl::Status Write(absl::string_view bytes) = 0;
};

// Used by one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next `size` bytes; fewer only at the end, and none from there on.
  virtual absl::StatusOr<std::string> Read(size_t size) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_BYTE_STREAM_H_

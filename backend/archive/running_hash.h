// SHA-256 of bytes that come in pieces.
#ifndef ROLLCALL_BACKEND_ARCHIVE_RUNNING_HASH_H_
#define ROLLCALL_BACKEND_ARCHIVE_RUNNING_HASH_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Not thread-safe.
class RunningHash {
 public:
  RunningHash();
  ~RunningHash();
  RunningHash(const RunningHash&) = delete;
  RunningHash& operator=(const RunningHash&) = delete;

  void Add(absl::string_view bytes);
  // The hash of all that was added, 32 bytes. Call once, last. Internal if OpenSSL refused, which takes a lack of
  // memory or a provider that forbids SHA-256.
  absl::StatusOr<std::string> Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  bool good_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_RUNNING_HASH_H_

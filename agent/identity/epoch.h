// The number of the agent's present life.
#ifndef ROLLCALL_AGENT_IDENTITY_EPOCH_H_
#define ROLLCALL_AGENT_IDENTITY_EPOCH_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/clock.h"

namespace rollcall {

// Grows with every start, whatever the clock does and even if the state directory is lost: the
// larger of the kept value plus one and the time in microseconds. A host restored from a
// snapshot therefore continues above what it sent before. Thread-safe.
class EpochSource {
 public:
  // Takes the next epoch and keeps it in `path` before it returns. A damaged file counts as
  // none. Fails if the file cannot be written.
  static absl::StatusOr<std::unique_ptr<EpochSource>> Open(const std::string& path, const Clock& clock);

  uint64_t current() const;

  // Continues above `seen`, durably. Does nothing if it already does; OutOfRange for a value no
  // agent can have reached, which would leave no room for later starts.
  absl::Status RaiseAbove(uint64_t seen);

 private:
  EpochSource(std::string path, uint64_t epoch) : path_(std::move(path)), epoch_(epoch) {}

  const std::string path_;
  mutable std::mutex mutex_;
  uint64_t epoch_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_IDENTITY_EPOCH_H_

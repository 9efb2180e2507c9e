#include "agent/identity/epoch.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/identity/local_file.h"

namespace rollcall {
namespace {

constexpr size_t kMaxFileBytes = 64;
// Microseconds until the year 10000 or so.
constexpr uint64_t kLargest = uint64_t{1} << 58;

uint64_t ReadKept(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadLocalFile(path, kMaxFileBytes);
  uint64_t kept = 0;
  if (!text.ok() || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &kept) || kept > kLargest) return 0;
  return kept;
}

absl::Status Keep(const std::string& path, uint64_t epoch) {
  return WriteLocalFileDurably(path, absl::StrCat(epoch, "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<EpochSource>> EpochSource::Open(const std::string& path, const Clock& clock) {
  const int64_t now = std::max<int64_t>(absl::ToUnixMicros(clock.Now()), 0);
  const uint64_t epoch = std::max(ReadKept(path) + 1, std::min(static_cast<uint64_t>(now), kLargest));
  if (absl::Status status = Keep(path, epoch); !status.ok()) return status;
  return std::unique_ptr<EpochSource>(new EpochSource(path, epoch));
}

uint64_t EpochSource::current() const {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

absl::Status EpochSource::RaiseAbove(uint64_t seen) {
  if (seen >= kLargest)
    return absl::OutOfRangeError(absl::StrCat("raise epoch above ", seen, ": no agent has come that far"));
  const std::lock_guard lock(mutex_);
  if (epoch_ > seen) return absl::OkStatus();
  if (absl::Status status = Keep(path_, seen + 1); !status.ok()) return status;
  epoch_ = seen + 1;
  return absl::OkStatus();
}

}  // namespace rollcall

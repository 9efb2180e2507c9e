// The tar of an archive object: plain files in the POSIX ustar format, and exactly one way to write each.
//
// Only what TarHeader writes is read: no links, no extensions, no owners, no times. A header that differs in a
// byte is refused, so there is nothing to interpret and nothing to hide.
#ifndef ROLLCALL_BACKEND_ARCHIVE_TAR_STREAM_H_
#define ROLLCALL_BACKEND_ARCHIVE_TAR_STREAM_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

inline constexpr size_t kTarBlockBytes = 512;
// Longest name of an entry.
inline constexpr size_t kMaxTarNameBytes = 99;

// The header of a file of `size` bytes, kTarBlockBytes long. `name` is of 1 to kMaxTarNameBytes bytes without NUL, the
// size below 8 GiB. Pure.
std::string TarHeader(absl::string_view name, uint64_t size);

// Zeros that fill up a file of `size` bytes.
std::string TarPadding(uint64_t size);

// What ends a tar: two blocks of zeros.
std::string TarEnd();

// Takes a tar apart as it comes. Holds one entry at most. Not thread-safe.
class TarParser {
 public:
  // Gets each whole entry; the views live during the call. Its error ends the parsing.
  using OnEntry = std::function<absl::Status(absl::string_view name, absl::string_view contents)>;

  TarParser(size_t max_entry_bytes, OnEntry on_entry)
      : max_entry_bytes_(max_entry_bytes), on_entry_(std::move(on_entry)) {}

  // InvalidArgument if it is not such a tar, an entry is too large, or something follows its end; errors of OnEntry.
  // Not to be called again after an error.
  absl::Status Feed(absl::string_view bytes);
  // InvalidArgument unless the end was reached.
  absl::Status Finish() const;

 private:
  enum class State { kHeader, kContents, kSecondEnd, kEnd };

  // Moves bytes from `bytes` to buffer_ until there are `size`; whether there are.
  bool Fill(absl::string_view* bytes, size_t size);
  absl::Status TakeHeader();
  absl::Status TakeContents();

  const size_t max_entry_bytes_;
  const OnEntry on_entry_;
  State state_ = State::kHeader;
  std::string buffer_;
  std::string name_;
  size_t size_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_TAR_STREAM_H_

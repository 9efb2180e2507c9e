// Names of the entries in an archive object.
#ifndef ROLLCALL_BACKEND_ARCHIVE_BLOCK_NAMES_H_
#define ROLLCALL_BACKEND_ARCHIVE_BLOCK_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_format.h"

namespace rollcall {

inline constexpr char kManifestEntry[] = "manifest.pb";

// Of block `number`, from 0.
inline std::string BlockEntry(uint64_t number) { return absl::StrFormat("records/%010d.pb", number); }

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_BLOCK_NAMES_H_

// Sections of ELF files; elf(5).
#ifndef ROLLCALL_PLATFORM_ELF_SECTIONS_H_
#define ROLLCALL_PLATFORM_ELF_SECTIONS_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

struct ElfSection {
  // Points into the file, as does `content`. Empty if the name is damaged or has more than 4096
  // bytes.
  absl::string_view name;
  // Empty for sections without bytes in the file (SHT_NOBITS) and for damaged ones.
  absl::string_view content;
};

struct ElfSections {
  // In file order, the empty section 0 included.
  std::vector<ElfSection> sections;
  // Sections whose name or content lies outside the file, or whose name is too long.
  size_t damaged = 0;

  // The first section of that name; nullptr if there is none. Lives as long as this.
  const ElfSection* Find(absl::string_view name) const;
};

// Reads the section table of a file of either class and byte order. All reads are checked
// against the size of `file`, which must outlive the result. InvalidArgument if it is no ELF
// file; DataLoss if the table itself lies outside the file. A file without a table has no
// sections. Pure; takes memory in proportion to the file.
absl::StatusOr<ElfSections> ParseElfSections(absl::string_view file);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_ELF_SECTIONS_H_

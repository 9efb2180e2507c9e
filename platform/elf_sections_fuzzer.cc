#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/elf_sections.h"

namespace {

void RequireInside(absl::string_view part, absl::string_view whole) {
  if (part.empty()) return;
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view file(reinterpret_cast<const char*>(data), size);
  const auto elf = rollcall::ParseElfSections(file);
  if (!elf.ok()) return 0;
  if (elf->damaged > elf->sections.size()) std::abort();
  for (const rollcall::ElfSection& section : elf->sections) {
    RequireInside(section.name, file);
    RequireInside(section.content, file);
  }
  (void)elf->Find(".modinfo");
  return 0;
}

// Small ELF files for tests.
#ifndef ROLLCALL_PLATFORM_TESTING_ELF_BUILDER_H_
#define ROLLCALL_PLATFORM_TESTING_ELF_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

struct ElfForm {
  bool is_64_bit = true;
  bool is_big_endian = false;
};

// A relocatable object with the named sections after section 0, and `.shstrtab` last. The
// section table is at the end of the file.
inline std::string BuildElf(const ElfForm& form, const std::vector<std::pair<std::string, std::string>>& sections) {
  const auto number = [&form](std::string* out, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      const size_t byte = form.is_big_endian ? size - 1 - i : i;
      out->push_back(static_cast<char>(value >> (8 * byte) & 0xFFU));
    }
  };
  const size_t word = form.is_64_bit ? 8 : 4;
  std::string names(1, '\0');
  std::string contents;
  const size_t header_bytes = form.is_64_bit ? 64 : 52;
  std::string table(form.is_64_bit ? 64 : 40, '\0');
  const auto add = [&](absl::string_view name, absl::string_view content, uint32_t type) {
    number(&table, names.size(), 4);
    names.append(name.data(), name.size()).push_back('\0');
    number(&table, type, 4);
    number(&table, 0, word);  // flags
    number(&table, 0, word);  // address
    number(&table, header_bytes + contents.size(), word);
    number(&table, content.size(), word);
    number(&table, 0, 4);  // link
    number(&table, 0, 4);  // info
    number(&table, 1, word);
    number(&table, 0, word);
    contents.append(content.data(), content.size());
  };
  for (const auto& [name, content] : sections) add(name, content, 1);
  constexpr absl::string_view kNames = ".shstrtab";
  add(kNames, names + std::string(kNames) + '\0', 3);

  std::string file(
      "\x7f"
      "ELF");
  file.push_back(form.is_64_bit ? 2 : 1);
  file.push_back(form.is_big_endian ? 2 : 1);
  file.push_back(1);
  file.resize(16, '\0');
  number(&file, 1, 2);   // relocatable
  number(&file, 62, 2);  // x86-64
  number(&file, 1, 4);
  number(&file, 0, word);  // entry
  number(&file, 0, word);  // program headers
  number(&file, header_bytes + contents.size(), word);
  number(&file, 0, 4);  // flags
  number(&file, header_bytes, 2);
  number(&file, 0, 2);
  number(&file, 0, 2);
  number(&file, form.is_64_bit ? 64 : 40, 2);
  number(&file, sections.size() + 2, 2);
  number(&file, sections.size() + 1, 2);
  return file + contents + table;
}

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_ELF_BUILDER_H_

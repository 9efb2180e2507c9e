#include "platform/elf_sections.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/match.h"

namespace rollcall {
namespace {

// Offsets and sizes of the fields that are read, for the two classes.
struct Layout {
  size_t header_bytes;
  size_t word_bytes;  // of addresses, offsets and sizes
  size_t section_table_offset;
  size_t section_entry_bytes;
  size_t section_count;
  size_t names_index;
  // In one entry of the table.
  size_t entry_bytes;
  size_t offset;
  size_t size;
  size_t link;
};

constexpr Layout kLayout32 = {
    .header_bytes = sizeof(Elf32_Ehdr),
    .word_bytes = 4,
    .section_table_offset = offsetof(Elf32_Ehdr, e_shoff),
    .section_entry_bytes = offsetof(Elf32_Ehdr, e_shentsize),
    .section_count = offsetof(Elf32_Ehdr, e_shnum),
    .names_index = offsetof(Elf32_Ehdr, e_shstrndx),
    .entry_bytes = sizeof(Elf32_Shdr),
    .offset = offsetof(Elf32_Shdr, sh_offset),
    .size = offsetof(Elf32_Shdr, sh_size),
    .link = offsetof(Elf32_Shdr, sh_link),
};

constexpr Layout kLayout64 = {
    .header_bytes = sizeof(Elf64_Ehdr),
    .word_bytes = 8,
    .section_table_offset = offsetof(Elf64_Ehdr, e_shoff),
    .section_entry_bytes = offsetof(Elf64_Ehdr, e_shentsize),
    .section_count = offsetof(Elf64_Ehdr, e_shnum),
    .names_index = offsetof(Elf64_Ehdr, e_shstrndx),
    .entry_bytes = sizeof(Elf64_Shdr),
    .offset = offsetof(Elf64_Shdr, sh_offset),
    .size = offsetof(Elf64_Shdr, sh_size),
    .link = offsetof(Elf64_Shdr, sh_link),
};

// The same in both classes: name and type come first, both 4 bytes.
constexpr size_t kEntryName = 0;
constexpr size_t kEntryType = 4;

// So that a table without ends of names costs no more for each section.
constexpr size_t kMaxNameBytes = 4096;

// Numbers of the file's byte order. REQUIRES: what is read is inside of `bytes`.
class Numbers {
 public:
  explicit Numbers(bool big_endian) : big_endian_(big_endian) {}

  uint64_t Read(absl::string_view bytes, size_t offset, size_t size) const {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t place = big_endian_ ? i : size - 1 - i;
      value = value << 8U | static_cast<unsigned char>(bytes[offset + place]);
    }
    return value;
  }

 private:
  const bool big_endian_;
};

// The bytes of the file from `offset`; false if they are not all there.
bool Slice(absl::string_view file, uint64_t offset, uint64_t size, absl::string_view* bytes) {
  if (offset > file.size() || size > file.size() - offset) return false;
  *bytes = file.substr(offset, size);
  return true;
}

// The section table as it is in the file.
class Table {
 public:
  Table(absl::string_view file, const Layout& layout, Numbers numbers)
      : file_(file), layout_(layout), numbers_(numbers) {}

  absl::Status Locate() {
    const uint64_t offset = Word(file_, layout_.section_table_offset);
    if (offset == 0) return absl::OkStatus();
    entry_bytes_ = numbers_.Read(file_, layout_.section_entry_bytes, 2);
    if (entry_bytes_ < layout_.entry_bytes) return absl::DataLossError("parse ELF file: section entries are too small");
    absl::string_view first;
    if (!Slice(file_, offset, layout_.entry_bytes, &first)) return Outside();
    // Numbers too large for the header are in the first entry.
    count_ = numbers_.Read(file_, layout_.section_count, 2);
    if (count_ == 0) count_ = Word(first, layout_.size);
    names_index_ = numbers_.Read(file_, layout_.names_index, 2);
    if (names_index_ == SHN_XINDEX) names_index_ = numbers_.Read(first, layout_.link, 4);
    if (count_ > file_.size() / entry_bytes_ || !Slice(file_, offset, count_ * entry_bytes_, &bytes_)) return Outside();
    return absl::OkStatus();
  }

  uint64_t count() const { return count_; }
  // The section that holds all names; at or past count() if there is none.
  uint64_t names_index() const { return names_index_; }

  // All of an entry but the section's name. False if its content is not in the file.
  bool Fill(uint64_t index, ElfSection* section) const {
    const absl::string_view entry = Entry(index);
    const uint64_t type = numbers_.Read(entry, kEntryType, 4);
    if (type == SHT_NOBITS || type == SHT_NULL) return true;
    return Slice(file_, Word(entry, layout_.offset), Word(entry, layout_.size), &section->content);
  }

  // False if the name is not in `names`, does not end there, or is too long.
  bool FillName(uint64_t index, absl::string_view names, ElfSection* section) const {
    const uint64_t offset = numbers_.Read(Entry(index), kEntryName, 4);
    if (offset >= names.size()) return offset == 0;
    const absl::string_view name = names.substr(offset, kMaxNameBytes + 1);
    const size_t end = name.find('\0');
    if (end == absl::string_view::npos) return false;
    section->name = name.substr(0, end);
    return true;
  }

 private:
  static absl::Status Outside() { return absl::DataLossError("parse ELF file: section table is not in the file"); }
  absl::string_view Entry(uint64_t index) const { return bytes_.substr(index * entry_bytes_, layout_.entry_bytes); }
  uint64_t Word(absl::string_view bytes, size_t offset) const {
    return numbers_.Read(bytes, offset, layout_.word_bytes);
  }

  const absl::string_view file_;
  const Layout& layout_;
  const Numbers numbers_;
  absl::string_view bytes_;
  uint64_t entry_bytes_ = 0;
  uint64_t count_ = 0;
  uint64_t names_index_ = 0;
};

}  // namespace

const ElfSection* ElfSections::Find(absl::string_view name) const {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [name](const ElfSection& section) { return section.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

absl::StatusOr<ElfSections> ParseElfSections(absl::string_view file) {
  if (file.size() < EI_NIDENT || !absl::StartsWith(file, ELFMAG)) {
    return absl::InvalidArgumentError("parse ELF file: no ELF header");
  }
  const char file_class = file[EI_CLASS];
  const char byte_order = file[EI_DATA];
  if ((file_class != ELFCLASS32 && file_class != ELFCLASS64) ||
      (byte_order != ELFDATA2LSB && byte_order != ELFDATA2MSB)) {
    return absl::InvalidArgumentError("parse ELF file: unknown class or byte order");
  }
  ElfSections elf;
  const Layout& layout = file_class == ELFCLASS64 ? kLayout64 : kLayout32;
  if (file.size() < layout.header_bytes) return absl::DataLossError("parse ELF file: header is cut short");
  const Numbers numbers(byte_order == ELFDATA2MSB);
  Table table(file, layout, numbers);
  if (absl::Status status = table.Locate(); !status.ok()) return status;
  ElfSection names;
  const bool has_names = table.names_index() < table.count() && table.Fill(table.names_index(), &names);
  elf.sections.resize(table.count());
  for (uint64_t i = 0; i < table.count(); ++i) {
    const bool has_content = table.Fill(i, &elf.sections[i]);
    const bool has_name = has_names && table.FillName(i, names.content, &elf.sections[i]);
    if (!has_content || !has_name) ++elf.damaged;
  }
  return elf;
}

}  // namespace rollcall

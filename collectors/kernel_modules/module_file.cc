#include "collectors/kernel_modules/module_file.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/kernel_modules/module_signature.h"
#include "platform/decompress.h"
#include "platform/elf_sections.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

void ParseContent(absl::string_view content, ModuleFile* file) {
  auto signature = ParseModuleSignature(content);
  if (signature.ok()) {
    file->signature = *std::move(signature);
  } else {
    file->problems.push_back(signature.status());
  }
  const absl::StatusOr<ElfSections> elf = ParseElfSections(content);
  if (!elf.ok()) {
    file->problems.push_back(elf.status());
    return;
  }
  const ElfSection* section = elf->Find(".modinfo");
  if (section == nullptr) {
    file->problems.push_back(absl::DataLossError("parse module: no .modinfo section"));
    return;
  }
  ModinfoParse parse = ParseModinfo(section->content);
  file->info = std::move(parse.info);
  if (parse.damaged > 0) {
    file->problems.push_back(absl::DataLossError(absl::StrCat("parse .modinfo: damaged entries: ", parse.damaged)));
  }
}

}  // namespace

ModuleFile ParseModuleFile(absl::string_view bytes) {
  ModuleFile file;
  file.sha256 = Sha256Hex(bytes);
  if (CompressionOf(bytes) == Compression::kNone) {
    ParseContent(bytes, &file);
    return file;
  }
  const absl::StatusOr<std::string> content = Decompress(bytes, kMaxModuleBytes);
  if (content.ok()) {
    ParseContent(*content, &file);
  } else {
    file.problems.push_back(content.status());
  }
  return file;
}

void ModuleFiles::BeginRun() {
  for (auto entry = known_.begin(); entry != known_.end();) {
    entry = entry->second.last_used_run == run_ ? std::next(entry) : known_.erase(entry);
  }
  ++run_;
}

absl::StatusOr<const ModuleFile*> ModuleFiles::Get(const FileTree& files, absl::string_view path) {
  const absl::StatusOr<FileInfo> info = files.Stat(path);
  if (!info.ok()) return info.status();
  auto entry = known_.find(path);
  if (entry != known_.end() && entry->second.info == *info) {
    entry->second.last_used_run = run_;
    return &entry->second.file;
  }
  const absl::StatusOr<std::string> bytes = files.ReadFile(path, kMaxModuleBytes);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<FileInfo> after = files.Stat(path);
  if (!after.ok()) return after.status();
  if (*info != *after) return absl::AbortedError(absl::StrCat("read ", path, ": changed while it was read"));
  if (entry == known_.end()) entry = known_.emplace(std::string(path), Entry()).first;
  entry->second = {.info = *info, .last_used_run = run_, .file = ParseModuleFile(*bytes)};
  return &entry->second.file;
}

}  // namespace rollcall

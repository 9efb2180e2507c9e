#include "collectors/kernel_modules/modinfo.h"

#include "absl/strings/str_split.h"
#include "collectors/kernel_modules/proc_modules.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxDepends = 1'000;

void SetFirst(absl::string_view value, std::string* field) {
  if (field->empty()) *field = ToRecordText(value);
}

void SetDepends(absl::string_view value, std::vector<std::string>* depends) {
  if (!depends->empty()) return;
  for (const absl::string_view name : absl::StrSplit(value, ',', absl::SkipEmpty())) {
    if (depends->size() >= kMaxDepends) return;
    depends->push_back(ToRecordText(name));
  }
}

void Set(absl::string_view key, absl::string_view value, Modinfo* info) {
  if (key == "license") {
    SetFirst(value, &info->licence);
  } else if (key == "description") {
    SetFirst(value, &info->description);
  } else if (key == "version") {
    SetFirst(value, &info->version);
  } else if (key == "srcversion") {
    SetFirst(value, &info->srcversion);
  } else if (key == "vermagic") {
    SetFirst(value, &info->vermagic);
  } else if (key == "name") {
    SetFirst(value, &info->name);
  } else if (key == "depends") {
    SetDepends(value, &info->depends);
  } else if (key == "intree") {
    info->in_tree = value == "Y";
  }
}

// Calls `visit(key, value)` for each entry; returns how many are damaged.
template <typename Visit>
uint64_t ForEachEntry(absl::string_view text, Visit visit) {
  uint64_t damaged = 0;
  while (!text.empty()) {
    const size_t end = text.find('\0');
    const absl::string_view entry = text.substr(0, end);
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
    if (entry.empty()) continue;  // padding
    const size_t equals = entry.find('=');
    const bool whole = end != absl::string_view::npos && equals != absl::string_view::npos;
    if (!whole) {
      ++damaged;
      continue;
    }
    visit(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return damaged;
}

}  // namespace

ModinfoParse ParseModinfo(absl::string_view section) {
  ModinfoParse parse;
  parse.damaged =
      ForEachEntry(section, [&](absl::string_view key, absl::string_view value) { Set(key, value, &parse.info); });
  return parse;
}

BuiltinModinfoParse ParseBuiltinModinfo(absl::string_view text) {
  BuiltinModinfoParse parse;
  uint64_t misplaced = 0;
  parse.damaged = ForEachEntry(text, [&](absl::string_view key, absl::string_view value) {
    const size_t dot = key.find('.');
    const std::string module(key.substr(0, dot));
    const bool fits = parse.modules.size() < kMaxBuiltinModules || parse.modules.count(module) > 0;
    if (dot == absl::string_view::npos || !IsModuleName(module) || !fits) {
      ++misplaced;
      return;
    }
    Set(key.substr(dot + 1), value, &parse.modules[module]);
  });
  parse.damaged += misplaced;
  return parse;
}

}  // namespace rollcall

#include "collectors/kernel_modules/proc_modules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

using rollcall::v1::KernelModule;

// MODULE_NAME_LEN of the kernel, with its final NUL.
constexpr size_t kMaxNameBytes = 64;
constexpr absl::string_view kPermanent = "[permanent]";

KernelModule::State StateOf(absl::string_view word) {
  if (word == "Live") return KernelModule::LIVE;
  if (word == "Loading") return KernelModule::LOADING;
  if (word == "Unloading") return KernelModule::UNLOADING;
  return KernelModule::STATE_UNSPECIFIED;
}

// `a,b,[permanent],` or `-`.
bool ParseUsers(absl::string_view text, ProcModule* module) {
  if (text == "-") return true;
  bool good = true;
  for (const absl::string_view user : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    if (user == kPermanent) {
      module->permanent = true;
    } else if (IsModuleName(user)) {
      module->used_by.emplace_back(user);
    } else {
      good = false;
    }
  }
  std::sort(module->used_by.begin(), module->used_by.end());
  return good;
}

bool ParseRefcount(absl::string_view text, ProcModule* module) {
  if (text == "-") return true;
  uint32_t count = 0;
  if (!absl::SimpleAtoi(text, &count)) return false;
  module->refcount = count;
  return true;
}

bool ParseSize(absl::string_view text, ProcModule* module) {
  uint64_t size = 0;
  if (!absl::SimpleAtoi(text, &size)) return false;
  module->size_bytes = size;
  return true;
}

// `(OE)`; a `+` or `-` in it says that the module is being loaded or unloaded.
bool ParseTaints(absl::string_view text, ProcModule* module) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  bool good = true;
  for (const char c : text.substr(1, text.size() - 2)) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) {
      module->taint_letters.push_back(c);
    } else if (c != '+' && c != '-') {
      good = false;
    }
  }
  return good;
}

// The first thing wrong with a line, or "".
absl::string_view ParseLine(absl::string_view line, ProcModule* module) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (fields.empty() || !IsModuleName(fields[0])) return "no module name";
  module->name = std::string(fields[0]);
  constexpr size_t kFewestFields = 6;
  absl::string_view wrong;
  const auto check = [&wrong](bool good, absl::string_view what) {
    if (!good && wrong.empty()) wrong = what;
  };
  const auto field = [&fields](size_t i) { return i < fields.size() ? fields[i] : absl::string_view(); };
  check(fields.size() >= kFewestFields, "cut short");
  check(ParseSize(field(1), module), "size is no number");
  check(ParseRefcount(field(2), module), "number of users is no number");
  check(ParseUsers(field(3), module), "users are no module names");
  module->state = StateOf(field(4));
  check(module->state != KernelModule::STATE_UNSPECIFIED, "unknown state");
  if (fields.size() > kFewestFields) check(ParseTaints(fields[kFewestFields], module), "unknown taints");
  return wrong;
}

}  // namespace

bool IsModuleName(absl::string_view name) {
  return !name.empty() && name.size() < kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

ProcModulesParse ParseProcModules(absl::string_view text) {
  ProcModulesParse parse;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    ProcModule module;
    const absl::string_view wrong = ParseLine(line, &module);
    if (!wrong.empty() && ++parse.problem_count <= kMaxProcModulesProblems) {
      parse.problems.push_back(absl::InvalidArgumentError(absl::StrCat("parse line ", number, ": ", wrong)));
    }
    if (!module.name.empty()) parse.modules.push_back(std::move(module));
  }
  return parse;
}

}  // namespace rollcall

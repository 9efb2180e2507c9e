#include "platform/systemd/unit_name.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr size_t kMaxUnitNameBytes = 255;

constexpr std::array<absl::string_view, 11> kTypes = {"service",   "mount", "swap", "socket", "target", "device",
                                                      "automount", "timer", "path", "slice",  "scope"};

bool IsUnitNameByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view(":-_.\\@").find(c) != absl::string_view::npos;
}

// `name` without the dot and its type.
absl::string_view Stem(absl::string_view name) { return name.substr(0, name.rfind('.')); }

template <typename Array>
bool Contains(const Array& array, absl::string_view text) {
  return std::find(array.begin(), array.end(), text) != array.end();
}

}  // namespace

bool IsUnitName(absl::string_view name) {
  const size_t dot = name.rfind('.');
  if (name.size() > kMaxUnitNameBytes || dot == absl::string_view::npos || dot == 0 || name[0] == '@') return false;
  return Contains(kTypes, name.substr(dot + 1)) && std::all_of(name.begin(), name.end(), IsUnitNameByte);
}

absl::string_view UnitTypeOf(absl::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == absl::string_view::npos ? absl::string_view() : name.substr(dot + 1);
}

bool IsUnitTemplate(absl::string_view name) {
  const absl::string_view stem = Stem(name);
  const size_t at = stem.find('@');
  return at != absl::string_view::npos && at + 1 == stem.size();
}

bool IsUnitInstance(absl::string_view name) { return !UnitInstanceOf(name).empty(); }

absl::string_view UnitInstanceOf(absl::string_view name) {
  const absl::string_view stem = Stem(name);
  const size_t at = stem.find('@');
  return at == absl::string_view::npos ? absl::string_view() : stem.substr(at + 1);
}

absl::string_view UnitPrefixOf(absl::string_view name) {
  const absl::string_view stem = Stem(name);
  return stem.substr(0, stem.find('@'));
}

std::string UnitTemplateOf(absl::string_view name) {
  if (Stem(name).find('@') == absl::string_view::npos) return "";
  return absl::StrCat(UnitPrefixOf(name), "@.", UnitTypeOf(name));
}

std::string UnitInstanceName(absl::string_view template_name, absl::string_view instance) {
  return absl::StrCat(UnitPrefixOf(template_name), "@", instance, ".", UnitTypeOf(template_name));
}

bool UnitTypeMayAlias(absl::string_view type) {
  constexpr std::array<absl::string_view, 6> kMay = {"service", "socket", "target", "device", "timer", "path"};
  return Contains(kMay, type);
}

bool UnitTypeMayTemplate(absl::string_view type) {
  constexpr std::array<absl::string_view, 5> kMay = {"service", "socket", "target", "timer", "path"};
  return Contains(kMay, type);
}

bool IsValidUnitAlias(absl::string_view name, absl::string_view target) {
  if (!IsUnitName(name) || !IsUnitName(target)) return false;
  const absl::string_view type = UnitTypeOf(name);
  if (type != UnitTypeOf(target) || !UnitTypeMayAlias(type)) return false;
  const bool plain = UnitTemplateOf(name).empty();
  if (!plain && !UnitTypeMayTemplate(type)) return false;
  if (IsUnitInstance(name)) {
    return IsUnitTemplate(target) || UnitInstanceOf(name) == UnitInstanceOf(target);
  }
  return plain ? UnitTemplateOf(target).empty() : IsUnitTemplate(target);
}

}  // namespace rollcall

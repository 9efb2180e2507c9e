#include "collectors/kernel_modules/module_taints.h"

#include "absl/strings/ascii.h"

namespace rollcall {
namespace {

std::string NameOf(char letter) {
  switch (letter) {
    case 'P':
      return "proprietary";
    case 'F':
      return "forced_load";
    case 'R':
      return "forced_unload";
    case 'C':
      return "staging";
    case 'O':
      return "out_of_tree";
    case 'E':
      return "unsigned";
    case 'K':
      return "livepatch";
    case 'X':
      return "auxiliary";
    case 'T':
      return "randstruct";
    case 'N':
      return "test";
    default:
      return std::string(1, letter);
  }
}

}  // namespace

std::vector<std::string> TaintNames(absl::string_view letters) {
  std::vector<std::string> names;
  for (const char letter : letters) {
    if (absl::ascii_isupper(static_cast<unsigned char>(letter))) names.push_back(NameOf(letter));
  }
  return names;
}

}  // namespace rollcall

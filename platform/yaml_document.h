// A file of settings as one YAML document.
#ifndef ROLLCALL_PLATFORM_YAML_DOCUMENT_H_
#define ROLLCALL_PLATFORM_YAML_DOCUMENT_H_

#include <yaml-cpp/yaml.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Largest file of settings.
inline constexpr size_t kMaxYamlBytes = size_t{256} << 10;

// The document's root; null for a text without any. InvalidArgument, as `FILE:LINE: what is wrong`, if
// the text is too large, not YAML, or holds several documents: of those, all but one would be ignored
// without a word. Pure.
absl::StatusOr<YAML::Node> ParseYamlDocument(absl::string_view bytes, absl::string_view file_name);

// Line the node stands on, counted from 1.
int YamlLine(const YAML::Node& node);

// `'text'` for a message: on one line, whatever it holds, and cut if it is long.
std::string QuotedSetting(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_YAML_DOCUMENT_H_

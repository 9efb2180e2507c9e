// The YAML file, as a list of settings with the lines they stand on.
#ifndef ROLLCALL_AGENT_CONFIG_CONFIG_FILE_H_
#define ROLLCALL_AGENT_CONFIG_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/config/settings.h"

namespace rollcall {

struct FileSetting {
  const Setting* setting = nullptr;
  int line = 0;
  std::vector<std::string> values;
};

// Largest configuration file; kMaxYamlBytes of platform/yaml_document.h.
inline constexpr size_t kMaxConfigBytes = size_t{256} << 10;

// Parses the file's bytes. Values are not interpreted. InvalidArgument lists every mistake,
// one a line, as `FILE:LINE: SETTING: what is wrong`; unknown keys are mistakes and come with
// the nearest known one. `settings` must outlive the result. Pure.
absl::StatusOr<std::vector<FileSetting>> ParseConfigFile(absl::string_view bytes, absl::string_view file_name,
                                                         const std::vector<Setting>& settings);

// The candidate with the least edits from `word`, if few enough for a typing mistake; else "".
std::string NearestWord(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_CONFIG_CONFIG_FILE_H_

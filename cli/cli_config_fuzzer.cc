// Bytes as the CLI's configuration: never a crash, and a mistake is on a line of the file.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/cli_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto config = rollcall::ParseCliConfig(bytes, "f");
  if (config.ok()) {
    rollcall::CheckComplete(*config).IgnoreError();
    return 0;
  }
  const std::vector<std::string> parts = absl::StrSplit(config.status().message(), absl::MaxSplits(':', 2));
  int line = 0;
  if (parts.size() != 3 || parts[0] != "f" || !absl::SimpleAtoi(parts[1], &line) || line < 1) std::abort();
  return 0;
}

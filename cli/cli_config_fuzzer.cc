// Bytes as the CLI's configuration, a login file included: never a crash, a mistake is on a line of the file, and what
// was read is read again from what is written of it.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/cli_config.h"

namespace {

void CheckMistake(const absl::Status& status) {
  const std::vector<std::string> parts = absl::StrSplit(status.message(), absl::MaxSplits(':', 2));
  int line = 0;
  if (parts.size() != 3 || parts[0] != "f" || !absl::SimpleAtoi(parts[1], &line) || line < 1) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto login = rollcall::ParseCliConfig(bytes, "f");
  if (login.ok()) rollcall::CheckComplete(*login).IgnoreError();
  if (!login.ok()) CheckMistake(login.status());
  const auto file = rollcall::ParseCliConfigFile(bytes, "f");
  if (!file.ok()) {
    CheckMistake(file.status());
    return 0;
  }
  // A login file is a configuration file without contexts.
  if (file->contexts.empty() && login.ok() && !(file->flat == *login)) std::abort();
  const auto again = rollcall::ParseCliConfigFile(rollcall::FormatCliConfigFile(*file), "f");
  if (!again.ok() || !(*again == *file)) std::abort();
  return 0;
}

// Bytes as a configuration file: never a crash, and every mistake is on a line of the file.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "agent/config/config_file.h"
#include "agent/config/load_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<rollcall::Setting> settings = rollcall::AllSettings(
      {{"ports", absl::Minutes(5), absl::Minutes(1)}, {"processes", absl::Minutes(5), absl::Minutes(1)}});
  rollcall::ConfigSources sources;
  sources.file_name = "f";
  sources.file = std::string(reinterpret_cast<const char*>(data), size);
  sources.environment = [](const std::string&) { return std::nullopt; };
  const auto loaded = rollcall::LoadConfig(settings, sources);
  if (!loaded.ok()) {
    const absl::string_view message = loaded.status().message();
    if (!absl::StartsWith(message, "f:") && !absl::StartsWith(message, "collectors.") &&
        !absl::StartsWith(message, "watchdog.")) {
      abort();
    }
    return 0;
  }
  // What was accepted is accepted again from its own print-out.
  sources.file = rollcall::ConfigYaml(settings, *loaded);
  const auto again = rollcall::LoadConfig(settings, sources);
  if (!again.ok()) abort();
  return 0;
}

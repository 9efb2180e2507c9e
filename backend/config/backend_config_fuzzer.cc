// Bytes as the backend's configuration: every mistake is on a line of the file, and what was accepted
// is accepted again from its own print-out.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "backend/config/backend_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  rollcall::BackendConfig config;
  const absl::Status status = rollcall::ApplyConfigFile(bytes, "f", &config);
  for (absl::string_view line : absl::StrSplit(status.message(), '\n', absl::SkipEmpty())) {
    if (!absl::StartsWith(line, "f:")) std::abort();
  }
  for (const rollcall::BackendSetting& setting : rollcall::BackendSettings()) {
    const std::string text = rollcall::BackendSettingText(setting.name, config);
    rollcall::BackendConfig again;
    if (!rollcall::StoreBackendSetting(setting.name, text, &again).ok()) std::abort();
    if (rollcall::BackendSettingText(setting.name, again) != text) std::abort();
  }
  return 0;
}

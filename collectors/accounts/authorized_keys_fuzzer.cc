#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "collectors/accounts/authorized_keys.h"
#include "collectors/accounts/sshd_config.h"
#include "platform/memory_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr size_t kMaxKeys = 4;
  const rollcall::KeyFile file = rollcall::ParseAuthorizedKeys(text, kMaxKeys);
  if (file.keys.size() > kMaxKeys || file.keys.size() > file.key_count) std::abort();
  for (const rollcall::KeyLine& key : file.keys) {
    // `SHA256:` and 32 bytes in base64.
    if (key.type.empty() || key.fingerprint.size() != 50) std::abort();
  }
  rollcall::MemoryTree files;
  files.SetFile("/etc/ssh/sshd_config", text);
  const std::vector<absl::string_view> groups = {"alice", "staff"};
  const rollcall::KeyLocations locations = rollcall::ReadKeyLocations(files);
  if (locations.blocks.size() > rollcall::kMaxKeyBlocks) std::abort();
  for (const std::string& pattern : rollcall::KeyPlacesOf(locations, "alice", &groups).patterns) {
    const std::string path = rollcall::ExpandKeyPath(pattern, "alice", 1000, "/home/alice");
    if (!path.empty() && !absl::StartsWith(path, "/")) std::abort();
  }
  return 0;
}

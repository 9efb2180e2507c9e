// AES-256-GCM with a random nonce, and keys that are wiped.
#ifndef ROLLCALL_BACKEND_KEYS_AES_GCM_H_
#define ROLLCALL_BACKEND_KEYS_AES_GCM_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

inline constexpr size_t kSecretKeyBytes = 32;
inline constexpr size_t kNonceBytes = 12;
inline constexpr size_t kTagBytes = 16;

// 256 bits that are overwritten when they go. Movable, not copyable; moved from, it is zeros.
class SecretKey {
 public:
  SecretKey() = default;
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  ~SecretKey();

  // From the system's random number generator.
  static absl::StatusOr<SecretKey> Random();
  // Takes the bytes, and wipes them where they were. InvalidArgument if they are not 32.
  static absl::StatusOr<SecretKey> Take(std::string* bytes);

  // The secret itself, as long as the key lives.
  absl::string_view bytes() const {
    return absl::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  }

 private:
  std::array<uint8_t, kSecretKeyBytes> bytes_ = {};
};

// Random bytes, such as ids. Internal if there are none to be had.
absl::StatusOr<std::string> RandomBytes(size_t count);

// Overwrites the bytes of a string, and empties it.
void Wipe(std::string* secret);

// nonce || ciphertext || tag. The nonce is random: no more than 2^32 messages may be sealed with one key (NIST SP
// 800-38D section 8.3). `context` is authenticated and not contained. Pure but for the nonce; thread-safe.
absl::StatusOr<std::string> SealAesGcm(const SecretKey& key, absl::string_view context, absl::string_view plaintext);

// The plaintext. PermissionDenied if key, context or a bit of `sealed` is another.
absl::StatusOr<std::string> OpenAesGcm(const SecretKey& key, absl::string_view context, absl::string_view sealed);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_AES_GCM_H_

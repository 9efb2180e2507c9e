// Data keys: what a bucket's payload is encrypted with, wherever it is kept.
#ifndef ROLLCALL_BACKEND_KEYS_DATA_KEY_H_
#define ROLLCALL_BACKEND_KEYS_DATA_KEY_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/keys/aes_gcm.h"
#include "rollcall/v1/ledger.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

inline constexpr size_t kKeyIdBytes = 16;

// The bucket's tag: tenant, region, hosting service, category and day, length-prefixed. Authenticated with all that
// is encrypted, so that nothing can be passed off as another bucket's. Pure.
std::string BucketTag(const pb::BucketName& bucket);

// The id of the key an envelope was sealed with. InvalidArgument if it is no envelope. Pure.
absl::StatusOr<std::string> KeyIdOfEnvelope(absl::string_view envelope);

// A key in the open. Keep it for one piece of work only: the store cannot destroy what somebody holds. Movable;
// immutable, so thread-safe.
class DataKey {
 public:
  DataKey(std::string id, std::string tag, SecretKey secret)
      : id_(std::move(id)), tag_(std::move(tag)), secret_(std::move(secret)) {}

  // kKeyIdBytes, random; no secret.
  const std::string& id() const { return id_; }

  // An envelope: `RCE1`, key id, nonce, ciphertext, tag. 48 bytes longer than the payload. At most 2^32 per key.
  absl::StatusOr<std::string> Seal(absl::string_view payload) const;
  // PermissionDenied if it was not sealed with this key for this bucket, or was changed.
  absl::StatusOr<std::string> Open(absl::string_view envelope) const;

 private:
  std::string id_;
  std::string tag_;
  SecretKey secret_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_DATA_KEY_H_

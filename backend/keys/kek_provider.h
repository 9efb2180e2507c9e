// Key encryption keys: one per tenant and region, which wrap that tenant's data keys.
#ifndef ROLLCALL_BACKEND_KEYS_KEK_PROVIDER_H_
#define ROLLCALL_BACKEND_KEYS_KEK_PROVIDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/keys/aes_gcm.h"

namespace rollcall {

struct KekName {
  std::string tenant;
  std::string region;
};

// Wraps and unwraps, so that a key management service need never hand its keys out. Thread-safe.
class KekProvider {
 public:
  virtual ~KekProvider() = default;
  // `context` is authenticated. NotFound if there is no such key. The result begins with a nonce of kNonceBytes that
  // is random and no secret.
  virtual absl::StatusOr<std::string> Wrap(const KekName& name, absl::string_view context, const SecretKey& key) = 0;
  // PermissionDenied if it was not wrapped by this key in this context.
  virtual absl::StatusOr<SecretKey> Unwrap(const KekName& name, absl::string_view context,
                                           absl::string_view wrapped) = 0;
};

// Keys in files FOLDER/REGION/TENANT.kek, mode 0600 in folders of mode 0700: base64 of 32 bytes and a newline.
// Keep the folder on another disk than the data keys, and out of their backups.
class FileKekProvider : public KekProvider {
 public:
  explicit FileKekProvider(std::string folder) : folder_(std::move(folder)) {}

  // Makes a key. AlreadyExists if there is one; InvalidArgument if a name is not 1 to 63 of [a-z0-9-], beginning and
  // ending with a letter or digit.
  absl::Status Create(const KekName& name);
  // Whether there is one, readable or not.
  absl::StatusOr<bool> Has(const KekName& name) const;
  // Overwrites and removes the key: every data key it wraps is lost with it. NotFound if there is none.
  absl::Status Destroy(const KekName& name);

  // PermissionDenied if others may read the file.
  absl::StatusOr<std::string> Wrap(const KekName& name, absl::string_view context, const SecretKey& key) override;
  absl::StatusOr<SecretKey> Unwrap(const KekName& name, absl::string_view context, absl::string_view wrapped) override;

 private:
  absl::StatusOr<std::string> PathOf(const KekName& name) const;
  absl::StatusOr<SecretKey> Load(const KekName& name) const;

  const std::string folder_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_KEK_PROVIDER_H_

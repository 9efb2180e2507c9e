#include "backend/keys/kek_provider.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "backend/keys/private_file.h"
#include "backend/pki/credential_files.h"
#include "backend/pki/peer_identity.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<std::string> FileKekProvider::PathOf(const KekName& name) const {
  // A region is written as a tenant is, and both become file names.
  if (!ValidateTenantName(name.tenant).ok() || !ValidateTenantName(name.region).ok()) {
    return absl::InvalidArgumentError("find key encryption key: not a tenant's and a region's name");
  }
  return absl::StrCat(folder_, "/", name.region, "/", name.tenant, ".kek");
}

absl::Status FileKekProvider::Create(const KekName& name) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string path, PathOf(name));
  ROLLCALL_RETURN_IF_ERROR(MakePrivateFolder(absl::StrCat(folder_, "/", name.region)));
  ROLLCALL_ASSIGN_OR_RETURN(const SecretKey key, SecretKey::Random());
  std::string text = absl::StrCat(absl::Base64Escape(key.bytes()), "\n");
  const absl::Status status = CreatePrivateFile(path, text);
  Wipe(&text);
  return status;
}

absl::StatusOr<bool> FileKekProvider::Has(const KekName& name) const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string path, PathOf(name));
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT) return false;
  return absl::ErrnoToStatus(errno, absl::StrCat("find key encryption key ", path));
}

absl::Status FileKekProvider::Destroy(const KekName& name) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string path, PathOf(name));
  return ErasePrivateFile(path);
}

absl::StatusOr<SecretKey> FileKekProvider::Load(const KekName& name) const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string path, PathOf(name));
  ROLLCALL_ASSIGN_OR_RETURN(std::string text, ReadPrivateFile(path));
  std::string bytes;
  const bool decoded = absl::Base64Unescape(absl::StripSuffix(text, "\n"), &bytes);
  Wipe(&text);
  absl::StatusOr<SecretKey> key = SecretKey::Take(&bytes);
  if (!decoded || !key.ok()) {
    return absl::DataLossError(absl::StrCat("read key encryption key ", path, ": it is not base64 of 32 bytes"));
  }
  return key;
}

absl::StatusOr<std::string> FileKekProvider::Wrap(const KekName& name, absl::string_view context,
                                                  const SecretKey& key) {
  ROLLCALL_ASSIGN_OR_RETURN(const SecretKey kek, Load(name));
  return SealAesGcm(kek, context, key.bytes());
}

absl::StatusOr<SecretKey> FileKekProvider::Unwrap(const KekName& name, absl::string_view context,
                                                  absl::string_view wrapped) {
  ROLLCALL_ASSIGN_OR_RETURN(const SecretKey kek, Load(name));
  ROLLCALL_ASSIGN_OR_RETURN(std::string bytes, OpenAesGcm(kek, context, wrapped));
  return SecretKey::Take(&bytes);
}

}  // namespace rollcall

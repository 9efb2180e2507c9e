// Certificates and keys on disk: atomic writes, keys readable by their owner only.
#ifndef ROLLCALL_BACKEND_PKI_CREDENTIAL_FILES_H_
#define ROLLCALL_BACKEND_PKI_CREDENTIAL_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/pki/certificate_authority.h"

namespace rollcall {

// Writes `contents` to `path` with permission `mode`: temporary file in the same folder,
// fsync, rename, fsync of the folder. After a crash the old or the new file is there, whole.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents, unsigned mode);

// Reads a small file (at most 1 MiB). NotFound, PermissionDenied, ResourceExhausted, DataLoss.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

// Makes a folder and its parents with mode 0700; existing ones are left as they are.
absl::Status MakePrivateFolder(const std::string& path);

// `FOLDER/NAME.crt` (0644) and `FOLDER/NAME.key` (0600). The key is written first, so a
// certificate on disk always has its key.
absl::Status WriteCertifiedKey(const std::string& folder, absl::string_view name, const CertifiedKey& pair);

// Reads both. NotFound names the missing file.
absl::StatusOr<CertifiedKey> ReadCertifiedKey(const std::string& folder, absl::string_view name);

// The authority kept in `folder` as ca.crt and ca.key.
absl::StatusOr<CertificateAuthority> LoadAuthority(const std::string& folder);

// Writes the authority. AlreadyExists if the folder has a ca.key or ca.crt, unless `force`:
// replacing an authority orphans every certificate it issued.
absl::Status SaveAuthority(const std::string& folder, const CertificateAuthority& authority, bool force);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PKI_CREDENTIAL_FILES_H_

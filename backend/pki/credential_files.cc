#include "backend/pki/credential_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;

absl::Status Failed(absl::string_view verb, absl::string_view path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(verb, " ", path));
}

absl::Status WriteAll(int fd, absl::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? std::string(1, '.') : parent.string();
  const ScopedFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return Failed("sync folder", folder);
  return absl::OkStatus();
}

absl::Status WriteTemporary(const std::string& path, absl::string_view contents, unsigned mode) {
  // O_EXCL: never write through a file or link somebody else put there.
  ::unlink(path.c_str());
  const ScopedFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.valid()) return Failed("create", path);
  if (::fchmod(fd.get(), mode) != 0) return Failed("set permissions of", path);
  if (absl::Status status = WriteAll(fd.get(), contents, path); !status.ok()) return status;
  if (::fsync(fd.get()) != 0) return Failed("sync", path);
  return absl::OkStatus();
}

bool Exists(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0;
}

std::string InFolder(const std::string& folder, absl::string_view name) { return absl::StrCat(folder, "/", name); }

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, absl::string_view contents, unsigned mode) {
  const std::string temporary = absl::StrCat(path, ".tmp.", ::getpid());
  absl::Status status = WriteTemporary(temporary, contents, mode);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) status = Failed("rename to", path);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncFolderOf(path);
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Failed("read", path);
  std::string contents;
  char buffer[8192];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path);
    if (got == 0) return contents;
    contents.append(buffer, static_cast<size_t>(got));
    if (contents.size() > kMaxFile) {
      return absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than 1 MiB"));
    }
  }
}

absl::Status MakePrivateFolder(const std::string& path) {
  std::string prefix;
  for (const auto& part : std::filesystem::path(path)) {
    prefix = (std::filesystem::path(prefix) / part).string();
    if (::mkdir(prefix.c_str(), 0700) != 0 && errno != EEXIST) return Failed("create folder", prefix);
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return absl::FailedPreconditionError(absl::StrCat("create folder ", path, ": something else has that name"));
  }
  return absl::OkStatus();
}

absl::Status WriteCertifiedKey(const std::string& folder, absl::string_view name, const CertifiedKey& pair) {
  absl::Status status = WriteFileAtomically(InFolder(folder, absl::StrCat(name, ".key")), pair.key_pem, 0600);
  if (!status.ok()) return status;
  return WriteFileAtomically(InFolder(folder, absl::StrCat(name, ".crt")), pair.certificate_pem, 0644);
}

absl::StatusOr<CertifiedKey> ReadCertifiedKey(const std::string& folder, absl::string_view name) {
  absl::StatusOr<std::string> certificate = ReadSmallFile(InFolder(folder, absl::StrCat(name, ".crt")));
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadSmallFile(InFolder(folder, absl::StrCat(name, ".key")));
  if (!key.ok()) return key.status();
  return CertifiedKey{*std::move(certificate), *std::move(key)};
}

absl::StatusOr<CertificateAuthority> LoadAuthority(const std::string& folder) {
  absl::StatusOr<CertifiedKey> pem = ReadCertifiedKey(folder, "ca");
  if (!pem.ok()) return pem.status();
  return CertificateAuthority::Load(*pem);
}

absl::Status SaveAuthority(const std::string& folder, const CertificateAuthority& authority, bool force) {
  const bool exists = Exists(InFolder(folder, "ca.key")) || Exists(InFolder(folder, "ca.crt"));
  if (exists && !force) {
    return absl::AlreadyExistsError(absl::StrCat("create authority in ", folder,
                                                 ": there is one already, and replacing it would invalidate every "
                                                 "certificate it issued; use --force to do so"));
  }
  return WriteCertifiedKey(folder, "ca", authority.pem());
}

}  // namespace rollcall

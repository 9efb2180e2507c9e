#include "platform/host_identity.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/cloud_facts.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

constexpr size_t kMachineIdLength = 32;
constexpr size_t kMaxIdBytes = 128;

bool IsMachineId(absl::string_view text) {
  const auto is_hex = [](unsigned char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); };
  return text.size() == kMachineIdLength && std::all_of(text.begin(), text.end(), is_hex) &&
         text.find_first_not_of('0') != absl::string_view::npos;
}

bool IsKeptId(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-'; });
}

absl::Status WriteDurably(const std::string& path, absl::string_view text) {
  const std::string temporary = path + ".new";
  ScopedFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "create", temporary);
  const ssize_t written = ::write(fd.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()))
    return ErrnoStatus(written < 0 ? errno : ENOSPC, "write", temporary);
  if (::fsync(fd.get()) != 0) return ErrnoStatus(errno, "sync", temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "rename", temporary);
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  ScopedFd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid() || ::fsync(parent.get()) != 0) return ErrnoStatus(errno, "sync", directory);
  return absl::OkStatus();
}

}  // namespace

std::string ReadMachineId(const FileTree& tree) {
  for (const absl::string_view path : {"/etc/machine-id", "/var/lib/dbus/machine-id"}) {
    absl::StatusOr<std::string> text = tree.ReadFile(path, kMaxIdBytes);
    if (!text.ok()) continue;
    const absl::string_view id = absl::StripAsciiWhitespace(*text);
    if (IsMachineId(id)) return std::string(id);
  }
  return "";
}

HostIdentity IdentifyHost(const FileTree& tree, absl::string_view kept_id, bool cloud_facts) {
  if (cloud_facts) {
    std::vector<absl::Status> unused;  // the host collector reports them
    CloudFacts cloud = ReadCloudFacts(tree, &unused);
    if (!cloud.instance_id.empty()) return {std::move(cloud.instance_id), "cloud"};
  }
  std::string machine_id = ReadMachineId(tree);
  if (!machine_id.empty()) return {std::move(machine_id), "machine-id"};
  return {std::string(kept_id), "generated"};
}

absl::StatusOr<std::string> LoadOrCreateKeptId(const std::string& path,
                                               const std::function<absl::StatusOr<std::string>()>& generate) {
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && errno != ENOENT) return ErrnoStatus(errno, "open", path);
  if (fd.valid()) {
    std::string text;
    bool truncated = false;
    const int error = ReadFd(fd.get(), 0, kMaxIdBytes, &text, &truncated);
    if (error != 0) return ErrnoStatus(error, "read", path);
    const absl::string_view id = absl::StripAsciiWhitespace(text);
    if (truncated || !IsKeptId(id)) return absl::DataLossError(absl::StrCat("read ", path, ": not an id"));
    return std::string(id);
  }
  absl::StatusOr<std::string> id = generate();
  if (!id.ok()) return id.status();
  if (!IsKeptId(*id)) return absl::InternalError("generate host id: not an id");
  if (absl::Status status = WriteDurably(path, absl::StrCat(*id, "\n")); !status.ok()) return status;
  return id;
}

absl::StatusOr<std::string> GenerateUuid() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return ErrnoStatus(errno, "read", "random bytes");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);  // RFC 4122 variant
  const std::string hex = absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(bytes), sizeof bytes));
  const absl::string_view h = hex;
  return absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-", h.substr(12, 4), "-", h.substr(16, 4), "-",
                      h.substr(20));
}

}  // namespace rollcall

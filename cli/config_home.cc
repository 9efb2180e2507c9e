#include "cli/config_home.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxText = size_t{256} << 10;

absl::Status CannotRead(absl::string_view what, const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("read ", what, " ", path, ": ", why));
}

absl::StatusOr<std::string> ReadAll(int fd, absl::string_view what, const std::string& path) {
  std::string text;
  bool truncated = false;
  const int error = ReadFd(fd, 0, kMaxText, &text, &truncated);
  if (error != 0) return CannotRead(what, path, std::strerror(error));
  if (truncated) return CannotRead(what, path, "it is larger than 256 KiB");
  return text;
}

bool HasToken(const CliConfigFile& file) {
  return !file.flat.token.empty() || std::any_of(file.contexts.begin(), file.contexts.end(),
                                                 [](const auto& context) { return !context.second.token.empty(); });
}

absl::Status WriteNew(const std::string& path, absl::string_view text) {
  ::unlink(path.c_str());
  const ScopedFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  while (!text.empty()) {
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write", path);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(fd.get()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, "sync", path);
}

absl::Status MakeFolderOf(const std::string& path) {
  std::string prefix;
  for (const auto& part : std::filesystem::path(path).parent_path()) {
    prefix = (std::filesystem::path(prefix) / part).string();
    if (::mkdir(prefix.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoStatus(errno, "create folder", prefix);
  }
  return absl::OkStatus();
}

}  // namespace

std::string DefaultConfigPath(const char* xdg_config_home, const char* home) {
  if (xdg_config_home != nullptr && xdg_config_home[0] == '/') {
    return absl::StrCat(xdg_config_home, "/rollcall/config.yaml");
  }
  if (home != nullptr && home[0] == '/') return absl::StrCat(home, "/.config/rollcall/config.yaml");
  return "";
}

absl::StatusOr<std::string> ReadTextFile(absl::string_view what, const std::string& path) {
  if (path == "-") return ReadAll(STDIN_FILENO, what, "from standard input");
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return CannotRead(what, path, std::strerror(errno));
  return ReadAll(fd.get(), what, path);
}

absl::StatusOr<CliConfigFile> LoadConfigFile(const std::string& path, bool may_be_missing) {
  constexpr absl::string_view kWhat = "configuration file";
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT && may_be_missing) return CliConfigFile();
  struct stat info;
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return CannotRead(kWhat, path, std::strerror(errno));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, ReadAll(fd.get(), kWhat, path));
  ROLLCALL_ASSIGN_OR_RETURN(CliConfigFile file, ParseCliConfigFile(text, path));
  if (S_ISREG(info.st_mode) && (info.st_mode & 077) != 0 && HasToken(file)) {
    return CannotRead(kWhat, path, "it has a token and others may use it; set its mode to 0600");
  }
  return file;
}

absl::Status SaveConfigFile(const std::string& path, const CliConfigFile& file) {
  if (path.empty()) {
    return absl::InvalidArgumentError("keep contexts: neither XDG_CONFIG_HOME nor HOME is set; give --config");
  }
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  const std::string real = error ? path : target.string();
  const std::string temporary = absl::StrCat(real, ".tmp.", ::getpid());
  absl::Status status = MakeFolderOf(real);
  if (status.ok()) status = WriteNew(temporary, FormatCliConfigFile(file));
  if (status.ok() && ::rename(temporary.c_str(), real.c_str()) != 0) status = ErrnoStatus(errno, "rename to", real);
  if (status.ok()) return status;
  ::unlink(temporary.c_str());
  // Whatever it was, it was not the backend that refused it.
  return absl::UnknownError(status.message());
}

}  // namespace rollcall

#include "backend/backup/backup_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backend/archive/running_hash.h"
#include "platform/errno_status.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

// Calls `take(bytes)` for the file's bytes, at most `limit`, and describes what it was called with.
absl::StatusOr<pb::BackedUpFile> ReadThrough(ArchiveFiles* files, const std::string& path, uint64_t limit,
                                             const std::function<absl::Status(absl::string_view)>& take) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, files->Open(path));
  RunningHash hash;
  pb::BackedUpFile file;
  file.set_path(path);
  while (file.bytes() < limit) {
    const uint64_t most = std::min<uint64_t>(kReadBytes, limit - file.bytes());
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, source->Read(static_cast<size_t>(most)));
    if (bytes.empty()) break;
    hash.Add(bytes);
    file.set_bytes(file.bytes() + bytes.size());
    ROLLCALL_RETURN_IF_ERROR(take(bytes));
  }
  ROLLCALL_ASSIGN_OR_RETURN(*file.mutable_sha256(), hash.Finish());
  return file;
}

// Whether there is a folder of that name; a link is none.
absl::StatusOr<bool> IsFolder(ArchiveFiles* files, const std::string& path) {
  const absl::StatusOr<std::vector<ArchiveEntry>> listed = files->List(path);
  if (listed.ok()) return true;
  // What is no folder cannot be listed; whether it can be read is for whoever reads it.
  if (absl::IsPermissionDenied(listed.status())) return listed.status();
  return false;
}

}  // namespace

absl::StatusOr<FolderPlace> FindPlace(const std::string& path) {
  std::string rest = path;
  while (rest.size() > 1 && absl::EndsWith(rest, "/")) rest.pop_back();
  FolderPlace place;
  place.name = rest.substr(rest.rfind('/') + 1);  // from the beginning if there is none
  place.above_path = rest == place.name ? "." : rest.substr(0, rest.size() - place.name.size());
  if (!IsPlainPath(place.name)) {
    return absl::InvalidArgumentError(absl::StrCat("make folder ", path, ": it has no name"));
  }
  ROLLCALL_ASSIGN_OR_RETURN(place.above, OpenExistingFolder(place.above_path));
  return place;
}

absl::StatusOr<std::unique_ptr<ArchiveFiles>> OpenExistingFolder(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "open folder", path);
  if (!S_ISDIR(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat("open folder ", path, ": it is none"));
  return OpenArchiveFolder(path);
}

bool IsPlainPath(absl::string_view path) {
  const std::vector<absl::string_view> names = absl::StrSplit(path, '/');
  return std::none_of(names.begin(), names.end(), [](absl::string_view name) {
    return name.empty() || name == "." || name == ".." || name.find('\0') != absl::string_view::npos;
  });
}

absl::StatusOr<pb::BackedUpFile> WriteNewFile(ArchiveFiles* files, const std::string& path, absl::string_view bytes) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<NewArchiveFile> file, files->Create(path));
  ROLLCALL_RETURN_IF_ERROR(file->Write(bytes));
  ROLLCALL_RETURN_IF_ERROR(file->Sync());
  RunningHash hash;
  hash.Add(bytes);
  pb::BackedUpFile described;
  described.set_path(path);
  described.set_bytes(bytes.size());
  ROLLCALL_ASSIGN_OR_RETURN(*described.mutable_sha256(), hash.Finish());
  return described;
}

absl::StatusOr<pb::BackedUpFile> CopyFile(ArchiveFiles* from, const std::string& from_path, ArchiveFiles* to,
                                          const std::string& to_path, uint64_t limit) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<NewArchiveFile> file, to->Create(to_path));
  ROLLCALL_ASSIGN_OR_RETURN(pb::BackedUpFile copied, ReadThrough(from, from_path, limit, [&](absl::string_view bytes) {
                              return file->Write(bytes);
                            }));
  ROLLCALL_RETURN_IF_ERROR(file->Sync());
  copied.set_path(to_path);
  return copied;
}

absl::StatusOr<pb::BackedUpFile> DescribeFile(ArchiveFiles* files, const std::string& path) {
  return ReadThrough(files, path, UINT64_MAX, [](absl::string_view) { return absl::OkStatus(); });
}

absl::StatusOr<std::string> ReadWholeFile(ArchiveFiles* files, const std::string& path, size_t limit) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, files->Open(path));
  std::string bytes;
  while (bytes.size() <= limit) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string more, source->Read(kReadBytes));
    if (more.empty()) return bytes;
    bytes += more;
  }
  return absl::ResourceExhaustedError(absl::StrCat("read ", path, ": it is longer than ", limit, " bytes"));
}

absl::Status SyncFileAt(const std::string& path) {
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "sync", path);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListTree(ArchiveFiles* files, const std::string& folder) {
  std::vector<std::string> paths;
  std::vector<std::string> folders = {folder};
  while (!folders.empty()) {
    const std::string next = std::move(folders.back());
    folders.pop_back();
    absl::StatusOr<std::vector<ArchiveEntry>> entries = files->List(next);
    if (absl::IsNotFound(entries.status()) && next == folder) return paths;
    if (!entries.ok()) return entries.status();
    for (const ArchiveEntry& entry : *entries) {
      if (absl::StartsWith(entry.name, ".")) continue;
      const std::string path = JoinPath(next, entry.name);
      ROLLCALL_ASSIGN_OR_RETURN(const bool is_folder, IsFolder(files, path));
      (is_folder ? folders : paths).push_back(path);
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::Status SyncTree(ArchiveFiles* files, const std::string& folder) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<ArchiveEntry> entries, files->List(folder));
  for (const ArchiveEntry& entry : entries) {
    const std::string path = JoinPath(folder, entry.name);
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_folder, IsFolder(files, path));
    if (is_folder) ROLLCALL_RETURN_IF_ERROR(SyncTree(files, path));
  }
  return files->SyncFolder(folder);
}

absl::Status RemoveTree(ArchiveFiles* files, const std::string& folder) {
  const absl::StatusOr<std::vector<ArchiveEntry>> entries = files->List(folder);
  if (absl::IsNotFound(entries.status())) return absl::OkStatus();
  if (!entries.ok()) return entries.status();
  for (const ArchiveEntry& entry : *entries) {
    const std::string path = JoinPath(folder, entry.name);
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_folder, IsFolder(files, path));
    ROLLCALL_RETURN_IF_ERROR(is_folder ? RemoveTree(files, path) : files->Remove(path));
  }
  return files->RemoveFolder(folder);
}

std::string JoinPath(absl::string_view folder, absl::string_view name) {
  return folder.empty() ? std::string(name) : absl::StrCat(folder, "/", name);
}

std::string FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? absl::string_view() : path.substr(0, slash));
}

}  // namespace rollcall

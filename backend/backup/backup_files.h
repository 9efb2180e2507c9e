// Files of backups and of data folders: copied, hashed, listed, removed. Paths are relative to the folder of an
// ArchiveFiles, of plain names and `/`; links are not followed.
#ifndef ROLLCALL_BACKEND_BACKUP_BACKUP_FILES_H_
#define ROLLCALL_BACKEND_BACKUP_BACKUP_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/archive/archive_files.h"
#include "rollcall/v1/backup.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// A folder that is to be made, as a name in the folder above it.
struct FolderPlace {
  std::unique_ptr<ArchiveFiles> above;
  std::string above_path;
  std::string name;

  // Where it is made, to be renamed when it is whole.
  std::string unfinished() const { return name + ".unfinished"; }
  std::string unfinished_path() const { return above_path + "/" + unfinished(); }
};

// InvalidArgument if `path` has no last name; NotFound if the folder above is not there.
absl::StatusOr<FolderPlace> FindPlace(const std::string& path);

// Opens a folder that must be there.
absl::StatusOr<std::unique_ptr<ArchiveFiles>> OpenExistingFolder(const std::string& path);

// Whether a path that somebody wrote leads nowhere but down: no empty name, `.` or `..`. Pure.
bool IsPlainPath(absl::string_view path);

// Writes a new file and syncs it, not its folder.
absl::StatusOr<pb::BackedUpFile> WriteNewFile(ArchiveFiles* files, const std::string& path, absl::string_view bytes);
// The first `limit` bytes of a file as a new file, synced, not its folder. Path, length and hash are the new one's.
absl::StatusOr<pb::BackedUpFile> CopyFile(ArchiveFiles* from, const std::string& from_path, ArchiveFiles* to,
                                          const std::string& to_path, uint64_t limit = UINT64_MAX);
// Path, length and hash of a file.
absl::StatusOr<pb::BackedUpFile> DescribeFile(ArchiveFiles* files, const std::string& path);
// ResourceExhausted if it is longer than `limit`.
absl::StatusOr<std::string> ReadWholeFile(ArchiveFiles* files, const std::string& path, size_t limit);
// Syncs a file that another part of the program wrote.
absl::Status SyncFileAt(const std::string& path);

// Paths of the files below a folder, sorted; none if it is not there. Names that begin with a dot are left out.
absl::StatusOr<std::vector<std::string>> ListTree(ArchiveFiles* files, const std::string& folder);
// Syncs a folder and all below it.
absl::Status SyncTree(ArchiveFiles* files, const std::string& folder);
// Removes a folder and all below it. One that is not there is removed.
absl::Status RemoveTree(ArchiveFiles* files, const std::string& folder);

// `folder/name`, or `name` if the folder is empty. Pure.
std::string JoinPath(absl::string_view folder, absl::string_view name);
// The folder of a path; empty if it has none. Pure.
std::string FolderOf(absl::string_view path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_BACKUP_FILES_H_

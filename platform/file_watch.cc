#include "platform/file_watch.h"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/errno_status.h"

namespace rollcall {
namespace {

// Of a directory, when the one entry that a path takes comes, goes or is another.
constexpr uint32_t kEntryMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF;
// Of a file: writing, the end of writing (by then it is whole), permissions.
constexpr uint32_t kContentMask = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
// What removes a watch, or a directory from its path.
constexpr uint32_t kGoneMask = IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT;

// As in the kernel.
constexpr int kMaxLinks = 40;
constexpr size_t kReadBytes = 64 << 10;
// Reads in one look: whoever makes events without end must not keep the caller for ever.
constexpr int kMaxReads = 64;

// Not in <linux/magic.h> of every kernel.
constexpr uint32_t kCifsMagic = 0xff534d42;
constexpr uint32_t kSmb2Magic = 0xfe534d42;
constexpr uint32_t kFuseMagic = 0x65735546;
constexpr uint32_t kCephMagic = 0x00c36400;

// Name of a filesystem whose changes are not, or not all, told by inotify; empty for others.
absl::string_view SilentFilesystem(uint32_t magic) {
  switch (magic) {
    case PROC_SUPER_MAGIC:
      return "procfs";
    case SYSFS_MAGIC:
      return "sysfs";
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
      return "cgroup";
    case NFS_SUPER_MAGIC:
      return "nfs";
    case V9FS_MAGIC:
      return "9p";
    case kCifsMagic:
    case kSmb2Magic:
      return "smb";
    case kFuseMagic:
      return "fuse";
    case kCephMagic:
      return "ceph";
    default:
      return "";
  }
}

std::string Join(absl::string_view directory, absl::string_view name) {
  return absl::StrCat(directory == "/" ? "" : directory, "/", name);
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status WatchError(int error, const std::string& path) {
  if (error == ENOSPC) {
    return absl::ResourceExhaustedError(
        absl::StrCat("watch ", path, ": the limit of inotify watches is reached; raise fs.inotify.max_user_watches"));
  }
  return ErrnoStatus(error, "watch", path);
}

}  // namespace

// Follows one path from the root, watching on the way. A directory is watched before its entry is
// looked up: what changes after the look is an event.
class FileWatch::Walk {
 public:
  Walk(FileWatch* watch, size_t target) : watch_(watch), target_(target) {}

  // What the path leads to goes to `*found`; nothing, if a part of it is missing.
  absl::Status Run(const std::string& path, std::optional<std::pair<uint64_t, uint64_t>>* found) {
    wants_directory_ = absl::EndsWith(path, "/");
    Push(path);
    while (!rest_.empty()) {
      const std::string name = rest_.front();
      rest_.pop_front();
      if (name == "..") {
        at_ = ParentOf(at_);
        continue;
      }
      bool goes_on = false;
      if (absl::Status status = Step(name, found, &goes_on); !status.ok()) return status;
      if (!goes_on) return absl::OkStatus();
    }
    return AtDirectory(found);
  }

 private:
  // Puts the components of `path` before the rest.
  void Push(absl::string_view path) {
    std::vector<std::string> parts;
    for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
      if (part != ".") parts.emplace_back(part);
    }
    rest_.insert(rest_.begin(), parts.begin(), parts.end());
  }

  absl::Status Step(const std::string& name, std::optional<std::pair<uint64_t, uint64_t>>* found, bool* goes_on) {
    // It may have gone since it was looked up; then there is an event on its parent.
    if (absl::Status status = watch_->AddWatch(at_, kEntryMask, {target_, name}); absl::IsNotFound(status)) {
      return absl::OkStatus();
    } else if (!status.ok()) {
      return status;
    }
    const std::string full = Join(at_, name);
    const absl::StatusOr<FileInfo> info = watch_->files_->Lstat(full);
    if (absl::IsNotFound(info.status())) return absl::OkStatus();
    if (!info.ok()) return info.status();
    if (info->type == FileInfo::Type::kDirectory) {
      at_ = full;
      *goes_on = true;
      return absl::OkStatus();
    }
    if (info->type == FileInfo::Type::kSymlink) return FollowLink(full, goes_on);
    *found = {info->device, info->inode};
    if (wants_directory_ || !rest_.empty() || info->type != FileInfo::Type::kRegular) return absl::OkStatus();
    const absl::Status status = watch_->AddWatch(full, kContentMask, {target_, ""});
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  absl::Status FollowLink(const std::string& full, bool* goes_on) {
    if (++links_ > kMaxLinks) return absl::OkStatus();  // a loop leads nowhere; all its links are watched
    const absl::StatusOr<std::string> link = watch_->files_->ReadLink(full);
    if (absl::IsNotFound(link.status())) return absl::OkStatus();
    if (!link.ok()) return link.status();
    if (absl::StartsWith(*link, "/")) at_ = "/";
    Push(*link);
    *goes_on = true;
    return absl::OkStatus();
  }

  // The path has led to a directory.
  absl::Status AtDirectory(std::optional<std::pair<uint64_t, uint64_t>>* found) {
    const absl::StatusOr<FileInfo> info = watch_->files_->Lstat(at_);
    if (absl::IsNotFound(info.status())) return absl::OkStatus();
    if (!info.ok()) return info.status();
    *found = {info->device, info->inode};
    if (!wants_directory_) return absl::OkStatus();
    const absl::Status status = watch_->AddWatch(at_, kEntryMask | kContentMask, {target_, ""});
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  FileWatch* const watch_;
  const size_t target_;
  bool wants_directory_ = false;
  // Where the walk is, without links, and what is left of the path.
  std::string at_ = "/";
  std::deque<std::string> rest_;
  int links_ = 0;
};

absl::StatusOr<std::unique_ptr<FileWatch>> FileWatch::Create(const FileTree* files, size_t max_watches) {
  ScopedFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.valid()) {
    const int error = errno;
    if (error != EMFILE) return ErrnoStatus(error, "open", "inotify");
    return absl::UnavailableError(
        "open inotify: the limit of inotify instances, or of open files, is reached; raise "
        "fs.inotify.max_user_instances");
  }
  return std::unique_ptr<FileWatch>(new FileWatch(files, std::move(inotify), max_watches));
}

absl::Status FileWatch::Add(absl::string_view path) {
  if (absl::Status valid = CheckTreePath("watch", path); !valid.ok()) return valid;
  for (const Target& target : targets_) {
    if (target.path == path) return absl::OkStatus();
  }
  targets_.push_back({std::string(path), std::nullopt, absl::OkStatus()});
  Follow(targets_.size() - 1);
  return absl::OkStatus();
}

absl::Status FileWatch::AddWatch(const std::string& path, uint32_t mask, User user) {
  const absl::StatusOr<ScopedFd> file = files_->OpenPath(path);
  if (!file.ok()) return file.status();
  struct statfs filesystem = {};
  if (::fstatfs(file->get(), &filesystem) != 0) return WatchError(errno, path);
  const absl::string_view silent = SilentFilesystem(static_cast<uint32_t>(filesystem.f_type));
  if (!silent.empty()) {
    return absl::UnimplementedError(absl::StrCat("watch ", path, ": ", silent, " does not tell of all changes"));
  }
  // By descriptor: the path would be resolved outside the tree.
  const std::string link = absl::StrCat("/proc/self/fd/", file->get());
  // IN_MASK_ADD, as other targets may watch the same directory for something else.
  const int watch = ::inotify_add_watch(inotify_.get(), link.c_str(), mask | IN_MASK_ADD | IN_EXCL_UNLINK);
  if (watch < 0) return WatchError(errno, path);
  const auto [entry, is_new] = watches_.try_emplace(watch);
  if (is_new && watches_.size() > max_watches_) {
    watches_.erase(entry);
    ::inotify_rm_watch(inotify_.get(), watch);
    return absl::ResourceExhaustedError(
        absl::StrCat("watch ", path, ": ", max_watches_, " files and directories are watched, which is the limit"));
  }
  entry->second.push_back(std::move(user));
  return absl::OkStatus();
}

bool FileWatch::Follow(size_t target) {
  for (auto& [watch, users] : watches_) {
    std::erase_if(users, [target](const User& user) { return user.target == target; });
  }
  Target& what = targets_[target];
  const bool was_there = what.found.has_value();
  what.found.reset();
  what.gap = Walk(this, target).Run(what.path, &what.found);
  return was_there || what.found.has_value();
}

void FileWatch::DropUnused() {
  for (auto entry = watches_.begin(); entry != watches_.end();) {
    if (!entry->second.empty()) {
      ++entry;
      continue;
    }
    ::inotify_rm_watch(inotify_.get(), entry->first);  // fails if the file is gone
    entry = watches_.erase(entry);
  }
}

void FileWatch::Note(int watch, uint32_t mask, absl::string_view name, Effects* effects) {
  if ((mask & IN_Q_OVERFLOW) != 0) effects->overflowed = true;
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return;  // of one that was removed
  for (const User& user : found->second) {
    if ((mask & kGoneMask) != 0) {
      effects->moved.insert(user.target);
    } else if (user.name.empty()) {
      effects->written.insert(user.target);
    } else if (user.name == name && (mask & kEntryMask) != 0) {
      effects->moved.insert(user.target);
    }
  }
  if ((mask & IN_IGNORED) != 0) watches_.erase(found);
}

FileChanges FileWatch::Read() {
  Effects effects;
  alignas(inotify_event) std::array<char, kReadBytes> buffer;
  for (int reads = 0; reads < kMaxReads; ++reads) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    for (size_t at = 0; at + sizeof(inotify_event) <= static_cast<size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      at += sizeof(event);
      // Padded with NULs; there is none for the watched file itself.
      const absl::string_view name(buffer.data() + at, event.len);
      Note(event.wd, event.mask, name.substr(0, name.find('\0')), &effects);
      at += event.len;
    }
  }
  FileChanges changes;
  changes.overflowed = effects.overflowed;
  for (size_t target = 0; target < targets_.size(); ++target) {
    bool changed = effects.written.count(target) != 0 || effects.overflowed;
    // What is still missing has not changed, whatever came into being on the way to it.
    if (effects.overflowed || effects.moved.count(target) != 0) changed = Follow(target) || changed;
    if (changed) changes.paths.push_back(targets_[target].path);
  }
  DropUnused();
  std::sort(changes.paths.begin(), changes.paths.end());
  return changes;
}

std::vector<std::string> FileWatch::RetryGaps() {
  std::vector<std::string> watched;
  for (size_t target = 0; target < targets_.size(); ++target) {
    if (targets_[target].gap.ok()) continue;
    Follow(target);
    if (targets_[target].gap.ok()) watched.push_back(targets_[target].path);
  }
  DropUnused();
  return watched;
}

std::vector<FileWatch::Gap> FileWatch::gaps() const {
  std::vector<Gap> gaps;
  for (const Target& target : targets_) {
    if (!target.gap.ok()) gaps.push_back({target.path, target.gap});
  }
  return gaps;
}

}  // namespace rollcall

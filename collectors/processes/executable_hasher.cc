#include "collectors/processes/executable_hasher.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

bool SameContent(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

void SetModifiedAt(const FileInfo& info, rollcall::v1::Executable* executable) {
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  if (info.mtime_unix_nano < 0) return;
  executable->mutable_modified_at()->set_seconds(info.mtime_unix_nano / kNanosPerSecond);
  executable->mutable_modified_at()->set_nanos(static_cast<int32_t>(info.mtime_unix_nano % kNanosPerSecond));
}

// The hash of the file, if it is the one that was asked for and does not change meanwhile.
absl::StatusOr<std::string> HashUnchanged(int fd, const FileInfo& info, const StopToken& stop) {
  struct stat before;
  struct stat after;
  if (::fstat(fd, &before) != 0) return absl::DataLossError("read error");
  absl::StatusOr<std::string> sha256 = Sha256HexOfFd(fd, ExecutableHasher::kMaxBytes, stop);
  if (!sha256.ok()) return sha256;
  if (::fstat(fd, &after) != 0) return absl::DataLossError("read error");
  if (!SameContent(before, after) || before.st_ino != info.inode)
    return absl::AbortedError("changed while it was read");
  return sha256;
}

std::string Reason(const absl::Status& status) {
  if (absl::IsPermissionDenied(status)) return "permission denied";
  if (absl::IsAborted(status)) return "changed while it was read";
  if (absl::IsUnimplemented(status)) return "not a file on disk";
  return "not readable";
}

}  // namespace

void ExecutableHasher::BeginRun() {
  ++run_;
  spent_ = absl::ZeroDuration();
  if (known_.size() <= kMaxRemembered) return;
  // Most processes are not read completely in every run; see ProcessReader.
  constexpr uint64_t kRunsUnused = 64;
  for (auto entry = known_.begin(); entry != known_.end();) {
    entry = entry->second.last_used_run + kRunsUnused < run_ ? known_.erase(entry) : std::next(entry);
  }
}

absl::Status ExecutableHasher::Fill(const FileTree& files, absl::string_view path, const FileInfo& info,
                                    const StopToken& stop, rollcall::v1::Executable* executable) {
  executable->Clear();
  executable->set_size_bytes(info.size_bytes);
  SetModifiedAt(info, executable);
  if (info.size_bytes > kMaxBytes) {
    executable->set_hash_skipped(absl::StrCat("larger than ", kMaxBytes >> 20, " MiB"));
    return absl::OkStatus();
  }
  const Key key = {info.device, info.inode, info.size_bytes, info.mtime_unix_nano, info.ctime_unix_nano};
  if (const auto known = known_.find(key); known != known_.end()) {
    known->second.last_used_run = run_;
    executable->set_sha256(known->second.sha256);
    return absl::OkStatus();
  }
  if (spent_ >= kBudget) {
    executable->set_hash_skipped(kPending);
    return absl::OkStatus();
  }
  const absl::Duration begin = clock_->Monotonic();
  const absl::StatusOr<ScopedFd> file = files.Open(path);
  const absl::StatusOr<std::string> sha256 =
      file.ok() ? HashUnchanged(file->get(), info, stop) : absl::StatusOr<std::string>(file.status());
  spent_ += clock_->Monotonic() - begin;
  if (absl::IsNotFound(sha256.status()) || absl::IsCancelled(sha256.status())) return sha256.status();
  if (!sha256.ok()) {
    executable->set_hash_skipped(Reason(sha256.status()));
    return absl::OkStatus();
  }
  executable->set_sha256(*sha256);
  known_[key] = {*sha256, run_};
  return absl::OkStatus();
}

}  // namespace rollcall

#include "platform/procfs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// stat is below 1 KiB; status grows with the groups and CPU masks of big machines.
constexpr size_t kMaxStatBytes = 4096;
constexpr size_t kMaxStatusBytes = 1 << 20;
constexpr size_t kMaxCgroupBytes = 1 << 20;
// One line a CPU and one of interrupt counters.
constexpr size_t kMaxSystemStatBytes = 4 << 20;
constexpr size_t kMaxBootIdBytes = 128;

// Puts the file's name before a parser's message, which knows no process.
absl::Status InFile(const absl::Status& status, absl::string_view file) {
  return absl::Status(status.code(), absl::StrCat("read ", file, ": ", status.message()));
}

// A file that is cut has lost data that a parser would not miss.
absl::Status ReadWhole(const DirectoryView& view, absl::string_view name, size_t limit, std::string* buffer) {
  bool truncated = false;
  if (absl::Status status = view.Read(name, limit, buffer, &truncated); !status.ok()) return status;
  if (truncated) return absl::ResourceExhaustedError(absl::StrCat("read ", name, ": larger than ", limit, " bytes"));
  // Between the end of a process and its reaping some files read as empty.
  if (buffer->empty()) return absl::NotFoundError(absl::StrCat("read ", name, ": process ended"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ProcStat> ProcessDirectory::ReadStat() const {
  if (absl::Status status = ReadWhole(*view_, "stat", kMaxStatBytes, buffer_); !status.ok()) return status;
  return ParseProcStat(*buffer_);
}

absl::StatusOr<ProcStatus> ProcessDirectory::ReadStatus() const {
  if (absl::Status status = ReadWhole(*view_, "status", kMaxStatusBytes, buffer_); !status.ok()) return status;
  return ParseProcStatus(*buffer_);
}

absl::StatusOr<CgroupTable> ProcessDirectory::ReadCgroup() const {
  if (absl::Status status = ReadWhole(*view_, "cgroup", kMaxCgroupBytes, buffer_); !status.ok()) return status;
  return ParseCgroup(*buffer_);
}

absl::StatusOr<std::vector<std::string>> ProcessDirectory::ReadCommandLine(bool* truncated) const {
  if (absl::Status status = view_->Read("cmdline", kMaxCommandLineBytes, buffer_, truncated); !status.ok()) {
    return status;
  }
  return ParseCommandLine(*buffer_);
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ProcessDirectory::ReadEnvironment(
    size_t limit, bool* truncated) const {
  if (absl::Status status = view_->Read("environ", limit, buffer_, truncated); !status.ok()) return status;
  return ParseEnvironment(*buffer_);
}

absl::StatusOr<MountTable> ProcessDirectory::ReadMountInfo() const {
  if (absl::Status status = ReadWhole(*view_, "mountinfo", kMaxFileBytes, buffer_); !status.ok()) return status;
  return ParseMountInfo(*buffer_);
}

absl::StatusOr<uint64_t> ProcessDirectory::ReadNamespace(absl::string_view name) const {
  absl::StatusOr<std::string> link = view_->ReadLink(absl::StrCat("ns/", name));
  if (!link.ok()) return link.status();
  // `net:[4026531840]`; the word before the bracket may differ from the name.
  absl::string_view text = *link;
  const size_t bracket = text.find(":[");
  uint64_t inode = 0;
  if (bracket == absl::string_view::npos || !absl::EndsWith(text, "]") ||
      !absl::SimpleAtoi(text.substr(bracket + 2, text.size() - bracket - 3), &inode)) {
    return absl::InvalidArgumentError(absl::StrCat("parse ns/", name, ": not a namespace link"));
  }
  return inode;
}

absl::StatusOr<std::vector<uint32_t>> Procfs::ListPids() const {
  absl::StatusOr<std::vector<DirectoryEntry>> entries = tree_->List("/proc");
  if (!entries.ok()) return entries.status();
  std::vector<uint32_t> pids;
  for (const DirectoryEntry& entry : *entries) {
    uint32_t pid = 0;
    const bool digits = !entry.name.empty() && absl::ascii_isdigit(static_cast<unsigned char>(entry.name[0]));
    if (digits && absl::SimpleAtoi(entry.name, &pid) && pid != 0) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

absl::StatusOr<ProcessDirectory> Procfs::OpenProcess(uint32_t pid) const {
  absl::StatusOr<std::unique_ptr<DirectoryView>> view = tree_->OpenDirectory(absl::StrCat("/proc/", pid));
  if (!view.ok()) return view.status();
  return ProcessDirectory(*std::move(view), &buffer_);
}

absl::StatusOr<absl::Time> Procfs::ReadBootTime() const {
  absl::StatusOr<std::string> text = tree_->ReadFile("/proc/stat", kMaxSystemStatBytes);
  if (!text.ok()) return text.status();
  return ParseBootTime(*text);
}

absl::StatusOr<std::string> Procfs::ReadBootId() const {
  constexpr absl::string_view kPath = "/proc/sys/kernel/random/boot_id";
  absl::StatusOr<std::string> text = tree_->ReadFile(kPath, kMaxBootIdBytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::string> id = ParseBootId(*text);
  return id.ok() ? id : absl::StatusOr<std::string>(InFile(id.status(), kPath));
}

}  // namespace rollcall

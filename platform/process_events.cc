#include "platform/process_events.h"

#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/proc_stat.h"
#include "platform/proc_text.h"

namespace rollcall {
namespace {

struct FileLimit {
  absl::string_view name;
  size_t bytes;
  // What is longer is read up to the limit, else it is an error.
  bool may_be_cut = false;
};
// As much as a scan reads. One byte more of the command line than is used, so that a longer one
// can be told.
constexpr FileLimit kFiles[] = {
    {"stat", 4096}, {"status", size_t{1} << 20}, {"cmdline", kMaxCommandLineBytes + 1, true}, {"cgroup", 16384}};
constexpr absl::string_view kLinks[] = {"exe",    "cwd",    "root",   "ns/cgroup", "ns/ipc",
                                        "ns/mnt", "ns/net", "ns/pid", "ns/user",   "ns/uts"};

// Kept of any file but the command line, which has a limit of its own.
constexpr size_t kMaxKeptBytes = 16384;

// Takes the supplementary groups out of `status`: there may be 65,536, and nobody asks for them.
void DropGroups(std::string* status) {
  const size_t begin = status->find("\nGroups:");
  if (begin == std::string::npos) return;
  const size_t end = status->find('\n', begin + 1);
  status->erase(begin, end == std::string::npos ? std::string::npos : end - begin);
}

absl::StatusOr<std::string> ReadWhole(const DirectoryView& folder, const FileLimit& file) {
  std::string text;
  bool truncated = false;
  if (absl::Status status = folder.Read(file.name, file.bytes, &text, &truncated); !status.ok()) return status;
  if (truncated && !file.may_be_cut) {
    return absl::ResourceExhaustedError(absl::StrCat("read ", file.name, ": larger than ", file.bytes, " bytes"));
  }
  if (file.name == "status") DropGroups(&text);
  if (text.size() > kMaxKeptBytes && !file.may_be_cut) {
    return absl::ResourceExhaustedError(absl::StrCat("keep ", file.name, ": larger than ", kMaxKeptBytes, " bytes"));
  }
  text.shrink_to_fit();
  return text;
}

}  // namespace

absl::StatusOr<ProcessSighting> ReadProcessSighting(const FileTree& files, uint32_t pid) {
  const absl::StatusOr<std::unique_ptr<DirectoryView>> folder = files.OpenDirectory(absl::StrCat("/proc/", pid));
  if (!folder.ok()) return folder.status();
  ProcessSighting sighting;
  sighting.pid = pid;
  sighting.files.reserve(std::size(kFiles));
  for (const FileLimit& file : kFiles) sighting.files.emplace_back(file.name, ReadWhole(**folder, file));
  const absl::StatusOr<std::string>& stat = sighting.files.front().second;
  if (!stat.ok()) return stat.status();
  if (stat->empty()) return absl::NotFoundError(absl::StrCat("read /proc/", pid, "/stat: process ended"));
  const absl::StatusOr<ProcStat> parsed = ParseProcStat(*stat);
  if (!parsed.ok()) return parsed.status();
  if (parsed->is_kernel_thread()) return absl::NotFoundError(absl::StrCat("read process ", pid, ": a kernel thread"));
  sighting.start_ticks = parsed->start_ticks;
  sighting.links.reserve(std::size(kLinks));
  for (const absl::string_view link : kLinks) sighting.links.emplace_back(link, (*folder)->ReadLink(link));
  sighting.executable = (*folder)->StatTarget("exe");
  return sighting;
}

}  // namespace rollcall

// One process while it is read. Private to ProcessReader.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READING_H_
#define ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READING_H_

#include <algorithm>
#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "collectors/collector.h"
#include "collectors/processes/known_process.h"
#include "collectors/processes/process_reader.h"
#include "platform/procfs.h"

namespace rollcall {

// What `unreadable` of a record may hold.
inline constexpr std::array<absl::string_view, 9> kUnreadableFields = {
    "argv", "cgroup", "cwd", "exe", "executable", "fds", "namespaces", "root", "user"};

// The number in `net:[4026531840]`; 0 if there is none.
uint64_t NamespaceInode(absl::string_view link);

struct ProcessReader::Reading {
  uint32_t pid;
  KnownProcess* known;
  RunReport& report;
  const StopToken& stop;
  // `known->rest` as a message, once it was opened.
  pb::Process& record;
  // The last file read.
  std::string& text;
  bool opened = false;
  // Not set if nothing but stat was read.
  const ProcessDirectory* folder = nullptr;
  // A file was not there: the process may have ended meanwhile.
  bool missing = false;
  // Something failed that may not fail again, or was put off.
  bool try_again = false;

  // Must come before `record` is touched.
  absl::Status Open() {
    if (!opened && !record.ParseFromString(known->rest)) return absl::InternalError("parse a remembered process");
    opened = true;
    return absl::OkStatus();
  }

  // Reads a file to `text`.
  absl::Status ReadText(absl::string_view name, size_t limit, bool* truncated) {
    return folder->view().Read(name, limit, &text, truncated);
  }

  // Notes why `field` could not be filled.
  void Refused(absl::string_view field, const absl::Status& status) {
    if (absl::IsNotFound(status)) {
      missing = true;
    } else if (absl::IsPermissionDenied(status)) {
      const auto* const place = std::find(kUnreadableFields.begin(), kUnreadableFields.end(), field);
      const auto bit = static_cast<uint16_t>(1U << static_cast<unsigned>(place - kUnreadableFields.begin()));
      if ((known->unreadable & bit) == 0) record.add_unreadable(std::string(field));
      known->unreadable |= bit;
    } else {
      report.AddProblem(absl::StrCat("/proc/", pid), status);
      try_again = true;
    }
  }
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_PROCESS_READING_H_

// What the readers of the different managers share in one run.
#ifndef ROLLCALL_COLLECTORS_SERVICES_SERVICE_SCAN_H_
#define ROLLCALL_COLLECTORS_SERVICES_SERVICE_SCAN_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/run_report.h"
#include "collectors/services/path_trust.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "rollcall/v1/records/startup_service.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Not thread-safe; lives for one run. What it is given must outlive it.
class ServiceScan {
 public:
  // Largest script or configuration file read.
  static constexpr size_t kMaxScriptBytes = size_t{1} << 20;
  // Records kept in memory; more than the collector's limit, which cuts the run.
  static constexpr size_t kMaxServices = 25'000;

  ServiceScan(const FileTree& files, RunReport& report, const StopToken& stop)
      : files_(files), report_(report), stop_(stop), trust_(files) {}

  const FileTree& files() const { return files_; }
  RunReport& report() { return report_; }
  bool stopped() const { return stop_.stop_requested(); }
  const StopToken& stop() const { return stop_; }

  // Says that the host has the manager, whether or not it starts anything.
  void NotePresence() { present_ = true; }
  bool present() const { return present_; }

  // Content of a file that may be missing. What is there and cannot be read is a problem; more
  // than kMaxScriptBytes is one too, and the beginning is returned.
  std::optional<std::string> Read(const std::string& path);

  // Entries of a directory that may be missing; empty, with a problem, if it cannot be read.
  std::vector<DirectoryEntry> List(const std::string& path);

  // Problems of parsing `path`, as `parse PATH: line N: ...`.
  void AddProblems(absl::string_view path, const std::vector<absl::Status>& problems);

  // Whether this is the first call for the directory, by whatever name.
  bool FirstVisit(const std::string& directory);

  // Sets `unit_path`, and the hash of `content`, the file's.
  static void SetFile(absl::string_view path, absl::string_view content, pb::StartupService* service);

  // Adds a record. Of two of the same manager and name the first stays, and the run says so; one past
  // kMaxServices is counted as truncated.
  void Add(pb::StartupService service);

  // Says of all records which of their files others can change, and hands them over.
  std::vector<pb::StartupService> Finish();

 private:
  void CheckTrust(pb::StartupService* service);

  const FileTree& files_;
  RunReport& report_;
  const StopToken& stop_;
  PathTrust trust_;
  bool present_ = false;
  uint64_t observed_ = 0;
  std::vector<pb::StartupService> services_;
  std::set<std::pair<int, std::string>> identities_;
  std::set<std::pair<uint64_t, uint64_t>> visited_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_SERVICE_SCAN_H_

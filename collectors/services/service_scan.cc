#include "collectors/services/service_scan.h"

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/text.h"
#include "platform/sha256.h"

namespace rollcall {

std::optional<std::string> ServiceScan::Read(const std::string& path) {
  bool truncated = false;
  absl::StatusOr<std::string> text = files_.ReadPrefix(path, kMaxScriptBytes, &truncated);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) {
    report_.AddProblem(path, text.status());
    return std::nullopt;
  }
  if (truncated) {
    report_.AddProblem(
        path, absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than ", kMaxScriptBytes, " bytes")));
  }
  return *std::move(text);
}

std::vector<DirectoryEntry> ServiceScan::List(const std::string& path) {
  absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(path);
  if (entries.ok()) return *std::move(entries);
  if (!absl::IsNotFound(entries.status())) report_.AddProblem(path, entries.status());
  return {};
}

void ServiceScan::AddProblems(absl::string_view path, const std::vector<absl::Status>& problems) {
  for (const absl::Status& problem : problems) {
    report_.AddProblem(path, absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message())));
  }
}

bool ServiceScan::FirstVisit(const std::string& directory) {
  const absl::StatusOr<FileInfo> info = files_.Stat(directory);
  // One that cannot be looked at is for List to report.
  return !info.ok() || visited_.emplace(info->device, info->inode).second;
}

void ServiceScan::SetFile(absl::string_view path, absl::string_view content, pb::StartupService* service) {
  service->set_unit_path(ToRecordText(path));
  if (content.size() < kMaxScriptBytes) service->set_file_sha256(Sha256Hex(content));
}

void ServiceScan::Add(pb::StartupService service) {
  if (++observed_ > kMaxServices) return report_.SetTruncated(observed_);
  if (identities_.emplace(service.manager(), service.name()).second) {
    services_.push_back(std::move(service));
    return;
  }
  // Not a problem, for nothing went unseen: two entries of one name are one service to its manager, and
  // Debian's own xinetd.d has such. A run that can never be COMPLETE could never retire anything.
  report_.AddDegradation(
      service.unit_path(),
      absl::AlreadyExistsError(absl::StrCat("read ", service.unit_path(), ": there is another ",
                                            pb::StartupService::Manager_Name(service.manager()), " ", service.name())),
      "give each entry a name of its own");
}

std::vector<pb::StartupService> ServiceScan::Finish() {
  for (pb::StartupService& service : services_) CheckTrust(&service);
  return std::move(services_);
}

void ServiceScan::CheckTrust(pb::StartupService* service) {
  std::set<std::string> paths;
  const auto check = [&](const std::string& path) {
    if (absl::StartsWith(path, "/")) trust_.AddWritable(path, &paths);
  };
  check(service->unit_path());
  for (const std::string& drop_in : service->drop_ins()) check(drop_in);
  // A program that runs as another user is that user's to change.
  if (service->user().empty() || service->user() == "root" || service->user() == "0") check(service->executable());
  for (const std::string& path : paths) service->add_writable_paths(ToRecordText(path));
  service->set_writable_by_others(!paths.empty());
}

}  // namespace rollcall

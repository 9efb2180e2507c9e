#include "platform/systemd/unit_reader.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

// Of all files; a run reports a hundred at most.
constexpr size_t kMaxParseProblems = 1'000;
// Trees that are not a running host have no devices.
constexpr absl::string_view kNull = "/dev/null";

bool IsNothing(const FileInfo& info) {
  return info.type == FileInfo::Type::kDevice || (info.type == FileInfo::Type::kRegular && info.size_bytes == 0);
}

}  // namespace

bool UnitReader::IsEmpty(const std::string& path) const {
  if (path == kNull) return true;
  const absl::StatusOr<FileInfo> info = files_.Stat(path);
  return info.ok() && IsNothing(*info);
}

const UnitReader::File& UnitReader::Read(const std::string& path) {
  const auto known = read_.find(path);
  if (known != read_.end()) return known->second;
  return read_.emplace(path, ReadAnew(path)).first->second;
}

UnitReader::File UnitReader::ReadAnew(const std::string& path) {
  File file;
  if (path == kNull) {
    file.empty = true;
    return file;
  }
  bool truncated = false;
  absl::StatusOr<std::string> text = files_.ReadPrefix(path, std::min(kMaxUnitFileBytes, bytes_left_), &truncated);
  if (!text.ok()) {
    // A link to a device, or one that leads to the /dev/null this tree does not have.
    file.empty = absl::IsFailedPrecondition(text.status()) ? IsEmpty(path) : false;
    if (!file.empty && absl::IsNotFound(text.status())) {
      const absl::StatusOr<std::string> target = files_.ReadLink(path);
      file.empty = target.ok() && *target == kNull;
    }
    if (file.empty) return file;
    file.status = text.status();
    if (!absl::IsNotFound(file.status)) problems_->push_back({path, file.status});
    return file;
  }
  bytes_left_ -= text->size();
  if (truncated) {
    problems_->push_back({path, absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than the limit"))});
    text->resize(text->rfind('\n') == std::string::npos ? 0 : text->rfind('\n') + 1);
  }
  file.empty = text->empty() && !truncated;
  if (!truncated) file.sha256 = Sha256Hex(*text);
  UnitFile parse = ParseUnitFile(*text);
  for (const absl::Status& problem : parse.problems) {
    if (problems_->size() >= kMaxParseProblems) break;
    problems_->push_back({path, absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message())),
                          /*detail_only=*/true});
  }
  file.assignments = std::move(parse.assignments);
  return file;
}

}  // namespace rollcall

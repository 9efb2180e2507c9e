#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/archive/archive.h"
#include "backend/archive/archive_path.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

bool HasTemporaryArchive(const pb::CategoryRules* rules) {
  if (rules == nullptr) return false;
  return std::any_of(rules->archives().begin(), rules->archives().end(), [](const pb::ArchiveRule& archive) {
    return archive.kind() == pb::ArchiveRule::OBJECT && archive.temporary();
  });
}

}  // namespace

absl::StatusOr<pb::ArchiveManifest> AdmitToArchive(const ArchiveJob& job, const RetentionPolicy& policy,
                                                   absl::string_view region) {
  ROLLCALL_RETURN_IF_ERROR(BucketFolder(job.bucket).status());
  if (!HasTemporaryArchive(policy.Find(job.bucket.category()))) {
    return absl::PermissionDeniedError(absl::StrCat("archive bucket: agreement ", policy.data.id(), " version ",
                                                    policy.data.version(), " has no temporary archive for ",
                                                    pb::Category_Name(job.bucket.category())));
  }
  if (job.bucket.region() != region) {
    return absl::FailedPreconditionError(
        absl::StrCat("archive bucket: it is of region ", job.bucket.region(), ", the archive is in ", region));
  }
  pb::ArchiveManifest manifest;
  *manifest.mutable_bucket() = job.bucket;
  manifest.set_schema(job.schema);
  manifest.mutable_policy()->set_id(policy.data.id());
  manifest.mutable_policy()->set_version(policy.data.version());
  manifest.mutable_policy()->set_hash(absl::HexStringToBytes(policy.hash));
  return manifest;
}

}  // namespace rollcall

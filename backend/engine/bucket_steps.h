// The effects on one bucket: archive it, empty the stores of it, put it back, erase a part of it. Each may be cut off
// anywhere and done again, and at any instant every row that is to be kept is in the stores or in a verified object.
#ifndef ROLLCALL_BACKEND_ENGINE_BUCKET_STEPS_H_
#define ROLLCALL_BACKEND_ENGINE_BUCKET_STEPS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "backend/engine/engine_parts.h"
#include "backend/engine/part_selector.h"
#include "backend/engine/row_stream.h"

namespace rollcall {

// A bucket that something is done to.
struct BucketWork {
  BucketRef ref;
  pb::BucketName name;
  // Of what is done in the stores: the tenant's epoch as it was when this was decided.
  uint64_t fence = 0;
};

// What a step did.
struct StepEffect {
  // Rows that went, or came back.
  uint64_t rows = 0;
  uint64_t bytes = 0;
  // What the archive has now, if it has the bucket.
  std::optional<ObjectSummary> object;
  // Of the rows in it.
  uint64_t archived_rows = 0;
  uint64_t archived_bytes = 0;
  absl::Time archived_first_stored_at = absl::InfiniteFuture();
  // Versions removed from the archive.
  uint64_t versions = 0;
  std::vector<KeyDestruction> keys;
};

// A value. Errors are those of the parts; Cancelled once `stop` is requested; Unavailable if rows come in faster than
// they can be dealt with.
class BucketSteps {
 public:
  BucketSteps(const EngineParts& parts, const EngineOptions& options, StopToken stop);

  // What the stores have becomes the one object of the bucket.
  absl::StatusOr<StepEffect> Archive(const BucketWork& work);
  // Told what a new object holds once it is verified, before anything else goes for it.
  using Archived = absl::FunctionRef<absl::Status(const StepEffect&)>;

  // Deletes from the stores exactly the rows the archive has. Rows that came in since, or changed, are archived with
  // the others first. In the end the stores have none, and the archive one object.
  absl::StatusOr<StepEffect> EmptyStores(const BucketWork& work, Archived archived);
  // Puts everything the archive has back into the stores, compares, and removes it from the archive. FailedPrecondition
  // if a row cannot be put back; then the archive keeps everything.
  absl::StatusOr<StepEffect> Restore(const BucketWork& work);

  // Deletes the selected rows from the stores. Runs that wait for their last part are dropped if they have records of
  // the bucket; their agents send them again.
  absl::StatusOr<StepEffect> ErasePartInStores(const BucketWork& work, const PartSelector& part);
  // Deletes from the stores the rows that `selects` says true of; and if told so, drops runs that wait, as above.
  using Selects = absl::FunctionRef<absl::StatusOr<bool>(const BucketRow&)>;
  absl::StatusOr<StepEffect> DeleteSome(const BucketWork& work, bool drop_staged, Selects selects);
  // Archives the bucket anew without the selected rows, under a new key, then removes the other versions and destroys
  // the other keys. A bucket that is not archived gets a new key as well, if it had one: backups have it as it was.
  absl::StatusOr<StepEffect> ErasePartInArchive(const BucketWork& work, const PartSelector& part, Archived archived);
  // How many selected rows are left, in stores and archive, counted anew.
  absl::StatusOr<uint64_t> CountPart(const BucketWork& work, const PartSelector& part);

 private:
  using Rows = std::unique_ptr<RowStream>;
  Rows InStores(const BucketWork& work, RowContent content) const;
  // All versions as one, after `first` if there is one.
  Rows InArchive(const BucketWork& work, const ArchiveListing& listing, Rows first) const;

  absl::StatusOr<StepEffect> Put(const BucketWork& work, RowStream* rows);
  // Leaves only the effect's object.
  absl::Status RemoveOthers(const BucketWork& work, StepEffect* effect);
  absl::Status DestroyOtherKeys(const BucketWork& work, StepEffect* effect);
  // A new key in the place of those that are there, if there are any.
  absl::StatusOr<StepEffect> ReplaceKeys(const BucketWork& work);
  // Hands out rows a batch at a time.
  absl::Status InBatches(RowStream* rows, absl::FunctionRef<absl::Status(absl::Span<const BucketRow>)> take);
  absl::Status Delete(const BucketWork& work, absl::Span<const BucketRow> rows, StepEffect* effect);
  absl::Status DeleteArchived(const BucketWork& work, const ArchiveListing& listing, StepEffect* effect);
  absl::StatusOr<uint64_t> CountSelected(RowStream* rows, const PartSelector& part);

  const EngineParts& parts_;
  const EngineOptions& options_;
  const StopToken stop_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_BUCKET_STEPS_H_

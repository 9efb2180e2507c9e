#include "backend/engine/bucket_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/engine/archived_row.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Rows that change while they are looked at are found the next time; so many times in a row they do not.
constexpr int kPasses = 3;

absl::Status KeepsChanging(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": rows keep coming in"));
}

}  // namespace

BucketSteps::BucketSteps(const EngineParts& parts, const EngineOptions& options, StopToken stop)
    : parts_(parts), options_(options), stop_(std::move(stop)) {}

BucketSteps::Rows BucketSteps::InStores(const BucketWork& work, RowContent content) const {
  return std::make_unique<StoreRows>(parts_.store, work.ref, content, stop_);
}

BucketSteps::Rows BucketSteps::InArchive(const BucketWork& work, const ArchiveListing& listing, Rows first) const {
  std::vector<Rows> all;
  if (first != nullptr) all.push_back(std::move(first));
  for (const ListedObject& object : listing.versions) {
    all.push_back(std::make_unique<ObjectRows>(parts_.archive, work.name, object.sha256, stop_));
  }
  return std::make_unique<MergedRows>(std::move(all));
}

absl::StatusOr<StepEffect> BucketSteps::Put(const BucketWork& work, RowStream* rows) {
  RowRecords records(rows);
  StepEffect effect;
  ROLLCALL_ASSIGN_OR_RETURN(effect.object,
                            parts_.archive->Put({work.name, kArchivedRowSchema}, *options_.policy, &records));
  effect.archived_rows = records.records();
  effect.archived_bytes = records.bytes();
  effect.archived_first_stored_at = records.first_stored_at();
  return effect;
}

absl::Status BucketSteps::RemoveOthers(const BucketWork& work, StepEffect* effect) {
  ROLLCALL_RETURN_IF_ERROR(parts_.archive->RemoveUploads(work.name));
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, parts_.archive->List(work.name));
  for (const ListedObject& object : listing.versions) {
    if (object.sha256 == effect->object->sha256) continue;
    ROLLCALL_RETURN_IF_ERROR(parts_.archive->DeleteVersion(work.name, object.sha256));
    ++effect->versions;
  }
  return absl::OkStatus();
}

absl::Status BucketSteps::DestroyOtherKeys(const BucketWork& work, StepEffect* effect) {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::string> others, parts_.keys->KeysOf(work.name));
  // Not simply all but the newest: an attempt that was cut off may have left a newer one that nothing was sealed with.
  others.erase(std::remove(others.begin(), others.end(), effect->object->key_id), others.end());
  if (!others.empty()) {
    ROLLCALL_RETURN_IF_ERROR(parts_.keys->Destroy(others, parts_.clock->Now()).status());
  }
  // Those of an attempt that was cut off as well.
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> destroyed, parts_.keys->DestroyedKeysOf(work.name));
  if (destroyed.empty()) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(effect->keys, parts_.keys->Destroy(destroyed, parts_.clock->Now()));
  return absl::OkStatus();
}

absl::StatusOr<StepEffect> BucketSteps::ReplaceKeys(const BucketWork& work) {
  StepEffect effect;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> keys, parts_.keys->KeysOf(work.name));
  if (keys.empty()) return effect;
  ROLLCALL_RETURN_IF_ERROR(parts_.keys->NewKey(work.name, parts_.clock->Now()).status());
  ROLLCALL_ASSIGN_OR_RETURN(effect.keys, parts_.keys->Destroy(keys, parts_.clock->Now()));
  return effect;
}

absl::StatusOr<StepEffect> BucketSteps::Archive(const BucketWork& work) {
  const Rows rows = InStores(work, RowContent::kWhole);
  ROLLCALL_ASSIGN_OR_RETURN(StepEffect effect, Put(work, rows.get()));
  // Nothing was deleted from the stores so far: what another version has beside this is out of date.
  ROLLCALL_RETURN_IF_ERROR(RemoveOthers(work, &effect));
  return effect;
}

absl::Status BucketSteps::InBatches(RowStream* rows,
                                    absl::FunctionRef<absl::Status(absl::Span<const BucketRow>)> take) {
  std::vector<BucketRow> batch;
  const size_t most = std::clamp(options_.pace.batch_rows, size_t{1}, kMaxBucketRows);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(std::optional<BucketRow> row, rows->Next());
    const bool end = !row.has_value();
    if (!end) batch.push_back(*std::move(row));
    if (batch.size() == most || (end && !batch.empty())) {
      ROLLCALL_RETURN_IF_ERROR(take(batch));
      batch.clear();
    }
    if (end) return absl::OkStatus();
  }
}

absl::Status BucketSteps::Delete(const BucketWork& work, absl::Span<const BucketRow> rows, StepEffect* effect) {
  while (!rows.empty()) {
    const absl::Duration end = parts_.clock->Monotonic() + options_.pace.batch_time;
    ROLLCALL_ASSIGN_OR_RETURN(const DeleteOutcome outcome, parts_.store->DeleteRows(work.ref, work.fence, rows, [&] {
      return parts_.clock->Monotonic() < end;
    }));
    effect->rows += outcome.deleted;
    effect->bytes += outcome.bytes;
    rows.remove_prefix(outcome.handled);
    if (!parts_.clock->WaitFor(options_.pace.pause, stop_) || stop_.stop_requested()) {
      return absl::CancelledError("delete rows: stopped");
    }
  }
  return absl::OkStatus();
}

absl::Status BucketSteps::DeleteArchived(const BucketWork& work, const ArchiveListing& listing, StepEffect* effect) {
  for (const ListedObject& object : listing.versions) {
    // To the end, before the first row goes.
    ROLLCALL_RETURN_IF_ERROR(parts_.archive->Verify(work.name, object.sha256, stop_).status());
    ObjectRows rows(parts_.archive, work.name, object.sha256, stop_);
    ROLLCALL_RETURN_IF_ERROR(
        InBatches(&rows, [&](absl::Span<const BucketRow> batch) { return Delete(work, batch, effect); }));
  }
  return absl::OkStatus();
}

absl::StatusOr<StepEffect> BucketSteps::EmptyStores(const BucketWork& work, Archived archived) {
  StepEffect effect;
  for (int pass = 0; pass < kPasses; ++pass) {
    ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, parts_.archive->List(work.name));
    if (listing.versions.empty()) return absl::DataLossError("empty stores: the archive does not have the bucket");
    ROLLCALL_RETURN_IF_ERROR(DeleteArchived(work, listing, &effect));
    ROLLCALL_ASSIGN_OR_RETURN(const BucketSummary left, parts_.store->CountBucket(work.ref));
    if (left.records == 0 && listing.versions.size() == 1) return effect;
    const Rows all = InArchive(work, listing, InStores(work, RowContent::kWhole));
    ROLLCALL_ASSIGN_OR_RETURN(StepEffect put, Put(work, all.get()));
    ROLLCALL_RETURN_IF_ERROR(archived(put));
    ROLLCALL_RETURN_IF_ERROR(RemoveOthers(work, &put));
    put.rows = effect.rows;
    put.bytes = effect.bytes;
    effect = std::move(put);
  }
  return KeepsChanging("empty stores");
}

absl::StatusOr<StepEffect> BucketSteps::Restore(const BucketWork& work) {
  StepEffect effect;
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, parts_.archive->List(work.name));
  for (const ListedObject& object : listing.versions) {
    ROLLCALL_RETURN_IF_ERROR(parts_.archive->Verify(work.name, object.sha256, stop_).status());
  }
  const Rows rows = InArchive(work, listing, nullptr);
  uint64_t restored = 0;
  ROLLCALL_RETURN_IF_ERROR(InBatches(rows.get(), [&](absl::Span<const BucketRow> batch) -> absl::Status {
    if (stop_.stop_requested()) return absl::CancelledError("restore bucket: stopped");
    ROLLCALL_ASSIGN_OR_RETURN(const RestoreOutcome outcome, parts_.store->RestoreRows(work.ref, work.fence, batch));
    if (outcome.restored + outcome.present != batch.size()) {
      return absl::DataLossError("restore bucket: the stores do not have all that was put back");
    }
    restored += outcome.restored;
    effect.rows += batch.size();
    return absl::OkStatus();
  }));
  // Rows that were there already may have been seen again, and be of another day by now.
  ROLLCALL_ASSIGN_OR_RETURN(const BucketSummary there, parts_.store->CountBucket(work.ref));
  if (there.records < restored) return KeepsChanging("restore bucket");
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveDeletion deletion, parts_.archive->Delete(work.name));
  effect.versions = deletion.versions;
  effect.bytes = there.bytes;
  return effect;
}

absl::StatusOr<uint64_t> BucketSteps::CountSelected(RowStream* rows, const PartSelector& part) {
  uint64_t selected = 0;
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<BucketRow> row, rows->Next());
    if (!row.has_value()) return selected;
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_selected, part.Selects(*row));
    if (is_selected) ++selected;
  }
}

absl::StatusOr<StepEffect> BucketSteps::ErasePartInStores(const BucketWork& work, const PartSelector& part) {
  return DeleteSome(work, true, [&](const BucketRow& row) { return part.Selects(row); });
}

absl::StatusOr<StepEffect> BucketSteps::DeleteSome(const BucketWork& work, bool drop_staged, Selects selects) {
  StepEffect effect;
  for (int pass = 0; pass < kPasses; ++pass) {
    ROLLCALL_ASSIGN_OR_RETURN(const BucketSummary there, parts_.store->CountBucket(work.ref));
    if (drop_staged && there.staged > 0) {
      ROLLCALL_RETURN_IF_ERROR(parts_.store->DropStaged(work.ref, work.fence).status());
    }
    const Rows rows = InStores(work, RowContent::kWhole);
    uint64_t selected = 0;
    ROLLCALL_RETURN_IF_ERROR(InBatches(rows.get(), [&](absl::Span<const BucketRow> batch) -> absl::Status {
      std::vector<BucketRow> chosen;
      for (const BucketRow& row : batch) {
        ROLLCALL_ASSIGN_OR_RETURN(const bool is_selected, selects(row));
        if (is_selected) chosen.push_back(row);
      }
      selected += chosen.size();
      return Delete(work, chosen, &effect);
    }));
    if (selected == 0) return effect;
  }
  return KeepsChanging("delete selected rows");
}

absl::StatusOr<StepEffect> BucketSteps::ErasePartInArchive(const BucketWork& work, const PartSelector& part,
                                                           Archived archived) {
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, parts_.archive->List(work.name));
  if (listing.versions.empty()) return ReplaceKeys(work);
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t selected, CountSelected(InArchive(work, listing, nullptr).get(), part));
  StepEffect effect;
  if (selected == 0 && listing.versions.size() == 1) {
    ROLLCALL_ASSIGN_OR_RETURN(effect.object, parts_.archive->Verify(work.name, listing.versions[0].sha256, stop_));
  } else {
    ROLLCALL_RETURN_IF_ERROR(parts_.keys->NewKey(work.name, parts_.clock->Now()).status());
    // Every record was read a moment ago: one that cannot be selected from is an error there, and kept here.
    RowsWithout rest(InArchive(work, listing, nullptr), [&](const BucketRow& row) {
      const absl::StatusOr<bool> is_selected = part.Selects(row);
      return is_selected.ok() && *is_selected;
    });
    ROLLCALL_ASSIGN_OR_RETURN(effect, Put(work, &rest));
    effect.rows = rest.dropped();
    effect.bytes = rest.dropped_bytes();
    ROLLCALL_RETURN_IF_ERROR(archived(effect));
  }
  ROLLCALL_RETURN_IF_ERROR(RemoveOthers(work, &effect));
  ROLLCALL_RETURN_IF_ERROR(DestroyOtherKeys(work, &effect));
  return effect;
}

absl::StatusOr<uint64_t> BucketSteps::CountPart(const BucketWork& work, const PartSelector& part) {
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t in_stores, CountSelected(InStores(work, RowContent::kWhole).get(), part));
  ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, parts_.archive->List(work.name));
  ROLLCALL_ASSIGN_OR_RETURN(const uint64_t in_archive, CountSelected(InArchive(work, listing, nullptr).get(), part));
  return in_stores + in_archive;
}

}  // namespace rollcall

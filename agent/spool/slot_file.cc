#include "agent/spool/slot_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/spool/crc32c.h"
#include "agent/spool/little_endian.h"

namespace rollcall {
namespace {

// magic (4), crc32c of the rest (4), counter (8), length (4)
constexpr size_t kSlotHeaderBytes = 20;
constexpr absl::string_view kSlotMagic = "RCSL";

}  // namespace

SlotFile SlotFile::Open(SpoolFiles* files, std::string name, size_t slot_bytes) {
  SlotFile slots(files, std::move(name), slot_bytes);
  const absl::Status opened = slots.OpenExisting();
  if (opened.ok()) return slots;
  slots.origin_ = absl::IsNotFound(opened) ? Origin::kCreated : Origin::kLost;
  // The status is not lost: the first Store tries again and reports.
  if (slots.origin_ == Origin::kCreated) slots.CreateNew().IgnoreError();
  return slots;
}

size_t SlotFile::capacity() const { return slot_bytes_ - kSlotHeaderBytes; }

std::optional<std::string> SlotFile::LoadSlot(int slot, uint64_t* counter) {
  const absl::StatusOr<std::string> bytes = file_->ReadAt(static_cast<uint64_t>(slot) * slot_bytes_, slot_bytes_);
  if (!bytes.ok()) return std::nullopt;
  absl::string_view rest = *bytes;
  absl::string_view magic;
  absl::string_view value;
  uint32_t crc = 0;
  uint32_t size = 0;
  if (!TakeBytes(&rest, kSlotMagic.size(), &magic) || magic != kSlotMagic || !TakeLittleEndian(&rest, &crc)) {
    return std::nullopt;
  }
  const absl::string_view covered = rest;
  if (!TakeLittleEndian(&rest, counter) || !TakeLittleEndian(&rest, &size) || !TakeBytes(&rest, size, &value)) {
    return std::nullopt;
  }
  if (Crc32c(covered.substr(0, covered.size() - rest.size())) != crc) return std::nullopt;
  return std::string(value);
}

absl::Status SlotFile::OpenExisting() {
  absl::StatusOr<std::unique_ptr<SpoolFile>> file = files_->Open(name_);
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  origin_ = Origin::kLost;
  for (int slot = 0; slot < 2; ++slot) {
    uint64_t counter = 0;
    std::optional<std::string> value = LoadSlot(slot, &counter);
    if (!value.has_value() || (origin_ == Origin::kLoaded && counter < counter_)) continue;
    origin_ = Origin::kLoaded;
    loaded_ = *std::move(value);
    counter_ = counter;
    durable_slot_ = slot;
  }
  return absl::OkStatus();
}

absl::Status SlotFile::CreateNew() {
  absl::StatusOr<std::unique_ptr<SpoolFile>> file = files_->Create(name_);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->WriteAt(0, std::string(2 * slot_bytes_, '\0'));
  if (status.ok()) status = (*file)->SyncData();
  if (status.ok()) status = files_->SyncDirectory();
  if (!status.ok()) {
    files_->Remove(name_).IgnoreError();  // half a file would not hold what must always fit
    return status;
  }
  file_ = *std::move(file);
  return absl::OkStatus();
}

absl::Status SlotFile::Store(absl::string_view value, bool durable) {
  if (value.size() > capacity()) {
    return absl::ResourceExhaustedError(absl::StrCat("store ", name_, ": ", value.size(), " bytes do not fit"));
  }
  if (file_ == nullptr) {
    absl::Status status = OpenExisting();
    if (absl::IsNotFound(status)) status = CreateNew();
    if (!status.ok()) return status;
  }
  std::string covered;
  AppendLittleEndian(counter_ + 1, &covered);
  AppendLittleEndian(static_cast<uint32_t>(value.size()), &covered);
  covered.append(value.data(), value.size());
  std::string bytes(kSlotMagic);
  AppendLittleEndian(Crc32c(covered), &bytes);
  bytes += covered;
  const int slot = 1 - durable_slot_;
  absl::Status status = file_->WriteAt(static_cast<uint64_t>(slot) * slot_bytes_, bytes);
  if (!status.ok()) return status;
  ++counter_;
  if (!durable) return absl::OkStatus();
  status = file_->SyncData();
  if (status.ok()) durable_slot_ = slot;
  return status;
}

}  // namespace rollcall

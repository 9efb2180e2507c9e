// A small value on disk that a torn write or a full disk cannot destroy.
#ifndef ROLLCALL_AGENT_SPOOL_SLOT_FILE_H_
#define ROLLCALL_AGENT_SPOOL_SLOT_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/spool/spool_files.h"

namespace rollcall {

// Sizes of the slots of the files `cursor` and `units`; the latter holds some 1,500 units.
inline constexpr size_t kCursorSlotBytes = 4096;
inline constexpr size_t kMarksSlotBytes = size_t{64} << 10;

// Two slots of fixed size, written out in full when the file is made, so that storing needs
// no disk space. A store overwrites the slot that is not the last durable one; the newest
// slot with a good checksum counts. Not thread-safe.
class SlotFile {
 public:
  // Where the value came from.
  enum class Origin {
    kLoaded,
    kCreated,  // there was no file
    kLost,     // there was a file, without any good slot, or it could not be read
  };

  // Never fails: what could not be opened or made is tried again by Store.
  static SlotFile Open(SpoolFiles* files, std::string name, size_t slot_bytes);

  Origin origin() const { return origin_; }
  // The newest good value when the file was opened; empty unless kLoaded.
  const std::string& loaded() const { return loaded_; }

  // Most bytes a value may have.
  size_t capacity() const;
  // With `durable` the value survives a power loss when this returns OK. Without, it
  // survives the end of the process, and a power loss leaves it or an older one.
  absl::Status Store(absl::string_view value, bool durable);

 private:
  SlotFile(SpoolFiles* files, std::string name, size_t slot_bytes)
      : files_(files), name_(std::move(name)), slot_bytes_(slot_bytes) {}

  absl::Status OpenExisting();
  absl::Status CreateNew();
  std::optional<std::string> LoadSlot(int slot, uint64_t* counter);

  SpoolFiles* files_;
  std::string name_;
  size_t slot_bytes_;
  std::unique_ptr<SpoolFile> file_;
  Origin origin_ = Origin::kCreated;
  std::string loaded_;
  uint64_t counter_ = 0;
  int durable_slot_ = 1;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SLOT_FILE_H_

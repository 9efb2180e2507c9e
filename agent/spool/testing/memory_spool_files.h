// Spool files in memory, with a disk that forgets what was not synced.
#ifndef ROLLCALL_AGENT_SPOOL_TESTING_MEMORY_SPOOL_FILES_H_
#define ROLLCALL_AGENT_SPOOL_TESTING_MEMORY_SPOOL_FILES_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/spool/spool_files.h"

namespace rollcall {

// The disk outlives the SpoolFiles made of it. A copy is a disk of its own. One thread.
class MemoryDisk {
 public:
  MemoryDisk() = default;
  MemoryDisk(const MemoryDisk& other);
  MemoryDisk& operator=(const MemoryDisk& other);

  std::unique_ptr<SpoolFiles> Mount();

  // Back to what SyncData and SyncDirectory made durable. Of bytes written since, the first
  // `unsynced_bytes` of each file survive.
  void LosePower(size_t unsynced_bytes = 0);

  std::vector<std::string> Names() const;
  // The bytes of a file, to damage; the file must exist.
  std::string& Bytes(const std::string& name);
  void Remove(const std::string& name);

  SpoolFreeSpace space{uint64_t{1} << 40, uint64_t{1} << 39};

 private:
  friend class MemorySpoolFiles;
  friend class MemorySpoolFile;
  struct Node {
    std::string bytes;
    std::string durable;
    // What may differ between the two; only it is copied.
    size_t dirty_from = SIZE_MAX;
    size_t dirty_below = 0;
  };
  using Directory = std::map<std::string, std::shared_ptr<Node>>;
  void CopyFrom(const MemoryDisk& other);

  Directory names_;
  Directory durable_names_;
};

// Counts operations and makes some of them fail.
class FaultPlan {
 public:
  enum class Operation { kRead, kWrite, kSync, kOther };
  enum class Only { kAll, kReads, kWrites, kSyncs };

  // Operation number `first` (from 1) fails, and with `last` all up to it. Only those that
  // `only` names are counted.
  void FailAt(uint64_t first, uint64_t last, absl::Status status) {
    first_ = first;
    last_ = last;
    status_ = std::move(status);
  }
  void Clear() { first_ = last_ = 0; }
  uint64_t operations() const { return operations_; }
  bool fired() const { return fired_; }

  Only only = Only::kAll;
  // How much of a write that fails is written all the same.
  double written_share = 0.5;

  // Called by each operation.
  absl::Status Next(Operation operation);

 private:
  bool Counts(Operation operation) const;

  uint64_t operations_ = 0;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  bool fired_ = false;
  absl::Status status_;
};

// Passes on to `files`, failing as `plan` says.
std::unique_ptr<SpoolFiles> WithFaults(std::unique_ptr<SpoolFiles> files, std::shared_ptr<FaultPlan> plan);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_TESTING_MEMORY_SPOOL_FILES_H_

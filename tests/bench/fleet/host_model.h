// What the simulated hosts have: the records of every unit, and how they change.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_HOST_MODEL_H_
#define ROLLCALL_TESTS_BENCH_FLEET_HOST_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "rollcall/v1/record.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// One collector's records on every host.
struct UnitShape {
  absl::string_view collector;
  uint32_t records = 0;
  // Hosts installed from one image have the same ones; other units are each host's own.
  bool from_image = false;
};

// A fleet as pure functions: the same seed gives the same records. A host's unit has passed
// `changes` changes since it was installed; the k-th of them made a new version of record
// k % records, so a number is all there is to remember. A new version is another asset where an
// update makes one (a package's version, a process's id), and the same asset otherwise.
// Immutable; thread-safe.
class HostModel {
 public:
  // `records` is of a whole host, shared out in the proportions of an ordinary server; at least
  // one for each unit. Hosts are installed from `images` images in turn.
  HostModel(uint64_t seed, uint32_t records, uint32_t images);

  const std::vector<UnitShape>& units() const { return units_; }
  uint32_t records_per_host() const;
  uint32_t images() const { return images_; }
  uint32_t ImageOf(uint64_t host) const { return static_cast<uint32_t>(host % images_); }

  // Version of a record of a unit that has passed `changes` changes.
  uint32_t VersionOf(size_t unit, uint32_t index, uint64_t changes) const;
  // Which record change number `change` (from 0) is of.
  uint32_t ChangedBy(size_t unit, uint64_t change) const;

  // A record as an agent would send it, without derived fields. `index` is below the unit's records.
  pb::Record MakeRecord(uint64_t host, size_t unit, uint32_t index, uint32_t version) const;

  // The facts of the host itself that Hello repeats.
  std::string HostId(uint64_t host) const;
  std::string BootId(uint64_t host) const;

 private:
  const uint64_t seed_;
  const uint32_t images_;
  std::vector<UnitShape> units_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_HOST_MODEL_H_

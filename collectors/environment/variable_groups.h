// Puts variables of many sources together into records.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_GROUPS_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_GROUPS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "collectors/environment/variable.h"
#include "rollcall/v1/records/environment_variable.pb.h"

namespace rollcall {

// One record for each owner and name, and for processes and containers for each class of values.
// Values that may not be shown are not kept. What it says does not depend on the order in which
// processes are added. Not thread-safe.
class VariableGroups {
 public:
  using Record = rollcall::v1::EnvironmentVariable;

  // Groups kept; more are counted. Twice the records of one run.
  static constexpr size_t kMaxGroups = 10'000;
  // Different values of one group told apart.
  static constexpr size_t kMaxValues = 100;

  // Variables that a file or unit sets. Of one owner's assignments to one name the last counts:
  // class and value are its, and no value is shown if that of the last may not be.
  void AddSettings(Record::OwnerKind kind, absl::string_view owner, absl::string_view source,
                   const std::vector<Variable>& variables);

  // Variables that one process has.
  void AddProcess(Record::OwnerKind kind, absl::string_view owner, const std::vector<Variable>& variables);

  // The next record, whose group is forgotten; nothing after the last. Files first, then units,
  // processes and containers, each by owner and name: what is cut off at a limit is what there is
  // most of. To be called when all has been added.
  std::optional<Record> TakeRecord();

  // Groups there were, those beyond kMaxGroups included more than once.
  uint64_t observed() const { return kept_ + beyond_limit_; }

 private:
  struct Group {
    Record::ValueClass value_class = Record::VALUE_CLASS_UNSPECIFIED;
    // Of a file or unit.
    std::string source;
    uint32_t length_bucket = 0;
    // Of the different values that may be shown the hash, at most kMaxValues. Values themselves
    // would be megabytes where every process has another PATH.
    std::set<size_t> value_hashes;
    // What the record shows: of processes the first in order, of a file or unit the last one set.
    std::string shown;
    uint32_t processes = 0;
  };
  // Place in the order, owner.
  using OwnerKey = std::pair<int, std::string>;
  // By name and class. The owner is kept once: it may be a path of kilobytes.
  using Groups = std::map<std::pair<std::string, int>, Group>;

  // nullptr beyond the limit.
  Group* Find(Groups& groups, const std::string& name, Record::ValueClass grouped);
  // Returns whether the value may be shown.
  static bool AddValue(const Variable& variable, Record::ValueClass value_class, Group* group);
  // Forgets an owner for whose variables there was no room.
  void DropIfEmpty(const OwnerKey& owner);

  std::map<OwnerKey, Groups> owners_;
  uint64_t kept_ = 0;
  uint64_t beyond_limit_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_GROUPS_H_

// Puts variables of many sources together into records.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_GROUPS_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_GROUPS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
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

  // Groups kept; more are counted. Far more than the records of one run.
  static constexpr size_t kMaxGroups = 50'000;
  // Different values of one group told apart.
  static constexpr size_t kMaxValues = 100;

  // Variables that a file or unit sets. Of one owner's assignments to one name the last counts:
  // class and value are its, and no value is shown if that of the last may not be.
  void AddSettings(Record::OwnerKind kind, absl::string_view owner, absl::string_view source,
                   const std::vector<Variable>& variables);

  // Variables that one process has.
  void AddProcess(Record::OwnerKind kind, absl::string_view owner, const std::vector<Variable>& variables);

  // Records: files first, then units, processes and containers, each by owner and name. What is
  // cut off at a limit is what there is most of.
  std::vector<Record> TakeRecords();

  // Groups there were, those beyond kMaxGroups included more than once.
  uint64_t observed() const { return groups_.size() + beyond_limit_; }

 private:
  // Place in the order, owner, name, class.
  using Key = std::tuple<int, std::string, std::string, int>;
  struct Group {
    Record::OwnerKind kind = Record::OWNER_KIND_UNSPECIFIED;
    Record::ValueClass value_class = Record::VALUE_CLASS_UNSPECIFIED;
    std::string source;
    uint32_t length_bucket = 0;
    std::set<std::string> shown;
    // What the record shows of a file or unit.
    std::string last;
    uint32_t processes = 0;
  };

  // nullptr beyond the limit.
  Group* Find(Record::OwnerKind kind, absl::string_view owner, const std::string& name, Record::ValueClass grouped);
  // Returns whether the value may be shown.
  static bool AddValue(const Variable& variable, Record::ValueClass value_class, Group* group);

  std::map<Key, Group> groups_;
  uint64_t beyond_limit_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_GROUPS_H_

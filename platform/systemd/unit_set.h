// The units a host has, put together from their files as systemd does, without asking systemd.
// See systemd.unit(5) and systemctl(1), "is-enabled".
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_SET_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_SET_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "platform/systemd/unit_file.h"
#include "platform/systemd/unit_folders.h"

namespace rollcall {

// What `systemctl is-enabled` says of a unit.
enum class UnitFileState {
  // The file could not be read. Not a state of systemd's.
  kUnknown,
  kEnabled,
  kEnabledRuntime,
  // Linked into the search path from elsewhere, and not enabled.
  kLinked,
  kLinkedRuntime,
  // Another name of a unit.
  kAlias,
  kMasked,
  kMaskedRuntime,
  // Not to be enabled: no [Install] section that says what to do.
  kStatic,
  kDisabled,
  // Enabled through another unit (`Also=`) or under another name.
  kIndirect,
  kGenerated,
  kTransient,
  // Links that lead nowhere or in a circle.
  kBad,
};

// `enabled-runtime` and so on, as systemctl spells it; `unknown` for kUnknown.
absl::string_view UnitFileStateName(UnitFileState state);

// What [Install] asks for; repeated keys added up, an empty assignment starts anew.
struct UnitInstall {
  std::vector<std::string> aliases;
  std::vector<std::string> wanted_by;
  std::vector<std::string> required_by;
  std::vector<std::string> also;
  std::string default_instance;
};

struct Unit {
  std::string name;
  // Its file: of an instance usually the template's, of a masked unit what masks it. Empty if
  // there is none that could be found.
  std::string path;
  UnitFileState state = UnitFileState::kUnknown;
  // The unit that this name stands for; empty if it is its own. An alias has no content here.
  std::string alias_of;
  // Other names of this unit, sorted.
  std::vector<std::string> aliases;
  // Files that add to `path`, in the order they apply. Those that are masked are not here.
  std::vector<std::string> drop_ins;
  // Of the file and its drop-ins, in order. Empty for a masked unit.
  std::vector<UnitAssignment> assignments;
  UnitInstall install;
  // Units whose `.wants` or `.requires` folder links here, sorted: what starts it.
  std::vector<std::string> wanted_by;
  std::vector<std::string> required_by;
  // Files of the same name that `path` hides, most important first.
  std::vector<std::string> hidden_paths;
  // Of the file at `path`, lowercase hex. Empty for an alias and a masked unit, and if the file
  // was not read whole.
  std::string sha256;

  // The value that counts for a setting that has one: the last. Empty if unset or reset.
  absl::string_view Value(absl::string_view section, absl::string_view key) const;
  // The values that count for a setting that is a list: those after the last empty assignment.
  std::vector<absl::string_view> Values(absl::string_view section, absl::string_view key) const;
};

// Immutable. Independent of the tree it was read from.
class UnitSet {
 public:
  // Bytes of unit files read at most.
  static constexpr size_t kMaxTotalBytes = size_t{32} << 20;
  // Bytes of settings of all units together, where a template's count for each instance.
  static constexpr size_t kMaxSettingBytes = size_t{32} << 20;

  // Reads all units of `types` (`service`, `socket`, ...): those with a file or link in the
  // search path, and instances that a `.wants` or `.requires` folder names. What could not be
  // read is in problems(), and everything else is here. Cancelled if `stop` is requested; no
  // other error.
  static absl::StatusOr<UnitSet> Load(const FileTree& files, absl::Span<const absl::string_view> types,
                                      const StopToken& stop);

  // By name, aliases and masked units included.
  const std::map<std::string, Unit, std::less<>>& units() const { return units_; }
  // The unit of that name, not following an alias; nullptr if there is none.
  const Unit* Find(absl::string_view name) const;
  // Whether the host has any folder of units. A container image may have one without systemd.
  bool has_folders() const { return has_folders_; }
  const std::vector<UnitProblem>& problems() const { return problems_; }

 private:
  std::map<std::string, Unit, std::less<>> units_;
  bool has_folders_ = false;
  std::vector<UnitProblem> problems_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_SET_H_

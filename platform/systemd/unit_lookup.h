// From a name to the file that counts, over links and templates, and to the state `systemctl
// is-enabled` gives it. An implementation detail of UnitSet.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_LOOKUP_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_LOOKUP_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/systemd/unit_folders.h"
#include "platform/systemd/unit_reader.h"
#include "platform/systemd/unit_set.h"

namespace rollcall {

// Not thread-safe; what it is given must outlive it.
class UnitLookup {
 public:
  // Where a name leads.
  struct Found {
    // NotFound if no file of that name or its template is there. FailedPrecondition if links
    // lead nowhere, in a circle or to what is no unit.
    absl::Status status;
    // The unit's own name, after aliases.
    std::string name;
    // Its file; the link or empty file itself if the unit is masked.
    std::string path;
    bool masked = false;
    // The file is there and could not be read.
    bool unreadable = false;
    UnitInstall install;
  };

  UnitLookup(const FileTree& files, const UnitFolders& folders, UnitReader& reader);

  Found Find(absl::string_view name) const;

  // State of the unit that `name` was found to be.
  UnitFileState StateOf(absl::string_view name, const Found& found) const;

  // `.d` folders by name, such as `ssh.service.d`, most specific first.
  using DropInFolders = std::vector<std::string>;

  // Drop-ins in the order they apply, one file for each file name: of a group the one in the
  // most important folder of the search path, and an earlier group's before a later one's.
  // Masked ones are in it.
  std::vector<std::string> DropIns(const std::vector<DropInFolders>& groups) const;

 private:
  // A link in a folder (`dependency`: in one of its .wants or .requires).
  struct Link {
    size_t folder = 0;
    bool dependency = false;
    std::string name;
    std::string target_name;
  };
  // What one step of a search gives: a file, or the next name to look for.
  struct Step {
    absl::Status status;
    std::string path;
    bool masked = false;
    std::string next_name;
  };

  void IndexLinks();
  Step Search(absl::string_view name) const;
  Step FollowLink(absl::string_view name, const std::string& link_path, std::string target) const;
  void ReadInstall(Found& found) const;
  bool IsEnabledBy(const Found& found, const Link& link, bool known_names_only, bool ignore_same_name,
                   bool* same_name) const;
  // Looks for links that enable the unit; kUnknown if there are none.
  UnitFileState StateByLinks(const Found& found, bool known_names_only) const;

  const FileTree& files_;
  const UnitFolders& folders_;
  UnitReader& reader_;
  // By each name that makes a link of interest to a unit.
  std::unordered_map<std::string, std::vector<Link>> links_;
};

// The names of `.d` folders whose drop-ins apply to unit `name`, most specific first: its own,
// its template's, and those of prefixes that end in a dash (`foo-.service.d`).
UnitLookup::DropInFolders DropInFolderNames(absl::string_view name);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_LOOKUP_H_

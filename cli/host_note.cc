#include "cli/host_note.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall {

std::string HostNote(const rollcall::v1::HostSummary& host) {
  std::vector<std::string> notes;
  if (host.clone_suspected()) notes.push_back("CLONE?");
  if (host.host_id_shared()) notes.push_back("SAME HOST_ID");
  if (!host.clone_of().empty()) notes.push_back(absl::StrCat("CLONE OF ", host.clone_of()));
  return absl::StrJoin(notes, ", ");
}

}  // namespace rollcall

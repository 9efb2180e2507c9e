// What is known of one host, on one screen.
#ifndef ROLLCALL_CLI_HOST_SCREEN_H_
#define ROLLCALL_CLI_HOST_SCREEN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/screen.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// Records worth a look, such as ports that anybody can reach. A section whose kind or fields this program
// does not have is not there; one without records is not shown.
struct HostSection {
  std::string title;
  std::string kind;
  // Conditions as `ls --where` takes them.
  std::vector<std::string> where;
  std::vector<std::string> columns;
  // Only the number of records counts: `WORD` follows it, in the line called `title`.
  std::string counted_as;
};

// Those there are, in the order of the screen.
std::vector<HostSection> HostSections();

// Answers to one section.
struct SectionRecords {
  HostSection section;
  std::vector<rollcall::v1::StoredRecord> records;
  // There are more than these.
  bool more = false;
};

struct HostScreenData {
  rollcall::v1::HostSummary host;
  // The current `host` record, if there is one.
  std::optional<rollcall::v1::StoredRecord> record;
  // The latest figures of its resources, if there are any.
  std::optional<rollcall::v1::StoredRecord> resources;
  std::vector<rollcall::v1::UnitCoverage> coverage;
  std::vector<SectionRecords> sections;
};

// Writes the screen: who and what the host is, what is missing of it, how many records there are, and the
// sections, each cut to a few rows.
void PrintHostScreen(Screen* screen, const HostScreenData& data, absl::Time now);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_HOST_SCREEN_H_

// Differences between two versions of a record, field by field.
#ifndef ROLLCALL_CLI_FIELD_CHANGES_H_
#define ROLLCALL_CLI_FIELD_CHANGES_H_

#include <string>
#include <vector>

#include "rollcall/v1/record.pb.h"

namespace rollcall {

struct FieldChange {
  std::string path;
  std::string before;  // empty if the field was not set
  std::string after;
};

// Fields of the payload that differ, ordered by path; volatile figures are left out.
std::vector<FieldChange> FieldChanges(const rollcall::v1::Record& before, const rollcall::v1::Record& after);

// `path: before -> after`, several separated by `; `.
std::string FieldChangesText(const std::vector<FieldChange>& changes);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_FIELD_CHANGES_H_

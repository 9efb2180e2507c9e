// Agreements and calendars, read from textproto files and checked.
#ifndef ROLLCALL_BACKEND_RETENTION_POLICY_LOADER_H_
#define ROLLCALL_BACKEND_RETENTION_POLICY_LOADER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/retention/working_days.h"
#include "rollcall/v1/policy.pb.h"

namespace rollcall {

// A checked agreement with what its rules refer to. Immutable.
struct RetentionPolicy {
  pb::Policy data;
  absl::TimeZone zone;
  WorkingDays calendar;
  // SHA-256, lowercase hex, of the rules as read and of the calendar's id and version; comments and the order
  // of fields in the file do not count.
  // What is decided by one hash is never carried out under another.
  std::string hash;

  // nullptr for a category the agreement does not have; there is none after loading for a category
  // that has elements.
  const pb::CategoryRules* Find(pb::Category category) const;
};

// Parses a policy. `name` stands in messages as `name:line:column: what`. InvalidArgument if it is no
// policy or breaks a rule of CheckPolicy. Pure.
absl::StatusOr<pb::Policy> ParsePolicy(absl::string_view text, absl::string_view name);

// Reads the agreement at `path` and its calendar, ID.textproto in the folder `calendars`; if that is empty, in
// `../calendars` from the agreement.
absl::StatusOr<RetentionPolicy> LoadRetentionPolicy(const std::string& path, std::string calendars = "");

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_POLICY_LOADER_H_

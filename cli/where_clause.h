// Conditions of `ls --where`.
#ifndef ROLLCALL_CLI_WHERE_CLAUSE_H_
#define ROLLCALL_CLI_WHERE_CLAUSE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// `FIELD=VALUE`, `FIELD~REGEX`, `FIELD>NUMBER` or `FIELD<NUMBER`, whichever operator comes first.
absl::StatusOr<rollcall::v1::Filter> ParseWhereClause(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_WHERE_CLAUSE_H_

// What the query side needs of retention: dates for a version, and why.
#ifndef ROLLCALL_BACKEND_QUERY_RETENTION_EXPLAINER_H_
#define ROLLCALL_BACKEND_QUERY_RETENTION_EXPLAINER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/store/store.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

struct RetentionAnswer {
  pb::RetentionDates dates;
  // From facts to dates, each step naming its clause.
  std::vector<std::string> steps;
};

// Thread-safe.
class RetentionExplainer {
 public:
  virtual ~RetentionExplainer() = default;
  // An error means the policy does not cover the version; the message says what is missing.
  virtual absl::StatusOr<RetentionAnswer> Explain(const StoredVersion& version, const AgentContact& contact,
                                                  absl::Time now) const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_RETENTION_EXPLAINER_H_

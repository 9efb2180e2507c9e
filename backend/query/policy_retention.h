// Retention dates from the loaded agreement.
#ifndef ROLLCALL_BACKEND_QUERY_POLICY_RETENTION_H_
#define ROLLCALL_BACKEND_QUERY_POLICY_RETENTION_H_

#include <utility>

#include "backend/query/retention_explainer.h"
#include "backend/retention/retention_policy.h"

namespace rollcall {

// Immutable, thread-safe.
class PolicyRetention : public RetentionExplainer {
 public:
  explicit PolicyRetention(RetentionPolicy policy) : policy_(std::move(policy)) {}

  // A current version counts as collected when it was last seen: an unchanged host writes
  // nothing, and its records are as fresh as its last complete run.
  absl::StatusOr<RetentionAnswer> Explain(const StoredVersion& version, const AgentContact& contact,
                                          absl::Time now) const override;

  const RetentionPolicy& policy() const { return policy_; }

 private:
  const RetentionPolicy policy_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_POLICY_RETENTION_H_

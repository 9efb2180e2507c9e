// What an agreement must say to be one that can be kept.
#ifndef ROLLCALL_BACKEND_RETENTION_POLICY_CHECK_H_
#define ROLLCALL_BACKEND_RETENTION_POLICY_CHECK_H_

#include <string>
#include <vector>

#include "rollcall/v1/policy.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

struct PolicyProblem {
  // Index of the category it is about; -1 for the policy as a whole.
  int category = -1;
  std::string message;
};

// Every problem: identity and zone; every element in exactly one category; every category with stores,
// purposes and an end after termination; console configuration in no archive unless a clause allows it;
// well-formed periods; clauses that exist. Empty if there is none. Pure.
std::vector<PolicyProblem> CheckPolicy(const pb::Policy& policy);

// Whether the policy counts working days anywhere.
bool CountsWorkingDays(const pb::Policy& policy);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_POLICY_CHECK_H_

// What a selector in an operation must be, beyond being well-formed.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SELECTOR_CHECK_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SELECTOR_CHECK_H_

#include "absl/status/status.h"
#include "backend/retention/policy_loader.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

// InvalidArgument for a category the agreement does not have, an element there is not, names over 256 characters,
// and days the wrong way round; NotFound for a hosting service that is not among `facts`. A selector that selects
// nothing because of a slip must not be taken for one that found nothing. Pure.
absl::Status CheckSelector(const RetentionPolicy& policy, const pb::TenantFacts& facts, const pb::Selector& selector);

// Reasons and legal bases: 1 to 1000 characters. Pure.
absl::Status CheckReason(absl::string_view reason);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SELECTOR_CHECK_H_

#include "backend/lifecycle/selector_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/retention_policy.h"

namespace rollcall {
namespace {

constexpr size_t kMaxName = 256;
constexpr size_t kMaxReason = 1000;

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(absl::StrCat("check selector: ", what)); }

bool IsName(const std::string& name) { return !name.empty() && name.size() <= kMaxName; }

absl::Status CheckDays(const pb::Selector& selector) {
  absl::CivilDay from(1, 1, 1);
  absl::CivilDay to(9999, 12, 31);
  if (!selector.from_day().empty() && !ParseDay(selector.from_day(), &from)) return Bad("from_day is no day");
  if (!selector.to_day().empty() && !ParseDay(selector.to_day(), &to)) return Bad("to_day is no day");
  return from <= to ? absl::OkStatus() : Bad("from_day is after to_day");
}

}  // namespace

absl::Status CheckSelector(const RetentionPolicy& policy, const pb::TenantFacts& facts, const pb::Selector& selector) {
  for (const int category : selector.categories()) {
    if (policy.Find(static_cast<pb::Category>(category)) == nullptr) return Bad("the agreement has no such category");
  }
  for (const int element : selector.elements()) {
    if (!pb::Element_IsValid(element) || element == pb::ELEMENT_UNSPECIFIED) return Bad("there is no such element");
  }
  if (!std::all_of(selector.hosts().begin(), selector.hosts().end(), IsName)) return Bad("a host has no name");
  for (const pb::FieldCondition& condition : selector.fields()) {
    if (!IsName(condition.field()) || condition.value().size() > kMaxReason) return Bad("a field has no name");
  }
  for (const std::string& service : selector.hosting_services()) {
    const auto& known = facts.hosting_services();
    if (service == kAllServices || std::find(known.begin(), known.end(), service) != known.end()) continue;
    return absl::NotFoundError(absl::StrCat("check selector: there is no hosting service ", service));
  }
  return CheckDays(selector);
}

absl::Status CheckReason(absl::string_view reason) {
  if (!reason.empty() && reason.size() <= kMaxReason) return absl::OkStatus();
  return absl::InvalidArgumentError("check reason: it has not 1 to 1000 characters");
}

}  // namespace rollcall

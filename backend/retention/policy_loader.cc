#include "backend/retention/policy_loader.h"

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/calendar_loader.h"
#include "backend/retention/policy_check.h"
#include "backend/retention/textproto_file.h"
#include "platform/sha256.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxMessages = 20;

}  // namespace

const pb::CategoryRules* RetentionPolicy::Find(pb::Category category) const {
  for (const pb::CategoryRules& rules : data.categories()) {
    if (rules.category() == category) return &rules;
  }
  return nullptr;
}

absl::StatusOr<pb::Policy> ParsePolicy(absl::string_view text, absl::string_view name) {
  pb::Policy policy;
  google::protobuf::TextFormat::ParseInfoTree locations;
  ROLLCALL_RETURN_IF_ERROR(ParseTextproto(text, name, &policy, &locations));
  const auto* categories = pb::Policy::descriptor()->FindFieldByNumber(pb::Policy::kCategoriesFieldNumber);
  std::vector<std::string> messages;
  for (const PolicyProblem& problem : CheckPolicy(policy)) {
    messages.push_back(PlaceOf(locations, name, categories, problem.category) + problem.message);
    if (messages.size() == kMaxMessages) break;
  }
  if (!messages.empty()) return absl::InvalidArgumentError(absl::StrJoin(messages, "\n"));
  return policy;
}

absl::StatusOr<RetentionPolicy> LoadRetentionPolicy(const std::string& path, std::string calendars) {
  RetentionPolicy policy;
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  ROLLCALL_ASSIGN_OR_RETURN(policy.data, ParsePolicy(text, path));
  if (!absl::LoadTimeZone(policy.data.zone(), &policy.zone)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": zone ", policy.data.zone(), " is not known"));
  }
  policy.hash = Sha256Hex(policy.data.SerializeAsString());
  if (policy.data.calendar().empty()) return policy;
  if (calendars.empty()) calendars = (std::filesystem::path(path).parent_path() / ".." / "calendars").string();
  absl::StatusOr<WorkingDays> days = LoadWorkingDays(calendars, policy.data.calendar());
  if (!days.ok()) {
    return absl::Status(days.status().code(), absl::StrCat(path, ": calendar: ", days.status().message()));
  }
  policy.calendar = *std::move(days);
  policy.hash = Sha256Hex(absl::StrCat(policy.hash, " ", policy.calendar.id(), " ", policy.calendar.version()));
  return policy;
}

}  // namespace rollcall

// What the roles of people may do: the one place that says it.
#ifndef ROLLCALL_BACKEND_ACCESS_ROLE_TABLE_H_
#define ROLLCALL_BACKEND_ACCESS_ROLE_TABLE_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "backend/pki/peer_identity.h"
#include "rollcall/v1/options.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// A role's purposes and methods (full names). A call needs both from one role: the methods of one role are never
// joined with the purposes of another. What is in no row is denied to everybody.
struct RoleRights {
  PeerRole role;
  absl::Span<const pb::Purpose> purposes;
  absl::Span<const absl::string_view> methods;
};

namespace role_table {

inline constexpr pb::Purpose kFeature[] = {pb::PROVIDE_FEATURE};
inline constexpr pb::Purpose kPrivacy[] = {pb::DATA_SUBJECT_REQUEST, pb::LEGAL_OBLIGATION};
inline constexpr pb::Purpose kAudit[] = {pb::LEGAL_OBLIGATION};

inline constexpr absl::string_view kReading[] = {"rollcall.v1.Query.ListHosts",  "rollcall.v1.Query.ListRecords",
                                                 "rollcall.v1.Query.GetAsset",   "rollcall.v1.Query.GetHistory",
                                                 "rollcall.v1.Query.DiffHost",   "rollcall.v1.Query.ExplainRetention",
                                                 "rollcall.v1.Query.GetCoverage"};
inline constexpr absl::string_view kOperating[] = {
    "rollcall.v1.Query.ListHosts",   "rollcall.v1.Query.ListRecords", "rollcall.v1.Query.GetAsset",
    "rollcall.v1.Query.GetHistory",  "rollcall.v1.Query.DiffHost",    "rollcall.v1.Query.ExplainRetention",
    "rollcall.v1.Query.GetCoverage", "rollcall.v1.Operate.Retract"};
// Whether what is there is kept as agreed, not what it says.
inline constexpr absl::string_view kAuditing[] = {"rollcall.v1.Query.ListHosts", "rollcall.v1.Query.ExplainRetention",
                                                  "rollcall.v1.Query.GetCoverage"};

}  // namespace role_table

inline constexpr RoleRights kRoleRights[] = {
    {PeerRole::kViewer, role_table::kFeature, role_table::kReading},
    {PeerRole::kOperator, role_table::kFeature, role_table::kOperating},
    {PeerRole::kPrivacyOfficer, role_table::kPrivacy, role_table::kReading},
    {PeerRole::kAuditor, role_table::kAudit, role_table::kAuditing},
};

// Methods that change what is stored, on top of those that read.
inline constexpr absl::string_view kChangingMethods[] = {"rollcall.v1.Operate.Retract"};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_ROLE_TABLE_H_

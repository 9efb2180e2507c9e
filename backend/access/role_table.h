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

inline constexpr absl::string_view kViewing[] = {
    "rollcall.v1.Query.ListHosts",   "rollcall.v1.Query.ListRecords",
    "rollcall.v1.Query.GetAsset",    "rollcall.v1.Query.GetHistory",
    "rollcall.v1.Query.DiffHost",    "rollcall.v1.Query.ExplainRetention",
    "rollcall.v1.Query.GetCoverage", "rollcall.v1.Lifecycle.GetRetentionStatus"};
// Services, their ends and what customers ask for, beside what there is.
inline constexpr absl::string_view kOperating[] = {"rollcall.v1.Query.ListHosts",
                                                   "rollcall.v1.Query.ListRecords",
                                                   "rollcall.v1.Query.GetAsset",
                                                   "rollcall.v1.Query.GetHistory",
                                                   "rollcall.v1.Query.DiffHost",
                                                   "rollcall.v1.Query.ExplainRetention",
                                                   "rollcall.v1.Query.GetCoverage",
                                                   "rollcall.v1.Operate.Retract",
                                                   "rollcall.v1.Lifecycle.ListServices",
                                                   "rollcall.v1.Lifecycle.AddService",
                                                   "rollcall.v1.Lifecycle.ScheduleTermination",
                                                   "rollcall.v1.Lifecycle.ChangeTermination",
                                                   "rollcall.v1.Lifecycle.CancelTermination",
                                                   "rollcall.v1.Lifecycle.Resume",
                                                   "rollcall.v1.Lifecycle.RequestDeletion",
                                                   "rollcall.v1.Lifecycle.CancelDeletion",
                                                   "rollcall.v1.Lifecycle.RequestExport",
                                                   "rollcall.v1.Lifecycle.ListRequests",
                                                   "rollcall.v1.Lifecycle.ListCertificates",
                                                   "rollcall.v1.Lifecycle.GetCertificate",
                                                   "rollcall.v1.Lifecycle.GetRetentionStatus",
                                                   "rollcall.v1.Lifecycle.MakeDryRun",
                                                   "rollcall.v1.Lifecycle.ConfirmClock"};
// What the law and customers demand. Holds are nobody else's.
inline constexpr absl::string_view kOfficiating[] = {
    "rollcall.v1.Query.ListHosts",          "rollcall.v1.Query.ListRecords",
    "rollcall.v1.Query.GetAsset",           "rollcall.v1.Query.GetHistory",
    "rollcall.v1.Query.DiffHost",           "rollcall.v1.Query.ExplainRetention",
    "rollcall.v1.Query.GetCoverage",        "rollcall.v1.Lifecycle.ListServices",
    "rollcall.v1.Lifecycle.PlaceHold",      "rollcall.v1.Lifecycle.ApproveHold",
    "rollcall.v1.Lifecycle.AskRelease",     "rollcall.v1.Lifecycle.ApproveRelease",
    "rollcall.v1.Lifecycle.ListHolds",      "rollcall.v1.Lifecycle.RequestDeletion",
    "rollcall.v1.Lifecycle.CancelDeletion", "rollcall.v1.Lifecycle.RequestExport",
    "rollcall.v1.Lifecycle.ListRequests",   "rollcall.v1.Lifecycle.ListCertificates",
    "rollcall.v1.Lifecycle.GetCertificate", "rollcall.v1.Lifecycle.GetRetentionStatus",
    "rollcall.v1.Lifecycle.MakeDryRun",     "rollcall.v1.Lifecycle.AcknowledgeDryRun"};
// Whether what is there is kept as agreed, not what it says.
inline constexpr absl::string_view kAuditing[] = {"rollcall.v1.Query.ListHosts",
                                                  "rollcall.v1.Query.ExplainRetention",
                                                  "rollcall.v1.Query.GetCoverage",
                                                  "rollcall.v1.Lifecycle.ListHolds",
                                                  "rollcall.v1.Lifecycle.ListCertificates",
                                                  "rollcall.v1.Lifecycle.GetCertificate",
                                                  "rollcall.v1.Lifecycle.GetRetentionStatus"};

}  // namespace role_table

inline constexpr RoleRights kRoleRights[] = {
    {PeerRole::kViewer, role_table::kFeature, role_table::kViewing},
    {PeerRole::kOperator, role_table::kFeature, role_table::kOperating},
    {PeerRole::kPrivacyOfficer, role_table::kPrivacy, role_table::kOfficiating},
    {PeerRole::kAuditor, role_table::kAudit, role_table::kAuditing},
};

// Methods about the caller alone: nothing of any tenant is read, so they are in no row, have no purpose, and whoever
// has a grant may call them.
inline constexpr absl::string_view kSelfMethods[] = {"rollcall.v1.People.WhoAmI"};

// Methods that change what is stored, on top of those that read.
inline constexpr absl::string_view kChangingMethods[] = {"rollcall.v1.Operate.Retract",
                                                         "rollcall.v1.Lifecycle.AddService",
                                                         "rollcall.v1.Lifecycle.ScheduleTermination",
                                                         "rollcall.v1.Lifecycle.ChangeTermination",
                                                         "rollcall.v1.Lifecycle.CancelTermination",
                                                         "rollcall.v1.Lifecycle.Resume",
                                                         "rollcall.v1.Lifecycle.PlaceHold",
                                                         "rollcall.v1.Lifecycle.ApproveHold",
                                                         "rollcall.v1.Lifecycle.AskRelease",
                                                         "rollcall.v1.Lifecycle.ApproveRelease",
                                                         "rollcall.v1.Lifecycle.RequestDeletion",
                                                         "rollcall.v1.Lifecycle.CancelDeletion",
                                                         "rollcall.v1.Lifecycle.RequestExport",
                                                         "rollcall.v1.Lifecycle.MakeDryRun",
                                                         "rollcall.v1.Lifecycle.AcknowledgeDryRun",
                                                         "rollcall.v1.Lifecycle.ConfirmClock"};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_ROLE_TABLE_H_

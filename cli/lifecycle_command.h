// Commands about tenants' lives: services, holds, requests, certificates, and whether all is deleted when it is due.
#ifndef ROLLCALL_CLI_LIFECYCLE_COMMAND_H_
#define ROLLCALL_CLI_LIFECYCLE_COMMAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command.h"

namespace rollcall {

// How what changes something is carried out.
struct OperationArguments {
  // A random one if empty.
  std::string request_id;
  // Do not ask.
  bool yes = false;
};

struct ServiceArguments {
  OperationArguments operation;
  // Name of a hosting service, or `feature`.
  std::string service;
  // As ParseTimeText; now if empty.
  std::string at;
  // Of terminate: another date for an end that is announced.
  bool change = false;
  // Of resume: as it was looked at; as it is now if 0.
  uint64_t epoch = 0;
};

// What of a tenant's data; all conditions hold.
struct SelectorArguments {
  std::vector<std::string> categories;
  std::vector<std::string> services;
  std::vector<std::string> hosts;
  std::vector<std::string> elements;
  std::string from_day;
  std::string to_day;
  // `KIND.FIELD=VALUE`.
  std::vector<std::string> fields;
};

struct HoldPlaceArguments {
  OperationArguments operation;
  SelectorArguments selector;
  std::string basis;
  std::string review_by;
};
struct HoldArguments {
  OperationArguments operation;
  std::string hold;
};
struct HoldListArguments {
  // Those that were released too.
  bool all = false;
};

struct RequestArguments {
  OperationArguments operation;
  SelectorArguments selector;
  std::string reason;
  // Of delete: everything the tenant has, which an empty selector would be by accident.
  bool everything = false;
};
struct RequestIdArguments {
  OperationArguments operation;
  // All that are open if empty.
  std::string request;
};

struct CertificateListArguments {
  size_t limit = 100;  // 0: all
};
struct CertificateGetArguments {
  std::string certificate;
  // Not saved if empty.
  std::string out;
  uint64_t known_size = 0;
};

struct RetentionStatusArguments {
  // Exit with kExitIncomplete if anything is late or stands in the way.
  bool check = false;
};
struct DryRunArguments {
  OperationArguments operation;
  // Today if empty.
  std::string day;
  // Of acknowledge: the hash of the list that was looked at.
  std::string list;
};

absl::Status RunServiceList(const CommandContext& context);
absl::Status RunServiceAdd(const CommandContext& context, const ServiceArguments& arguments);
absl::Status RunServiceTerminate(const CommandContext& context, const ServiceArguments& arguments);
absl::Status RunServiceCancelTermination(const CommandContext& context, const ServiceArguments& arguments);
absl::Status RunServiceResume(const CommandContext& context, const ServiceArguments& arguments);

absl::Status RunHoldList(const CommandContext& context, const HoldListArguments& arguments);
absl::Status RunHoldPlace(const CommandContext& context, const HoldPlaceArguments& arguments);
absl::Status RunHoldApprove(const CommandContext& context, const HoldArguments& arguments);
absl::Status RunHoldRelease(const CommandContext& context, const HoldArguments& arguments);
absl::Status RunHoldApproveRelease(const CommandContext& context, const HoldArguments& arguments);

absl::Status RunRequestDelete(const CommandContext& context, const RequestArguments& arguments);
absl::Status RunRequestExport(const CommandContext& context, const RequestArguments& arguments);
absl::Status RunRequestStatus(const CommandContext& context, const RequestIdArguments& arguments);
absl::Status RunRequestCancel(const CommandContext& context, const RequestIdArguments& arguments);

absl::Status RunCertificateList(const CommandContext& context, const CertificateListArguments& arguments);
absl::Status RunCertificateGet(const CommandContext& context, const CertificateGetArguments& arguments);

absl::Status RunRetentionStatus(const CommandContext& context, const RetentionStatusArguments& arguments);
absl::Status RunRetentionDryRun(const CommandContext& context, const DryRunArguments& arguments);
absl::Status RunRetentionAcknowledge(const CommandContext& context, const DryRunArguments& arguments);
absl::Status RunRetentionConfirmClock(const CommandContext& context, const OperationArguments& arguments);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_LIFECYCLE_COMMAND_H_

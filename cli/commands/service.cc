#include "absl/strings/str_cat.h"
#include "cli/lifecycle_command.h"
#include "cli/operation.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"
#include "proto/enum_word.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using Lifecycle = pb::Lifecycle::StubInterface;

pb::Subscription SubscriptionOf(const std::string& service) {
  pb::Subscription subscription;
  if (service == "feature") {
    subscription.set_feature(true);
  } else {
    subscription.set_hosting_service(service);
  }
  return subscription;
}

std::string NameOf(const pb::Subscription& subscription) {
  return subscription.feature() ? "feature" : subscription.hosting_service();
}

absl::StatusOr<pb::ListServicesResponse> List(const CommandContext& context) {
  pb::ListServicesResponse response;
  const absl::Status status = Ask(&Lifecycle::ListServices, context, pb::ListServicesRequest(), &response);
  if (!status.ok()) return status;
  return response;
}

std::string StateText(const pb::ListServicesResponse::Service& service) {
  return EnumWord(pb::ListServicesResponse::State_descriptor()->FindValueByNumber(service.state()));
}

// The end that is to come or has come; when it comes back.
std::string WhenText(const pb::ListServicesResponse::Service& service) {
  switch (service.state()) {
    case pb::ListServicesResponse::ENDS:
      return TimeText(service.ends_at());
    case pb::ListServicesResponse::ENDED:
      return TimeText(service.ended_at());
    case pb::ListServicesResponse::RESUMES:
      return TimeText(service.resumes_at());
    default:
      return "";
  }
}

// In the past or the future, as `now` has it.
std::string EndSentence(const std::string& service, absl::Time at, absl::Time now) {
  return absl::StrCat(service, at > now ? " ends on " : " ended on ", ExactTime(at));
}

}  // namespace

absl::Status RunServiceList(const CommandContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(const pb::ListServicesResponse response, List(context));
  if (context.screen->format() == OutputFormat::kJson) return context.screen->Json(response);
  std::vector<std::vector<std::string>> rows;
  for (const auto& service : response.services()) {
    rows.push_back({NameOf(service.subscription()), StateText(service), WhenText(service),
                    TimeText(service.paid_until()),
                    service.subscription().feature() ? "" : absl::StrCat(service.buckets())});
  }
  context.screen->Rows({"SERVICE", "STATE", "WHEN", "PAID_UNTIL", "BUCKETS"}, rows);
  if (context.screen->format() == OutputFormat::kTable) {
    context.screen->Line(absl::StrCat("Region ", response.region(), ", epoch ", response.epoch(), "."));
  }
  return absl::OkStatus();
}

absl::Status RunServiceAdd(const CommandContext& context, const ServiceArguments& arguments) {
  if (arguments.service == "feature") return absl::InvalidArgumentError("add service: the feature is there already");
  pb::AddServiceRequest request;
  request.set_hosting_service(arguments.service);
  return CarryOut(&Lifecycle::AddService, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer&) { return absl::StrCat("Added ", arguments.service, "."); });
}

absl::Status RunServiceTerminate(const CommandContext& context, const ServiceArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, ReadAt(arguments.at, context.now));
  const std::string sentence = EndSentence(arguments.service, at, context.now);
  ROLLCALL_ASSIGN_OR_RETURN(
      const bool go_on, MayGoOn(context, arguments.operation,
                                absl::StrCat(sentence, ": its data is deleted as the agreement says. Announce it?")));
  if (!go_on) return absl::OkStatus();
  const std::string again = absl::StrCat(" --at ", ExactTime(at));
  const auto said = [&](const pb::OperationAnswer&) { return absl::StrCat(sentence, "."); };
  if (arguments.change) {
    pb::ChangeTerminationRequest request;
    *request.mutable_subscription() = SubscriptionOf(arguments.service);
    *request.mutable_effective_at() = ToWire(at);
    return CarryOut(&Lifecycle::ChangeTermination, context, std::move(request), arguments.operation, again, said);
  }
  pb::ScheduleTerminationRequest request;
  *request.mutable_subscription() = SubscriptionOf(arguments.service);
  *request.mutable_effective_at() = ToWire(at);
  return CarryOut(&Lifecycle::ScheduleTermination, context, std::move(request), arguments.operation, again, said);
}

absl::Status RunServiceCancelTermination(const CommandContext& context, const ServiceArguments& arguments) {
  pb::CancelTerminationRequest request;
  *request.mutable_subscription() = SubscriptionOf(arguments.service);
  return CarryOut(&Lifecycle::CancelTermination, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer&) { return absl::StrCat(arguments.service, " goes on."); });
}

absl::Status RunServiceResume(const CommandContext& context, const ServiceArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time at, ReadAt(arguments.at, context.now));
  uint64_t epoch = arguments.epoch;
  if (epoch == 0) {
    ROLLCALL_ASSIGN_OR_RETURN(const pb::ListServicesResponse seen, List(context));
    epoch = seen.epoch();
  }
  ROLLCALL_ASSIGN_OR_RETURN(const bool go_on, MayGoOn(context, arguments.operation,
                                                      absl::StrCat(arguments.service, " is back from ", ExactTime(at),
                                                                   ", at epoch ", epoch, "?")));
  if (!go_on) return absl::OkStatus();
  pb::ResumeRequest request;
  *request.mutable_subscription() = SubscriptionOf(arguments.service);
  *request.mutable_effective_at() = ToWire(at);
  request.set_expected_epoch(epoch);
  return CarryOut(&Lifecycle::Resume, context, std::move(request), arguments.operation,
                  absl::StrCat(" --at ", ExactTime(at), " --epoch ", epoch), [&](const pb::OperationAnswer& answer) {
                    const pb::Restoration& found = answer.restoration();
                    const std::string back =
                        absl::StrCat(arguments.service, " is back: ", found.kept(), " buckets are kept");
                    return found.complete() ? absl::StrCat(back, ", nothing was lost.")
                                            : absl::StrCat(back, ", ", found.lost(), " were deleted.");
                  });
}

}  // namespace rollcall

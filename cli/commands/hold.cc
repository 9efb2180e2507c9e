#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/lifecycle_command.h"
#include "cli/operation.h"
#include "cli/selector_text.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"
#include "proto/enum_word.h"

namespace rollcall {
namespace {

using Lifecycle = pb::Lifecycle::StubInterface;

std::string StateText(const pb::HoldRecord& hold) {
  const std::string word = EnumWord(pb::HoldRecord::State_descriptor()->FindValueByNumber(hold.state()));
  return absl::StrCat(absl::StrReplaceAll(word, {{"_", " "}}), hold.past_review() ? ", past its review" : "");
}

}  // namespace

absl::Status RunHoldList(const CommandContext& context, const HoldListArguments& arguments) {
  pb::ListHoldsRequest request;
  request.set_released(arguments.all);
  pb::ListHoldsResponse response;
  ROLLCALL_RETURN_IF_ERROR(Ask(&Lifecycle::ListHolds, context, request, &response));
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(response.holds());
  if (response.holds().empty() && context.screen->format() == OutputFormat::kTable) {
    context.screen->Line(arguments.all ? "There never was a hold." : "There is no hold.");
    return absl::OkStatus();
  }
  std::vector<std::vector<std::string>> rows;
  for (const pb::HoldRecord& hold : response.holds()) {
    rows.push_back({hold.id(), StateText(hold), SelectorText(hold.hold().selector()), hold.hold().legal_basis(),
                    hold.hold().review_by(), hold.placed_by(), hold.approved_by(), hold.release_asked_by(),
                    hold.released_by()});
  }
  context.screen->Rows(
      {"HOLD", "STATE", "OF", "BASIS", "REVIEW_BY", "PLACED_BY", "APPROVED_BY", "RELEASE_ASKED_BY", "RELEASED_BY"},
      rows);
  return absl::OkStatus();
}

absl::Status RunHoldPlace(const CommandContext& context, const HoldPlaceArguments& arguments) {
  pb::PlaceHoldRequest request;
  request.mutable_hold()->set_legal_basis(arguments.basis);
  request.mutable_hold()->set_review_by(arguments.review_by);
  ROLLCALL_ASSIGN_OR_RETURN(*request.mutable_hold()->mutable_selector(), ReadSelector(arguments.selector));
  const std::string what = SelectorText(request.hold().selector());
  return CarryOut(&Lifecycle::PlaceHold, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer&) {
                    return absl::StrCat("A hold on ", what,
                                        " is asked for. Nothing is held until another person approves it: "
                                        "rollcall hold approve with the id below.");
                  });
}

absl::Status RunHoldApprove(const CommandContext& context, const HoldArguments& arguments) {
  pb::ApproveHoldRequest request;
  request.set_hold_id(arguments.hold);
  return CarryOut(&Lifecycle::ApproveHold, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer&) { return absl::StrCat("Hold ", arguments.hold, " is in force."); });
}

absl::Status RunHoldRelease(const CommandContext& context, const HoldArguments& arguments) {
  pb::AskReleaseRequest request;
  request.set_hold_id(arguments.hold);
  return CarryOut(&Lifecycle::AskRelease, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer&) {
                    return absl::StrCat("The release of ", arguments.hold,
                                        " is asked for. It holds until another person approves that: "
                                        "rollcall hold approve-release ",
                                        arguments.hold);
                  });
}

absl::Status RunHoldApproveRelease(const CommandContext& context, const HoldArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const bool go_on,
                            MayGoOn(context, arguments.operation,
                                    absl::StrCat("Release hold ", arguments.hold,
                                                 "? What is due of its data is deleted by the end of tomorrow.")));
  if (!go_on) return absl::OkStatus();
  pb::ApproveReleaseRequest request;
  request.set_hold_id(arguments.hold);
  return CarryOut(&Lifecycle::ApproveRelease, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer&) { return absl::StrCat("Hold ", arguments.hold, " is released."); });
}

}  // namespace rollcall

// The engine on a real store and a real ledger.
#include "backend/lifecycle_service/lifecycle_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/lifecycle/testing/lifecycle_world.h"
#include "rollcall/v1/purpose.pb.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The first purpose the method that takes `request` is for and that `role` has.
pb::Purpose PurposeFor(const google::protobuf::Descriptor* request, PeerRole role) {
  const auto& options = MethodTaking(request)->options();
  for (int i = 0; i < options.ExtensionSize(pb::purpose); ++i) {
    const pb::Purpose purpose = options.GetExtension(pb::purpose, i);
    const bool privacy = purpose != pb::PROVIDE_FEATURE;
    if (privacy == (role == PeerRole::kPrivacyOfficer)) return purpose;
  }
  return pb::PURPOSE_UNSPECIFIED;
}

class LifecycleEngineTest : public ::testing::Test {
 protected:
  LifecycleEngineTest() {
    EXPECT_TRUE(world_.Open().ok());
    world_.AddTenant("acme");
    world_.AddTenant("beta");
    engine_ = std::make_unique<LifecycleEngine>(LifecycleEngineParts{
        world_.store(), world_.ledger(), &signer_, &world_.policy(), [this] { return reading_; }, &enforcement_});
    reading_ = world_.Reading();
  }

  // Calls the engine's method as `person`, who has `role` in `tenants`; the call is for the first.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(absl::Status (LifecycleEngine::*method)(const Access&, const Request&, Response*) const,
                                const Request& request, PeerRole role, const std::string& person = "alice",
                                const std::vector<std::string>& tenants = {"acme"}) {
    Grant grant;
    grant.person = person;
    grant.expires_at = absl::InfiniteFuture();
    for (const std::string& tenant : tenants) grant.tenants[tenant].Add(role);
    const absl::StatusOr<Access> access = Access::Authorize(
        grant, {MethodTaking(Request::descriptor()), PurposeFor(Request::descriptor(), role), tenants.front(), "T-1"},
        absl::UnixEpoch());
    if (!access.ok()) return access.status();
    Response response;
    if (absl::Status status = (engine_.get()->*method)(*access, request, &response); !status.ok()) return status;
    return response;
  }
  absl::StatusOr<pb::OperationAnswer> Terminate(const std::string& id, absl::Time at) {
    pb::ScheduleTerminationRequest request;
    request.set_request_id(id);
    *request.mutable_subscription() = Hosting("cvm:1");
    *request.mutable_effective_at() = ToWire(at);
    return Call(&LifecycleEngine::ScheduleTermination, request, PeerRole::kOperator);
  }
  pb::ListServicesResponse Services() {
    return Call(&LifecycleEngine::ListServices, pb::ListServicesRequest(), PeerRole::kOperator).value();
  }
  absl::StatusOr<pb::OperationAnswer> PlaceHold(const std::string& id, const std::string& person) {
    pb::PlaceHoldRequest request;
    request.set_request_id(id);
    *request.mutable_hold() = CourtOrder("2024-06-01");
    return Call(&LifecycleEngine::PlaceHold, request, PeerRole::kPrivacyOfficer, person);
  }
  absl::StatusOr<pb::OperationAnswer> ApproveHold(const std::string& id, const std::string& hold,
                                                  const std::string& person) {
    pb::ApproveHoldRequest request;
    request.set_request_id(id);
    request.set_hold_id(hold);
    return Call(&LifecycleEngine::ApproveHold, request, PeerRole::kPrivacyOfficer, person);
  }
  pb::ListHoldsResponse Holds(bool released = false) {
    pb::ListHoldsRequest request;
    request.set_released(released);
    return Call(&LifecycleEngine::ListHolds, request, PeerRole::kPrivacyOfficer).value();
  }
  pb::GetRetentionStatusResponse Status(const std::string& tenant = "acme") {
    return Call(&LifecycleEngine::GetRetentionStatus, pb::GetRetentionStatusRequest(), PeerRole::kOperator, "alice",
                {tenant})
        .value();
  }
  absl::StatusOr<pb::MakeDryRunResponse> DryRun(const std::string& day, const std::vector<std::string>& tenants) {
    pb::MakeDryRunRequest request;
    request.set_day(day);
    return Call(&LifecycleEngine::MakeDryRun, request, PeerRole::kPrivacyOfficer, "alice", tenants);
  }
  absl::Status Acknowledge(const pb::MakeDryRunResponse& list, const std::vector<std::string>& tenants) {
    pb::AcknowledgeDryRunRequest request;
    request.set_request_id("ack");
    request.set_policy_hash(list.policy_hash());
    request.set_day(list.day());
    request.set_list_hash(list.list_hash());
    return Call(&LifecycleEngine::AcknowledgeDryRun, request, PeerRole::kPrivacyOfficer, "alice", tenants).status();
  }
  void Store(const std::string& tenant, absl::CivilDay day) {
    EXPECT_TRUE(world_.store()->Tenant(tenant)->NoteBucket(LifecycleWorld::Content("cvm:1", day)).ok());
  }
  void MoveTo(absl::Time now) {
    world_.clock()->JumpWallClock(now);
    reading_ = world_.Reading();
  }

  LifecycleWorld world_;
  NoteSigner signer_ = *NoteSigner::Generate("rollcall.example.com/ledger");
  Enforcement enforcement_;
  ClockReading reading_;
  std::unique_ptr<LifecycleEngine> engine_;
};

TEST_F(LifecycleEngineTest, AServiceEndsAndResumesInTheCallersName) {
  Store("acme", absl::CivilDay(2024, 2, 28));
  ASSERT_TRUE(Terminate("end", Noon(2024, 3, 10)).ok());
  pb::ListServicesResponse services = Services();
  ASSERT_THAT(services.services(), SizeIs(2));
  EXPECT_TRUE(services.services(0).subscription().feature());
  EXPECT_EQ(services.services(0).state(), pb::ListServicesResponse::RUNS);
  EXPECT_EQ(services.services(1).state(), pb::ListServicesResponse::ENDS);
  EXPECT_EQ(FromWire(services.services(1).ends_at()), Noon(2024, 3, 10));
  EXPECT_EQ(services.services(1).buckets(), 1u);
  EXPECT_EQ(services.region(), "eu-frankfurt");
  EXPECT_EQ(world_.Entries().back().actor(), "operator/alice");
  EXPECT_EQ(world_.Entries().back().tenant(), "acme");

  MoveTo(Noon(2024, 3, 11));
  services = Services();
  EXPECT_EQ(services.services(1).state(), pb::ListServicesResponse::ENDED);
  pb::ResumeRequest resume;
  resume.set_request_id("back");
  *resume.mutable_subscription() = Hosting("cvm:1");
  *resume.mutable_effective_at() = ToWire(Noon(2024, 3, 11));
  resume.set_expected_epoch(services.epoch() - 1);
  EXPECT_TRUE(absl::IsAborted(Call(&LifecycleEngine::Resume, resume, PeerRole::kOperator).status()));
  resume.set_expected_epoch(services.epoch());
  const auto back = Call(&LifecycleEngine::Resume, resume, PeerRole::kOperator);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->restoration().complete());
  EXPECT_EQ(back->restoration().kept(), 1u);
  EXPECT_EQ(Services().services(1).state(), pb::ListServicesResponse::RUNS);
}

TEST_F(LifecycleEngineTest, ARepeatedRequestIsAnsweredAsBeforeAndAnotherOneRefused) {
  const auto first = Terminate("end", Noon(2024, 3, 10));
  const size_t entries = world_.Entries().size();
  const auto second = Terminate("end", Noon(2024, 3, 10));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.Entries().size(), entries);
  EXPECT_TRUE(absl::IsInvalidArgument(Terminate("end", Noon(2024, 3, 12)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Terminate("", Noon(2024, 3, 12)).status()));
}

TEST_F(LifecycleEngineTest, AnEndIsChangedAndCancelled) {
  ASSERT_TRUE(Terminate("end", Noon(2024, 3, 10)).ok());
  pb::ChangeTerminationRequest change;
  change.set_request_id("later");
  *change.mutable_subscription() = Hosting("cvm:1");
  EXPECT_TRUE(absl::IsInvalidArgument(Call(&LifecycleEngine::ChangeTermination, change, PeerRole::kOperator).status()))
      << "no time";
  *change.mutable_effective_at() = ToWire(Noon(2024, 4, 10));
  EXPECT_TRUE(Call(&LifecycleEngine::ChangeTermination, change, PeerRole::kOperator).ok());
  EXPECT_EQ(FromWire(Services().services(1).ends_at()), Noon(2024, 4, 10));
  pb::CancelTerminationRequest cancel;
  cancel.set_request_id("never");
  EXPECT_TRUE(absl::IsInvalidArgument(Call(&LifecycleEngine::CancelTermination, cancel, PeerRole::kOperator).status()))
      << "no subscription";
  *cancel.mutable_subscription() = Hosting("cvm:1");
  EXPECT_TRUE(Call(&LifecycleEngine::CancelTermination, cancel, PeerRole::kOperator).ok());
  EXPECT_EQ(Services().services(1).state(), pb::ListServicesResponse::RUNS);
}

TEST_F(LifecycleEngineTest, TenantsDoNotMeet) {
  pb::AddServiceRequest add;
  add.set_request_id("add");
  add.set_hosting_service("cvm:only-beta");
  ASSERT_TRUE(Call(&LifecycleEngine::AddService, add, PeerRole::kOperator, "bob", {"beta"}).ok());
  const pb::ListServicesResponse own = Services();
  for (const auto& service : own.services()) {
    EXPECT_NE(service.subscription().hosting_service(), "cvm:only-beta");
  }
  ASSERT_TRUE(PlaceHold("hold", "carol").ok());
  pb::ApproveHoldRequest approve;
  approve.set_request_id("approve");
  approve.set_hold_id("hold");
  EXPECT_TRUE(absl::IsNotFound(
      Call(&LifecycleEngine::ApproveHold, approve, PeerRole::kPrivacyOfficer, "dave", {"beta"}).status()));
  const absl::Status unknown =
      Call(&LifecycleEngine::ListServices, pb::ListServicesRequest(), PeerRole::kOperator, "eve", {"gamma"}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(unknown)) << unknown;
}

TEST_F(LifecycleEngineTest, AnAccessToAMethodThatReadsChangesNothing) {
  Grant grant;
  grant.person = "alice";
  grant.expires_at = absl::InfiniteFuture();
  grant.tenants["acme"].Add(PeerRole::kOperator);
  const Access reading = *Access::Authorize(
      grant, {MethodTaking(pb::ListServicesRequest::descriptor()), pb::PROVIDE_FEATURE, "acme", ""}, absl::UnixEpoch());
  pb::AddServiceRequest add;
  add.set_request_id("add");
  add.set_hosting_service("cvm:2");
  pb::OperationAnswer answer;
  EXPECT_TRUE(absl::IsPermissionDenied(engine_->AddService(reading, add, &answer)));
  EXPECT_THAT(Services().services(), SizeIs(2));
}

TEST_F(LifecycleEngineTest, AHoldTakesTwoPersonsToPlaceAndTwoToRelease) {
  ASSERT_TRUE(PlaceHold("hold", "carol").ok());
  EXPECT_EQ(Holds().holds(0).state(), pb::HoldRecord::AWAITS_APPROVAL);
  EXPECT_EQ(Holds().holds(0).placed_by(), "operator/carol");
  EXPECT_TRUE(absl::IsPermissionDenied(ApproveHold("self", "hold", "carol").status()));
  ASSERT_TRUE(ApproveHold("other", "hold", "dave").ok());
  EXPECT_EQ(Holds().holds(0).state(), pb::HoldRecord::IN_FORCE);
  EXPECT_FALSE(Holds().holds(0).past_review());
  MoveTo(Noon(2024, 6, 2));
  EXPECT_TRUE(Holds().holds(0).past_review());
  EXPECT_EQ(Status().holds_in_force(), 1u);
  EXPECT_EQ(Status().holds_past_review(), 1u);

  pb::AskReleaseRequest ask;
  ask.set_request_id("ask");
  ask.set_hold_id("hold");
  ASSERT_TRUE(Call(&LifecycleEngine::AskRelease, ask, PeerRole::kPrivacyOfficer, "carol").ok());
  EXPECT_EQ(Holds().holds(0).state(), pb::HoldRecord::AWAITS_RELEASE);
  pb::ApproveReleaseRequest release;
  release.set_request_id("release");
  release.set_hold_id("hold");
  ASSERT_TRUE(Call(&LifecycleEngine::ApproveRelease, release, PeerRole::kPrivacyOfficer, "dave").ok());
  EXPECT_THAT(Holds().holds(), IsEmpty());
  EXPECT_EQ(Holds(true).holds(0).released_by(), "operator/dave");
}

TEST_F(LifecycleEngineTest, RequestsAreListedWithTheirDeadlines) {
  Store("acme", absl::CivilDay(2024, 2, 28));
  pb::RequestDeletionRequest deletion;
  deletion.set_request_id("delete");
  deletion.set_reason("the customer asked");
  deletion.mutable_selector()->add_categories(pb::ASSET_BASIC);
  const auto asked = Call(&LifecycleEngine::RequestDeletion, deletion, PeerRole::kPrivacyOfficer);
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(asked->deletion().whole_buckets(), 1u);
  pb::RequestExportRequest copy;
  copy.set_request_id("copy");
  copy.set_reason("the customer asked");
  ASSERT_TRUE(Call(&LifecycleEngine::RequestExport, copy, PeerRole::kOperator).ok());

  const auto list = [&](const std::string& id) {
    pb::ListRequestsRequest request;
    request.set_id(id);
    return Call(&LifecycleEngine::ListRequests, request, PeerRole::kOperator);
  };
  const pb::ListRequestsResponse all = *list("");
  ASSERT_THAT(all.deletions(), SizeIs(1));
  EXPECT_EQ(all.deletions(0).reason(), "the customer asked");
  EXPECT_EQ(all.deletions(0).remaining_buckets(), 1u);
  EXPECT_TRUE(all.deletions(0).has_days_left());
  EXPECT_EQ(all.deletions(0).dates().SerializeAsString(), asked->deletion().SerializeAsString());
  ASSERT_THAT(all.exports(), SizeIs(1));
  EXPECT_EQ(all.exports(0).request().requested_by(), "operator/alice");
  EXPECT_THAT(list("copy")->deletions(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(list("nothing").status()));
  EXPECT_THAT(Status().open_requests(), SizeIs(2));
  EXPECT_THAT(Status("beta").open_requests(), IsEmpty());

  pb::CancelDeletionRequest cancel;
  cancel.set_request_id("cancel");
  cancel.set_deletion_id("delete");
  ASSERT_TRUE(Call(&LifecycleEngine::CancelDeletion, cancel, PeerRole::kOperator).ok());
  EXPECT_THAT(list("")->deletions(), IsEmpty());
}

TEST_F(LifecycleEngineTest, TheStatusCountsWhatIsDueLateHeldAndToCome) {
  for (int day = 1; day <= 3; ++day) Store("acme", absl::CivilDay(2023, 1, day));
  ASSERT_TRUE(Terminate("end", Noon(2024, 3, 2)).ok());
  pb::GetRetentionStatusResponse status = Status();
  EXPECT_EQ(status.buckets(), 3u);
  EXPECT_FALSE(status.enforced());
  EXPECT_FALSE(status.has_counted_at());
  enforcement_.SetEnforced(true);
  enforcement_.OnCounted(Noon(2024, 3, 1));
  EXPECT_TRUE(Status().enforced());
  EXPECT_EQ(FromWire(Status().counted_at()), Noon(2024, 3, 1));
  EXPECT_EQ(status.due_buckets(), 0u);
  EXPECT_FALSE(status.has_oldest_due_at());
  ASSERT_THAT(status.forecast(), SizeIs(30));
  EXPECT_EQ(status.forecast(0).day(), "2024-03-01");
  EXPECT_EQ(status.policy().hash().size(), 32u);

  MoveTo(Noon(2024, 3, 20));
  status = Status();
  uint64_t to_come = 0;
  for (const auto& day : status.forecast()) to_come += day.buckets();
  EXPECT_EQ(to_come, 3u);
  EXPECT_EQ(status.forecast(13).day(), "2024-04-02");
  EXPECT_EQ(status.forecast(13).buckets(), 3u) << "thirty days after the end";
  EXPECT_FALSE(status.has_oldest_due_at());

  MoveTo(Noon(2024, 4, 2));
  status = Status();
  EXPECT_EQ(status.due_buckets(), 3u);
  EXPECT_EQ(status.overdue_buckets(), 0u);
  EXPECT_LE(*FromWire(status.oldest_due_at()), Noon(2024, 4, 2));
  MoveTo(Noon(2024, 4, 8));
  EXPECT_EQ(Status().overdue_buckets(), 3u);
  EXPECT_EQ(Status("beta").buckets(), 0u);
  ASSERT_TRUE(PlaceHold("hold", "carol").ok());
  ASSERT_TRUE(ApproveHold("approve", "hold", "dave").ok());
  EXPECT_EQ(Status().held_buckets(), 3u);
}

TEST_F(LifecycleEngineTest, ADryRunShowsTheCallersTenantsAndTakesEveryTenantToAcknowledge) {
  Store("acme", absl::CivilDay(2023, 1, 1));
  Store("beta", absl::CivilDay(2023, 1, 2));
  EXPECT_FALSE(Status().has_latest_dry_run());
  for (const char* tenant : {"acme", "beta"}) {
    ASSERT_TRUE(world_.store()
                    ->Tenant(tenant)
                    ->ScheduleTermination(By("root", "end"), Hosting("cvm:1"), Noon(2024, 3, 1))
                    .ok());
  }
  MoveTo(Noon(2024, 4, 1));
  const auto own = DryRun("2024-04-02", {"acme"});
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_THAT(own->lines(), ElementsAre("acme cvm:1 ASSET_BASIC 2023-01-01"));
  EXPECT_TRUE(own->others());
  const auto all = DryRun("2024-04-02", {"acme", "beta"});
  EXPECT_THAT(all->lines(), SizeIs(2));
  EXPECT_FALSE(all->others());
  EXPECT_EQ(all->list_hash(), own->list_hash());
  EXPECT_EQ(Status().latest_dry_run().list_hash(), own->list_hash());
  EXPECT_THAT(Status().latest_dry_run().acknowledged_by(), IsEmpty());

  const absl::Status denied = Acknowledge(*own, {"acme"});
  EXPECT_TRUE(absl::IsPermissionDenied(denied)) << denied;
  EXPECT_THAT(std::string(denied.message()), ::testing::Not(HasSubstr("beta")));
  EXPECT_FALSE(Status().has_acknowledged_dry_run());
  EXPECT_TRUE(Acknowledge(*all, {"acme", "beta"}).ok());
  EXPECT_EQ(Status().latest_dry_run().acknowledged_by(), "operator/alice");
  EXPECT_EQ(Status().acknowledged_dry_run().day(), "2024-04-02");
  for (const char* day : {"2024-03-31", "2024-05-03", "tomorrow"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DryRun(day, {"acme"}).status())) << day;
  }
  EXPECT_EQ(DryRun("", {"acme"})->day(), "2024-04-01");
}

TEST_F(LifecycleEngineTest, AClockThatJumpedIsSaidAndConfirmedByWhoMayInEveryTenant) {
  ASSERT_TRUE(world_.store()->Tick(reading_)->status.ok());
  EXPECT_TRUE(Status().clock().trusted());
  EXPECT_EQ(FromWire(Status().clock().last_trusted_at()), reading_.wall);
  reading_.wall += absl::Hours(24 * 40);
  EXPECT_FALSE(Status().clock().trusted());
  EXPECT_THAT(Status().clock().reason(), ::testing::Not(IsEmpty()));
  const auto confirm = [&](const std::string& id, absl::Time said, const std::vector<std::string>& tenants) {
    pb::ConfirmClockRequest request;
    request.set_request_id(id);
    *request.mutable_wall() = ToWire(said);
    return Call(&LifecycleEngine::ConfirmClock, request, PeerRole::kOperator, "alice", tenants).status();
  };
  EXPECT_TRUE(absl::IsPermissionDenied(confirm("one", reading_.wall, {"acme"})));
  EXPECT_TRUE(absl::IsFailedPrecondition(confirm("two", reading_.wall - absl::Minutes(11), {"acme", "beta"})));
  EXPECT_FALSE(Status().clock().trusted());
  EXPECT_TRUE(confirm("three", reading_.wall - absl::Minutes(9), {"acme", "beta"}).ok());
  EXPECT_TRUE(Status().clock().trusted());
}

}  // namespace
}  // namespace rollcall

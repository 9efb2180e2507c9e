// Every operation, carried out and refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "backend/lifecycle/testing/lifecycle_world.h"

namespace rollcall {
namespace {

using absl::StatusCode;

// One line of a tenant's diary: after that long, somebody does that, and this comes of it.
struct Line {
  absl::Duration after;
  std::string what;
  std::function<absl::Status(TenantLifecycle*, const Caller&)> act;
  StatusCode expected = StatusCode::kOk;
  std::string person = "ann";
  std::string id;
};

class OperationsTest : public ::testing::Test {
 protected:
  OperationsTest() {
    EXPECT_TRUE(world_.Open().ok());
    tenant_.emplace(world_.AddTenant("acme"));
  }

  // What is refused leaves no trace; what is done is in the ledger, once, by whom it was done, and is answered again.
  void Play(const std::vector<Line>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
      const Line& line = lines[i];
      world_.clock()->Advance(line.after);
      const Caller caller = By(line.person, line.id.empty() ? absl::StrCat("line ", i) : line.id);
      const uint64_t leaves = world_.ledger()->Head().size;
      const std::string facts = tenant_->Facts()->SerializeAsString();
      const absl::Status status = line.act(&*tenant_, caller);
      ASSERT_EQ(status.code(), line.expected) << i << " " << line.what << ": " << status;
      if (!status.ok()) {
        ASSERT_EQ(world_.ledger()->Head().size, leaves) << line.what;
        ASSERT_EQ(tenant_->Facts()->SerializeAsString(), facts) << line.what;
        continue;
      }
      ASSERT_GT(world_.ledger()->Head().size, leaves) << line.what;
      const std::vector<pb::LedgerEntry> entries = world_.Entries();
      ASSERT_EQ(entries.back().actor(), caller.actor) << line.what;
      ASSERT_EQ(entries.back().tenant(), "acme") << line.what;
      const std::string done = tenant_->Facts()->SerializeAsString();
      ASSERT_TRUE(line.act(&*tenant_, caller).ok()) << line.what << ", again";
      ASSERT_EQ(world_.ledger()->Head().size, entries.size()) << line.what << ", again";
      ASSERT_EQ(tenant_->Facts()->SerializeAsString(), done) << line.what << ", again";
    }
  }

  LifecycleWorld world_;
  std::optional<TenantLifecycle> tenant_;
};

auto Service(const std::string& name) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->AddService(c, name).status(); };
}
auto Terminate(const pb::Subscription& s, absl::Time at) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->ScheduleTermination(c, s, at).status(); };
}
auto Change(const pb::Subscription& s, absl::Time at) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->ChangeTermination(c, s, at).status(); };
}
auto Withdraw(const pb::Subscription& s) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->CancelTermination(c, s).status(); };
}
// Names the epoch of the moment, and the same one when asked again.
auto Return(const pb::Subscription& s, absl::Time at) {
  const auto epoch = std::make_shared<std::optional<uint64_t>>();
  return [=](TenantLifecycle* t, const Caller& c) {
    if (!epoch->has_value()) *epoch = t->Timeline()->epoch;
    return t->Resubscribe(c, s, at, **epoch).status();
  };
}
auto Place(const pb::HoldPlaced& hold) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->PlaceHold(c, hold).status(); };
}
auto Approve(const std::string& hold) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->ApproveHold(c, hold).status(); };
}
auto AskRelease(const std::string& hold) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->AskRelease(c, hold).status(); };
}
auto Release(const std::string& hold) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->ApproveRelease(c, hold).status(); };
}
auto Delete(const pb::Selector& selector) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->RequestDeletion(c, selector, "asked by mail").status(); };
}
auto TakeBack(const std::string& request) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->CancelDeletion(c, request).status(); };
}
auto Export(const pb::Selector& selector) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->RequestExport(c, selector, "asked by mail").status(); };
}
auto Finish(const std::string& request, const std::string& hash, const std::string& failure) {
  return [=](TenantLifecycle* t, const Caller& c) { return t->FinishExport(c, request, hash, failure).status(); };
}

constexpr absl::Duration kHour = absl::Hours(1);
constexpr absl::Duration kDay = absl::Hours(24);
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr StatusCode kNone = StatusCode::kNotFound;
constexpr StatusCode kCannot = StatusCode::kFailedPrecondition;
constexpr StatusCode kDenied = StatusCode::kPermissionDenied;

TEST_F(OperationsTest, ServicesAndTheirEnds) {
  Play({
      {kHour, "second service", Service("ecm:1")},
      {kHour, "the same service", Service("ecm:1"), kCannot},
      {kHour, "service without a name", Service(""), kInvalid},
      {kHour, "a service called ALL", Service("ALL"), kInvalid},
      {kHour, "end of an unknown service", Terminate(Hosting("x"), Noon(2024, 4, 1)), kNone},
      {kHour, "end of nothing", Terminate(pb::Subscription(), Noon(2024, 4, 1)), kInvalid},
      {kHour, "end long ago", Terminate(Hosting("cvm:1"), Noon(2023, 4, 1)), kInvalid},
      {kHour, "end at no time", Terminate(Hosting("cvm:1"), absl::InfiniteFuture()), kInvalid},
      {kHour, "change of nothing", Change(Hosting("cvm:1"), Noon(2024, 4, 1)), kCannot},
      {kHour, "withdrawal of nothing", Withdraw(Hosting("cvm:1")), kCannot},
      {kHour, "return to what runs", Return(Hosting("cvm:1"), Noon(2024, 3, 1)), kCannot},
      {kHour, "end in April", Terminate(Hosting("cvm:1"), Noon(2024, 4, 1))},
      {kHour, "end twice", Terminate(Hosting("cvm:1"), Noon(2024, 5, 1)), kCannot},
      {kHour, "end in March instead", Change(Hosting("cvm:1"), Noon(2024, 3, 10))},
      {kHour, "stays after all", Withdraw(Hosting("cvm:1"))},
      {kHour, "end on the 5th", Terminate(Hosting("cvm:1"), Noon(2024, 3, 5))},
      {kDay * 5, "withdrawal too late", Withdraw(Hosting("cvm:1")), kCannot},
      {kHour, "change too late", Change(Hosting("cvm:1"), Noon(2024, 5, 1)), kCannot},
      {kHour, "end of what has ended", Terminate(Hosting("cvm:1"), Noon(2024, 5, 1)), kCannot},
      {kHour, "the feature ends now", Terminate(Feature(), Noon(2024, 3, 6))},
      {kHour, "back", Return(Hosting("cvm:1"), Noon(2024, 3, 6))},
      {kHour, "the feature too, in a week", Return(Feature(), Noon(2024, 3, 14))},
      {kHour, "and ends again, before that", Terminate(Feature(), Noon(2024, 3, 12)), kCannot},
      {kHour, "and ends again, after that", Terminate(Feature(), Noon(2024, 3, 20))},
      {kHour, "moved before the return", Change(Feature(), Noon(2024, 3, 13)), kCannot},
  });
  world_.clock()->Advance(kDay * 30);
  const TenantTimeline timeline = *tenant_->Timeline();
  EXPECT_FALSE(timeline.hosting.at("cvm:1").ended_at.has_value());
  EXPECT_FALSE(timeline.hosting.at("ecm:1").ended_at.has_value());
  EXPECT_EQ(timeline.feature.ended_at, Noon(2024, 3, 20));
  EXPECT_TRUE(timeline.notes.empty()) << timeline.notes.front();
}

TEST_F(OperationsTest, ReturnComparesTheEpoch) {
  const auto ended = tenant_->ScheduleTermination(By("ann", "end"), Hosting("cvm:1"), world_.clock()->Now());
  ASSERT_TRUE(ended.ok()) << ended.status();
  ASSERT_TRUE(tenant_->DecommissionHost(By("ann", "gone"), "host-1", "cvm:1").ok());
  const absl::Time now = world_.clock()->Now();
  EXPECT_EQ(tenant_->Resubscribe(By("ann", "back"), Hosting("cvm:1"), now, ended->epoch()).status().code(),
            StatusCode::kAborted);
  const uint64_t epoch = tenant_->Timeline()->epoch;
  const auto back = tenant_->Resubscribe(By("ann", "back"), Hosting("cvm:1"), now, epoch);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->restoration().complete());
  // Two that looked at the same time: one of them is told to look again.
  EXPECT_EQ(tenant_->Resubscribe(By("bob", "back too"), Hosting("cvm:1"), now, epoch).status().code(),
            StatusCode::kAborted);
}

TEST_F(OperationsTest, HoldsTakeTwoPersons) {
  pb::HoldPlaced no_basis = CourtOrder();
  no_basis.clear_legal_basis();
  pb::HoldPlaced of_a_host = CourtOrder();
  of_a_host.mutable_selector()->add_hosts("h");
  pb::HoldPlaced of_nowhere = CourtOrder();
  of_nowhere.mutable_selector()->add_hosting_services("x");
  pb::HoldPlaced backwards = CourtOrder();
  backwards.mutable_selector()->set_from_day("2024-02-02");
  backwards.mutable_selector()->set_to_day("2024-02-01");
  pb::HoldPlaced of_no_category = CourtOrder();
  of_no_category.mutable_selector()->add_categories(static_cast<pb::Category>(77));
  Play({
      {kHour, "without a basis", Place(no_basis), kInvalid},
      {kHour, "to be looked at in the past", Place(CourtOrder("2024-03-01")), kInvalid},
      {kHour, "to be looked at on no day", Place(CourtOrder("soon")), kInvalid},
      {kHour, "of one host", Place(of_a_host), kInvalid},
      {kHour, "of an unknown service", Place(of_nowhere), kNone},
      {kHour, "days backwards", Place(backwards), kInvalid},
      {kHour, "of an unknown category", Place(of_no_category), kInvalid},
      {kHour, "placed", Place(CourtOrder()), StatusCode::kOk, "ann", "h1"},
      {kHour, "the same id for another", Place(CourtOrder("2026-01-01")), kInvalid, "ann", "h1"},
      {kHour, "the same id by another", Place(CourtOrder()), kInvalid, "bob", "h1"},
      {kHour, "released before it holds", AskRelease("h1"), kCannot, "bob"},
      {kHour, "release approved before it is asked", Release("h1"), kCannot, "bob"},
      {kHour, "approved by who placed it", Approve("h1"), kDenied, "ann"},
      {kHour, "approved, but there is none", Approve("h2"), kNone, "bob"},
      {kHour, "approved", Approve("h1"), StatusCode::kOk, "bob"},
      {kHour, "approved twice", Approve("h1"), kCannot, "carol"},
      {kHour, "release approved, not asked", Release("h1"), kCannot, "carol"},
      {kHour, "release asked", AskRelease("h1"), StatusCode::kOk, "bob"},
      {kHour, "release asked twice", AskRelease("h1"), kCannot, "ann"},
      {kHour, "approved again meanwhile", Approve("h1"), kCannot, "ann"},
      {kHour, "released by who asked", Release("h1"), kDenied, "bob"},
      {kHour, "released", Release("h1"), StatusCode::kOk, "ann"},
      {kHour, "released twice", Release("h1"), kCannot, "carol"},
      {kHour, "approved after its release", Approve("h1"), kCannot, "carol"},
      {kHour, "asked after its release", AskRelease("h1"), kCannot, "carol"},
  });
  const std::vector<StoredHold> holds = *tenant_->Holds();
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_EQ(holds[0].state(), HoldState::kReleased);
  EXPECT_EQ(holds[0].placed_by, "operator/ann");
  EXPECT_EQ(holds[0].approved_by, "operator/bob");
  EXPECT_EQ(holds[0].release_asked_by, "operator/bob");
  EXPECT_EQ(holds[0].released_by, "operator/ann");
  const TenantTimeline timeline = *tenant_->Timeline();
  ASSERT_EQ(timeline.holds.size(), 1u);
  EXPECT_TRUE(timeline.holds[0].lifted_at.has_value());
}

TEST_F(OperationsTest, HoldsAreForPersonsAndHoldOnceApproved) {
  ASSERT_TRUE(tenant_->NoteBucket(world_.Content("cvm:1", absl::CivilDay(2024, 2, 1))).ok());
  EXPECT_EQ(tenant_->PlaceHold({"e", "engine"}, CourtOrder()).status().code(), kDenied);
  EXPECT_EQ(tenant_->PlaceHold({"e", "ann"}, CourtOrder()).status().code(), kInvalid);
  EXPECT_EQ(tenant_->PlaceHold({"e", "operator/ann bob"}, CourtOrder()).status().code(), kInvalid);
  EXPECT_EQ(tenant_->PlaceHold({"", "operator/ann"}, CourtOrder()).status().code(), kInvalid);
  ASSERT_TRUE(tenant_->PlaceHold(By("ann", "h1"), CourtOrder("2024-03-10")).ok());
  EXPECT_FALSE(tenant_->Buckets()->at(0).held);
  EXPECT_EQ(tenant_->ApproveHold({"e", "engine"}, "h1").status().code(), kDenied);
  ASSERT_TRUE(tenant_->ApproveHold(By("bob", "a1"), "h1").ok());
  EXPECT_TRUE(tenant_->Buckets()->at(0).held);
  EXPECT_TRUE(world_.store()->HoldsPastReview()->empty());
  world_.clock()->Advance(kDay * 10);
  const std::vector<HoldForReview> past = *world_.store()->HoldsPastReview();
  ASSERT_EQ(past.size(), 1u);
  EXPECT_EQ(past[0].tenant, "acme");
  EXPECT_EQ(past[0].hold.id, "h1");
  ASSERT_TRUE(tenant_->AskRelease(By("ann", "r1"), "h1").ok());
  EXPECT_EQ(world_.store()->HoldsPastReview()->size(), 1u);
  ASSERT_TRUE(tenant_->ApproveRelease(By("bob", "r2"), "h1").ok());
  EXPECT_TRUE(world_.store()->HoldsPastReview()->empty());
  EXPECT_FALSE(tenant_->Buckets()->at(0).held);
}

TEST_F(OperationsTest, Requests) {
  pb::Selector all;
  pb::Selector to_come;
  to_come.set_from_day("2024-06-01");
  pb::Selector no_service;
  no_service.add_hosting_services("x");
  pb::Selector no_field;
  no_field.add_fields()->set_value("bob");
  pb::Selector bob;
  bob.add_fields()->set_field("account.name");
  bob.mutable_fields(0)->set_value("bob");
  const std::string hash(32, 'm');
  Play({
      {kHour, "of days to come", Delete(to_come), kInvalid},
      {kHour, "of an unknown service", Delete(no_service), kNone},
      {kHour, "of a field without a name", Delete(no_field), kInvalid},
      {kHour, "of all", Delete(all), StatusCode::kOk, "ann", "d1"},
      {kHour, "taken back, but there is none", TakeBack("d0"), kNone},
      {kHour, "taken back", TakeBack("d1"), StatusCode::kOk, "bob"},
      {kHour, "taken back twice", TakeBack("d1"), kCannot, "bob", "again"},
      {kHour, "of what is bob's", Delete(bob), StatusCode::kOk, "ann", "d2"},
      {absl::Hours(72) - kHour, "export of an unknown service", Export(no_service), kNone},
      {kHour, "taken back after 72 hours", TakeBack("d2"), kCannot},
      {kHour, "export", Export(all), StatusCode::kOk, "ann", "x1"},
      {kHour, "another export", Export(bob), StatusCode::kOk, "ann", "x2"},
      {kHour, "finished, but there is none", Finish("x3", hash, ""), kNone},
      {kHour, "finished without a hash", Finish("x1", "", ""), kInvalid},
      {kHour, "finished and failed", Finish("x1", hash, "disk full"), kInvalid},
      {kHour, "finished", Finish("x1", hash, "")},
      {kHour, "finished twice", Finish("x1", hash, ""), kCannot},
      {kHour, "failed", Finish("x2", "", "disk full")},
  });
  EXPECT_TRUE(tenant_->Requests()->exports.empty());
}

TEST_F(OperationsTest, PaidPeriodsHostsAndRestrictions) {
  const auto paid = [](const std::string& service, absl::Time until) {
    return [=](TenantLifecycle* t, const Caller& c) { return t->NotePaidPeriod(c, Hosting(service), until).status(); };
  };
  const auto gone = [](const std::string& host, const std::string& service) {
    return [=](TenantLifecycle* t, const Caller& c) { return t->DecommissionHost(c, host, service).status(); };
  };
  const auto restrict = [](TenantLifecycle* t, const Caller& c) { return t->PlaceRestriction(c, {}).status(); };
  const auto lift = [](const std::string& id) {
    return [=](TenantLifecycle* t, const Caller& c) { return t->LiftRestriction(c, id).status(); };
  };
  Play({
      {kHour, "paid until June", paid("cvm:1", Noon(2024, 6, 1))},
      {kHour, "paid for what there is not", paid("x", Noon(2024, 6, 1)), kNone},
      {kHour, "a host is gone", gone("h1", "cvm:1")},
      {kHour, "gone twice", gone("h1", "cvm:1"), kCannot},
      {kHour, "a host without a name", gone("", "cvm:1"), kInvalid},
      {kHour, "a host of no service", gone("h2", "x"), kNone},
      {kHour, "restricted", restrict, StatusCode::kOk, "ann", "s1"},
      {kHour, "lifted, but there is none", lift("s2"), kNone},
      {kHour, "lifted", lift("s1")},
      {kHour, "lifted twice", lift("s1"), kCannot},
  });
  EXPECT_EQ(tenant_->Timeline()->hosting.at("cvm:1").paid_until, Noon(2024, 6, 1));
}

TEST_F(OperationsTest, LateArrivals) {
  const auto arrives = [&](const std::string& service, absl::Time collected, absl::Time received) {
    return [=](TenantLifecycle* t, const Caller& c) {
      Arrival arrival;
      arrival.hosting_service = service;
      arrival.category = pb::ASSET_BASIC;
      arrival.collected_at = collected;
      arrival.received_at = received;
      return t->NoteLateArrival(c, arrival).status();
    };
  };
  Play({
      {kDay, "of a day that is over", arrives("cvm:1", Noon(2024, 3, 1), Noon(2024, 3, 2)), StatusCode::kOk, "ann",
       "l1"},
      {kHour, "of today", arrives("cvm:1", Noon(2024, 3, 2), Noon(2024, 3, 2)), kCannot},
      {kHour, "of no service", arrives("x", Noon(2024, 3, 1), Noon(2024, 3, 2)), kNone},
      {kHour, "the end", Terminate(Hosting("cvm:1"), Noon(2024, 3, 2))},
      {kDay, "after the end", arrives("cvm:1", Noon(2024, 3, 1), Noon(2024, 3, 3)), StatusCode::kOk, "ann", "l2"},
  });
  Arrival arrival;
  arrival.hosting_service = "cvm:1";
  arrival.category = pb::ASSET_BASIC;
  arrival.collected_at = Noon(2024, 3, 1);
  arrival.received_at = Noon(2024, 3, 2);
  const auto in_time = tenant_->NoteLateArrival(By("ann", "l1"), arrival);
  ASSERT_TRUE(in_time.ok()) << in_time.status();
  EXPECT_TRUE(in_time->arrival().accepted());
  EXPECT_EQ(in_time->arrival().collected_day(), "2024-03-01");
  arrival.received_at = Noon(2024, 3, 3);
  const auto late = tenant_->NoteLateArrival(By("ann", "l2"), arrival);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_FALSE(late->arrival().accepted());
  EXPECT_EQ(late->arrival().refusal(), "TERMINATED");
}

TEST_F(OperationsTest, DatesOfARequestAreTheAgreements) {
  ASSERT_TRUE(tenant_->NoteBucket(world_.Content("cvm:1", absl::CivilDay(2023, 6, 1))).ok());
  ASSERT_TRUE(tenant_->NoteBucket(world_.Content("cvm:1", absl::CivilDay(2024, 2, 29))).ok());
  ASSERT_TRUE(tenant_->NoteBucket(world_.Content("cvm:1", absl::CivilDay(2024, 3, 2))).ok());
  const auto answer = tenant_->RequestDeletion(By("ann", "d1"), {}, "asked by mail");
  ASSERT_TRUE(answer.ok()) << answer.status();
  const pb::DeletionDates& dates = answer->deletion();
  EXPECT_EQ(dates.whole_buckets(), 2u) << "what is collected after the day of the request is not meant";
  EXPECT_EQ(FromWire(dates.restricted_at()), FromWire(answer->at()));
  EXPECT_EQ(FromWire(dates.cancellable_until()), *FromWire(answer->at()) + absl::Hours(72));
  EXPECT_EQ(FromWire(dates.target()), *FromWire(answer->at()) + absl::Hours(24 * 7));
  // The 180 days of the younger one, and the day to delete it on.
  EXPECT_EQ(*FromWire(dates.deadline()), absl::FromCivil(absl::CivilDay(2024, 8, 29), absl::UTCTimeZone()));
  EXPECT_THAT(dates.explanation(), ::testing::Contains(::testing::HasSubstr("180")));
  const std::vector<StoredBucket> restricted = *tenant_->Buckets();
  for (const StoredBucket& bucket : restricted) {
    EXPECT_EQ(bucket.restricted, bucket.facts.key.collected_day < absl::CivilDay(2024, 3, 2));
  }
  const OpenRequests open = *tenant_->Requests();
  ASSERT_EQ(open.deletions.size(), 1u);
  EXPECT_EQ(open.deletions[0].remaining, 2u);
  EXPECT_EQ(open.deletions[0].reason, "asked by mail");
  EXPECT_EQ(open.deletions[0].days_left, 180);
  ASSERT_TRUE(tenant_->CancelDeletion(By("ann", "back"), "d1").ok());
  EXPECT_TRUE(tenant_->Requests()->deletions.empty());
  const std::vector<StoredBucket> free = *tenant_->Buckets();
  for (const StoredBucket& bucket : free) EXPECT_FALSE(bucket.restricted);
}

TEST_F(OperationsTest, TenantsAreAddedOnce) {
  EXPECT_TRUE(world_.store()->AddTenant(By("root", "add acme"), "acme", "eu-frankfurt").ok()) << "asked again";
  EXPECT_EQ(world_.store()->AddTenant(By("root", "add acme"), "acme", "ap-tokyo").code(), kInvalid);
  EXPECT_EQ(world_.store()->AddTenant(By("root", "other"), "acme", "eu-frankfurt").code(), kCannot);
  EXPECT_EQ(world_.store()->AddTenant(By("root", "none"), "", "eu-frankfurt").code(), kInvalid);
  EXPECT_EQ(world_.store()->Tenant("other").status().code(), kNone);
  EXPECT_THAT(*world_.store()->Tenants(), ::testing::ElementsAre("acme"));
}

// The same ids mean each tenant's own, and nobody else's.
TEST_F(OperationsTest, TenantsDoNotMeet) {
  TenantLifecycle other = world_.AddTenant("other");
  ASSERT_TRUE(tenant_->PlaceHold(By("ann", "h"), CourtOrder()).ok());
  ASSERT_TRUE(tenant_->RequestDeletion(By("ann", "d"), {}, "mail").ok());
  ASSERT_TRUE(tenant_->RequestExport(By("ann", "x"), {}, "mail").ok());
  ASSERT_TRUE(tenant_->PlaceRestriction(By("ann", "s"), {}).ok());
  EXPECT_EQ(other.ApproveHold(By("bob", "1"), "h").status().code(), kNone);
  EXPECT_EQ(other.CancelDeletion(By("bob", "2"), "d").status().code(), kNone);
  EXPECT_EQ(other.FinishExport(By("bob", "3"), "x", std::string(32, 'm'), "").status().code(), kNone);
  EXPECT_EQ(other.LiftRestriction(By("bob", "4"), "s").status().code(), kNone);
  EXPECT_TRUE(other.Facts()->events().empty());
  // An id of one is free for the other.
  ASSERT_TRUE(other.PlaceHold(By("bob", "h"), CourtOrder()).ok());
  ASSERT_TRUE(other.ApproveHold(By("ann", "1"), "h").ok());
  EXPECT_EQ(tenant_->Holds()->at(0).state(), HoldState::kAwaitsApproval);
}

TEST_F(OperationsTest, AClockThatIsFarOffIsNotBelieved) {
  ASSERT_TRUE(world_.store()->Tick(world_.Reading())->status.ok());
  world_.clock()->JumpWallClock(Noon(2025, 3, 1));
  EXPECT_EQ(tenant_->RequestDeletion(By("ann", "d"), {}, "mail").status().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(world_.store()->Tick(world_.Reading())->status.ok());
  EXPECT_TRUE(world_.Entries().back().has_clock_guard_tripped());
  const uint64_t leaves = world_.ledger()->Head().size;
  EXPECT_FALSE(world_.store()->Tick(world_.Reading())->status.ok());
  EXPECT_EQ(world_.ledger()->Head().size, leaves) << "told once";
  EXPECT_EQ(world_.store()->ConfirmClock({"c", "engine"}, world_.Reading()).code(), kDenied);
  ASSERT_TRUE(world_.store()->ConfirmClock(By("ann", "c"), world_.Reading()).ok());
  EXPECT_TRUE(tenant_->RequestDeletion(By("ann", "d"), {}, "mail").ok());
}

}  // namespace
}  // namespace rollcall

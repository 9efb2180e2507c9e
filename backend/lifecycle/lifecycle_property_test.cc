// Random operations on two tenants against a model that knows nothing of events; and the rules that are the tables'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "backend/lifecycle/lifecycle_schema.h"
#include "backend/lifecycle/testing/lifecycle_world.h"

namespace rollcall {
namespace {

using absl::StatusCode;

// What the words of the header say, without a return that is announced.
struct ModelService {
  std::optional<absl::Time> ends;

  bool Ended(absl::Time now) const { return ends.has_value() && *ends <= now; }
};
struct ModelHold {
  int said = 0;  // halves, of four
  std::string last_person;
};
struct ModelTenant {
  std::map<std::string, ModelService> services;
  std::map<std::string, ModelHold> holds;
  std::map<std::string, std::optional<absl::Time>> requests;  // when requested; taken back if unset
};

class Play {
 public:
  explicit Play(uint32_t seed) : random_(seed) {
    EXPECT_TRUE(world_.Open().ok());
    for (const std::string name : {"acme", "other"}) {
      world_.AddTenant(name);
      models_[name].services["cvm:1"];
    }
  }

  void Step(int number) {
    world_.clock()->Advance(absl::Hours(1 + Below(40)));
    const std::string name = Below(2) == 0 ? "acme" : "other";
    TenantLifecycle tenant = *world_.store()->Tenant(name);
    const Caller caller = By(Below(2) == 0 ? "ann" : "bob", absl::StrCat("step ", number));
    StatusCode expected = StatusCode::kOk;
    const StatusCode is = Below(3) == 0   ? Subscription(&tenant, &models_[name], caller, &expected)
                          : Below(2) == 0 ? Hold(&tenant, &models_[name], caller, &expected)
                                          : Request(&tenant, &models_[name], caller, &expected);
    ASSERT_EQ(is, expected) << number;
    for (const std::string each : {"acme", "other"}) Compare(each, number);
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  StatusCode Subscription(TenantLifecycle* tenant, ModelTenant* model, const Caller& caller, StatusCode* expected) {
    const absl::Time now = world_.clock()->Now();
    const absl::Time when = now + absl::Hours(Below(100));
    ModelService& service = model->services["cvm:1"];
    const bool announced = service.ends.has_value() && !service.Ended(now);
    switch (Below(4)) {
      case 0:
        *expected = service.ends.has_value() ? StatusCode::kFailedPrecondition : StatusCode::kOk;
        if (!service.ends.has_value()) service.ends = when;
        return tenant->ScheduleTermination(caller, Hosting("cvm:1"), when).status().code();
      case 1:
        *expected = announced ? StatusCode::kOk : StatusCode::kFailedPrecondition;
        if (announced) service.ends = when;
        return tenant->ChangeTermination(caller, Hosting("cvm:1"), when).status().code();
      case 2:
        *expected = announced ? StatusCode::kOk : StatusCode::kFailedPrecondition;
        if (announced) service.ends.reset();
        return tenant->CancelTermination(caller, Hosting("cvm:1")).status().code();
      default: {
        *expected = service.ends.has_value() ? StatusCode::kOk : StatusCode::kFailedPrecondition;
        service.ends.reset();
        const uint64_t epoch = tenant->Timeline()->epoch;
        return tenant->Resubscribe(caller, Hosting("cvm:1"), now, epoch).status().code();
      }
    }
  }

  // Of any tenant's holds: the other's are not there.
  std::string AnyHold() {
    std::vector<std::string> ids = {"none"};
    for (const auto& [name, model] : models_) {
      for (const auto& [id, hold] : model.holds) ids.push_back(id);
    }
    return ids[static_cast<size_t>(Below(static_cast<int>(ids.size())))];
  }

  StatusCode Hold(TenantLifecycle* tenant, ModelTenant* model, const Caller& caller, StatusCode* expected) {
    const int half = Below(4);
    if (half == 0) {
      model->holds[caller.request_id] = {1, caller.actor};
      return tenant->PlaceHold(caller, CourtOrder("2099-01-01")).status().code();
    }
    const std::string id = AnyHold();
    const auto it = model->holds.find(id);
    if (it == model->holds.end()) {
      *expected = StatusCode::kNotFound;
    } else if (it->second.said != half) {
      *expected = StatusCode::kFailedPrecondition;
    } else if (half != 2 && it->second.last_person == caller.actor) {
      *expected = StatusCode::kPermissionDenied;
    } else {
      it->second = {half + 1, caller.actor};
    }
    if (half == 1) return tenant->ApproveHold(caller, id).status().code();
    if (half == 2) return tenant->AskRelease(caller, id).status().code();
    return tenant->ApproveRelease(caller, id).status().code();
  }

  StatusCode Request(TenantLifecycle* tenant, ModelTenant* model, const Caller& caller, StatusCode* expected) {
    const absl::Time now = world_.clock()->Now();
    if (Below(2) == 0 || model->requests.empty()) {
      model->requests[caller.request_id] = now;
      return tenant->RequestDeletion(caller, {}, "mail").status().code();
    }
    auto it = std::next(model->requests.begin(), Below(static_cast<int>(model->requests.size())));
    const bool in_time = it->second.has_value() && now < *it->second + absl::Hours(72);
    if (!in_time) *expected = StatusCode::kFailedPrecondition;
    if (in_time) it->second.reset();
    return tenant->CancelDeletion(caller, it->first).status().code();
  }

  void Compare(const std::string& name, int number) {
    const ModelTenant& model = models_[name];
    const TenantTimeline timeline = *world_.store()->Tenant(name)->Timeline();
    const SubscriptionState& service = timeline.hosting.at("cvm:1");
    const std::optional<absl::Time> ends = model.services.at("cvm:1").ends;
    ASSERT_EQ(service.ended_at.has_value() ? service.ended_at : service.ends_at, ends) << number;
    ASSERT_EQ(service.ended_at.has_value(), model.services.at("cvm:1").Ended(timeline.now)) << number;
    std::map<std::string, bool> in_force;
    for (const KnownOrder& hold : timeline.holds) in_force[hold.id] = !hold.lifted_at.has_value();
    for (const auto& [id, hold] : model.holds) {
      ASSERT_EQ(in_force.count(id) > 0, hold.said >= 2) << number;
      if (hold.said >= 2) ASSERT_EQ(in_force[id], hold.said < 4) << number;
    }
    std::vector<std::string> standing;
    for (const auto& [id, at] : model.requests) {
      if (at.has_value()) standing.push_back(id);
    }
    std::vector<std::string> known;
    for (const KnownRequest& request : timeline.requests) known.push_back(request.id);
    ASSERT_THAT(known, ::testing::UnorderedElementsAreArray(standing)) << number;
    ASSERT_TRUE(timeline.notes.empty()) << number << ": " << timeline.notes.front();
  }

  std::mt19937 random_;
  LifecycleWorld world_;
  std::map<std::string, ModelTenant> models_;
};

TEST(LifecyclePropertyTest, RandomOperationsAsTheModelSays) {
  for (uint32_t seed = 0; seed < 6; ++seed) {
    Play play(seed);
    for (int number = 0; number < 80; ++number) {
      play.Step(number);
      if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
    }
  }
}

TEST(LifecycleTablesTest, KeepTheirRulesWhoeverWrites) {
  LifecycleWorld world;
  ASSERT_TRUE(world.Open().ok());
  TenantLifecycle tenant = world.AddTenant("acme");
  ASSERT_TRUE(tenant.PlaceHold(By("ann", "h"), CourtOrder()).ok());
  ASSERT_TRUE(tenant.RequestDeletion(By("ann", "d"), {}, "mail").ok());
  world.Close();
  const auto db = *OpenLifecycleDatabase(world.options().path);
  for (const char* sql : {
           "UPDATE hold SET approved_by = 'operator/ann'",
           "UPDATE hold SET release_asked_by = 'operator/bob'",
           "UPDATE hold SET approved_by = 'operator/bob', release_asked_by = 'operator/bob', released_by = "
           "'operator/bob'",
           "UPDATE hold SET placed_by = 'operator/bob'",
           "UPDATE hold SET body = x''",
           "DELETE FROM hold",
           "UPDATE event SET at = at + 1",
           "DELETE FROM event",
           "INSERT INTO deletion(tenant_id, request_id, reason) VALUES(2, 'd', 'of another tenant')",
       }) {
    EXPECT_FALSE(db->Execute(sql).ok()) << sql;
  }
  EXPECT_TRUE(db->Execute("UPDATE hold SET approved_by = 'operator/bob'").ok());
  EXPECT_FALSE(db->Execute("UPDATE hold SET approved_by = 'operator/carol'").ok());
  const std::string newer = absl::StrCat("PRAGMA user_version=", kLifecycleSchemaVersion + 1);
  ASSERT_TRUE(db->Execute(newer.c_str()).ok());
  EXPECT_EQ(world.Open().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace rollcall

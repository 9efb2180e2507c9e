// The comparison of retention_property_test.cc itself can fail: whoever misreads an agreement or a diary is noticed.
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "backend/retention/testing/random_world.h"
#include "backend/retention/testing/slow_calculator.h"

namespace rollcall {
namespace {

// What the calculator is told, changed the way a bug in the engine would read it.
struct Misreading {
  pb::Policy policy;
  std::set<int> years, off, make_up;
  std::vector<DiaryEntry> diary;
  Wall now = 0;
  int day = 0;
};

template <typename Change>
void ForEachSum(pb::Expression* e, Change change) {
  if (e->has_sum()) {
    change(e->mutable_sum());
    ForEachSum(e->mutable_sum()->mutable_of(), change);
  }
  if (e->has_max()) {
    for (pb::Expression& of : *e->mutable_max()->mutable_of()) ForEachSum(&of, change);
  }
  if (e->has_min()) {
    for (pb::Expression& of : *e->mutable_min()->mutable_of()) ForEachSum(&of, change);
  }
}

template <typename Change>
void ForEachPeriod(pb::Policy* policy, Change change) {
  for (pb::RetainRule& rule : *policy->mutable_categories(0)->mutable_retain()) {
    for (pb::Expression* e : {rule.mutable_not_before(), rule.mutable_last_day(), rule.mutable_not_after()}) change(e);
  }
  for (pb::RequestRule& rule : *policy->mutable_categories(0)->mutable_on_request()) {
    for (pb::Expression* e : {rule.mutable_not_before(), rule.mutable_not_after()}) change(e);
  }
}

template <typename Change>
void ForEachSumOf(Misreading* m, Change change) {
  ForEachPeriod(&m->policy, [&](pb::Expression* e) { ForEachSum(e, change); });
}

void SwapChoices(pb::Expression* e) {
  if (!e->has_max() && !e->has_min()) return;
  pb::Expression::Choice choice = e->has_max() ? e->max() : e->min();
  e->has_max() ? *e->mutable_min() = choice : *e->mutable_max() = choice;
}

void Forget(DiaryEntry::What what, Misreading* m) {
  std::vector<DiaryEntry> rest;
  for (const DiaryEntry& e : m->diary) {
    if (e.what != what) rest.push_back(e);
  }
  m->diary = rest;
}

constexpr struct {
  const char* name;
  void (*misread)(Misreading* m);
} kMisreadings[] = {
    {"no minimum",
     [](Misreading* m) {
       for (auto& rule : *m->policy.mutable_categories(0)->mutable_retain()) rule.clear_not_before();
     }},
    {"a request knows no minimum",
     [](Misreading* m) {
       for (auto& rule : *m->policy.mutable_categories(0)->mutable_on_request()) rule.clear_not_before();
     }},
    {"a day more",
     [](Misreading* m) { ForEachSumOf(m, [](auto* s) { s->days() != 0 ? s->set_days(s->days() + 1) : void(); }); }},
    {"a working day less",
     [](Misreading* m) {
       ForEachSumOf(m, [](auto* s) { s->working_days() > 1 ? s->set_working_days(s->working_days() - 1) : void(); });
     }},
    {"an hour more",
     [](Misreading* m) { ForEachSumOf(m, [](auto* s) { s->hours() != 0 ? s->set_hours(s->hours() + 1) : void(); }); }},
    {"months of thirty days",
     [](Misreading* m) {
       ForEachSumOf(m, [](auto* s) {
         if (s->months() == 0) return;
         s->set_days(s->months() * 30);
         s->clear_months();
       });
     }},
    {"working days without make-up days", [](Misreading* m) { m->make_up.clear(); }},
    {"working days without holidays", [](Misreading* m) { m->off.clear(); }},
    {"unknown years with weekends",
     [](Misreading* m) {
       for (int y = 2015; y < 2070; ++y) m->years.insert(y);
     }},
    {"the earlier for the later", [](Misreading* m) { ForEachPeriod(&m->policy, &SwapChoices); }},
    {"a window of a day more",
     [](Misreading* m) { m->policy.set_purge_window_days(m->policy.purge_window_days() + 1); }},
    {"nothing is exact",
     [](Misreading* m) {
       for (auto& rule : *m->policy.mutable_categories(0)->mutable_retain()) rule.set_exact(false);
     }},
    {"no cooling-off", [](Misreading* m) { m->policy.mutable_service_levels()->set_cooling_off_hours(0); }},
    {"no restriction",
     [](Misreading* m) {
       for (auto& rule : *m->policy.mutable_categories(0)->mutable_on_request()) rule.set_restrict_at_once(false);
     }},
    {"one end for another",
     [](Misreading* m) {
       for (auto& rule : *m->policy.mutable_categories(0)->mutable_retain()) {
         rule.set_scope(rule.scope() == pb::FEATURE ? pb::HOSTING : pb::FEATURE);
       }
     }},
    {"first seen for last seen", [](Misreading* m) { --m->day; }},
    {"holds are forgotten", [](Misreading* m) { Forget(DiaryEntry::kHold, m); }},
    {"releases are forgotten", [](Misreading* m) { Forget(DiaryEntry::kRelease, m); }},
    {"requests are forgotten", [](Misreading* m) { Forget(DiaryEntry::kRequest, m); }},
    {"cancellations are forgotten", [](Misreading* m) { Forget(DiaryEntry::kCancelRequest, m); }},
    {"withdrawals are forgotten", [](Misreading* m) { Forget(DiaryEntry::kWithdraw, m); }},
    {"returns are forgotten", [](Misreading* m) { Forget(DiaryEntry::kReturn, m); }},
    {"paid periods are forgotten", [](Misreading* m) { Forget(DiaryEntry::kPaid, m); }},
    {"an announcement is the end",
     [](Misreading* m) {
       for (DiaryEntry& e : m->diary) e.effective = e.what == DiaryEntry::kTerminate ? e.at : e.effective;
     }},
    {"the clock is a year ahead", [](Misreading* m) { m->now += 365 * kWallDay; }},
};

// Each misreading makes some date differ, within fewer cases than are compared there.
TEST(RetentionProperty, EveryMisreadingIsNoticed) {
  for (const auto& misreading : kMisreadings) {
    int cases = 0;
    for (bool noticed = false; !noticed; ++cases) {
      ASSERT_LT(cases, kPolicies / 2) << misreading.name;
      World world(static_cast<uint32_t>(cases));
      const std::vector<DiaryEntry> diary = world.MakeDiary();
      const Bucket bucket = MakeBucket(&world);
      const Wall now = world.Instant() + world.Below(400) * kWallDay;
      Misreading m = {world.policy().data, world.years(), world.off(), world.make_up(), diary, now, 0};
      m.day = static_cast<int>(bucket.key.collected_day - absl::CivilDay(2015, 1, 1));
      const auto ask = [&] {
        const SecondOpinion o = SlowCalculator(m.policy, m.years, m.off, m.make_up)
                                    .Ask(bucket.key.hosting_service, Services(), m.day, m.diary, m.now);
        return std::make_tuple(o.held, o.restricted, o.ended, o.not_before, o.due_from, o.deadline);
      };
      const auto right = ask();
      misreading.misread(&m);
      noticed = ask() != right;
    }
    RecordProperty(misreading.name, cases);
  }
}

}  // namespace
}  // namespace rollcall

// Random agreements and random lives of tenants, against the slow calculator: every date must be the same, and
// a bucket that lives through its tenant's years is deleted neither too early nor too late, and never under
// a hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/bucket_machine.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/policy_check.h"
#include "backend/retention/testing/events.h"
#include "backend/retention/testing/slow_calculator.h"

namespace rollcall {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROLLCALL_SLOW_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ROLLCALL_SLOW_BUILD 1
#endif
#endif
#ifdef ROLLCALL_SLOW_BUILD
constexpr int kPolicies = 1500;
constexpr int kLives = 15;
#else
constexpr int kPolicies = 25000;
constexpr int kLives = 120;
#endif
constexpr int kLogsPerPolicy = 4;

const std::vector<std::string>& Services() {
  static const auto* services = new std::vector<std::string>{"cvm", "ecm"};
  return *services;
}

// Some years, each with some days off and some worked; numbers are days since 2015-01-01.
struct RandomCalendar {
  WorkingDays days;
  std::set<int> years, off, make_up;
};

RandomCalendar MakeCalendar(uint32_t seed) {
  std::mt19937 random(seed);
  RandomCalendar calendar;
  pb::WorkingDayCalendar file;
  file.set_id("random");
  file.set_version(1);
  file.set_data_source("this test");
  for (int year = 2019; year <= 2024; ++year) {
    if (random() % 5 == 0) continue;
    auto* published = file.add_years();
    published->set_year(year);
    published->add_notices("n");
    calendar.years.insert(year);
    for (int i = 0; i < 15; ++i) {
      const int day = SlowCalculator::DayNumber(year, 1, 1) + static_cast<int>(random() % 365);
      if (calendar.off.count(day) != 0 || calendar.make_up.count(day) != 0) continue;
      const bool off = random() % 10 < 7;
      (off ? calendar.off : calendar.make_up).insert(day);
      const std::string text = DayText(absl::CivilDay(2015, 1, 1) + day);
      off ? published->add_off_days(text) : published->add_make_up_days(text);
    }
  }
  calendar.days = WorkingDays::From(file).value();
  return calendar;
}

// Everything random of one case.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    const char* zones[] = {"UTC", "Asia/Shanghai", "Asia/Singapore", "America/New_York", "Europe/Berlin"};
    const int zone = Below(5);
    clocks_change_ = zone >= 3;
    policy_.data.set_zone(zones[zone]);
    EXPECT_TRUE(absl::LoadTimeZone(zones[zone], &policy_.zone));
    PickCalendar();
    MakePolicy();
    calculator_.emplace(policy_.data, years(), off(), make_up());
  }

  const std::set<int>& years() const { return calendar_->years; }
  const std::set<int>& off() const { return calendar_->off; }
  const std::set<int>& make_up() const { return calendar_->make_up; }
  const RetentionPolicy& policy() const { return policy_; }
  const SlowCalculator& calculator() const { return *calculator_; }
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  bool Chance(int percent) { return Below(100) < percent; }

  Wall ToWall(absl::Time time) const {
    if (time == absl::InfinitePast()) return kAlways;
    if (time == absl::InfiniteFuture()) return kNever;
    const absl::CivilSecond second = absl::ToCivilSecond(time, policy_.zone);
    const absl::Duration rest = time - absl::FromCivil(second, policy_.zone);
    // In the hour that is there twice, the first is meant; no event is put there.
    return (second - absl::CivilSecond(2015, 1, 1)) * kWallSecond + absl::ToInt64Nanoseconds(rest) % kWallSecond;
  }
  absl::Time ToTime(Wall wall) const {
    const Wall second = wall / kWallSecond;
    return absl::FromCivil(absl::CivilSecond(2015, 1, 1) + second, policy_.zone) +
           absl::Nanoseconds(wall - second * kWallSecond);
  }

  // A tenant's diary: few instants, so that many things happen at the same.
  std::vector<DiaryEntry> MakeDiary() {
    const int first = SlowCalculator::DayNumber(2019 + Below(5), 1, 1) + Below(366);
    instants_.clear();
    for (int i = 0; i < 7; ++i) {
      // Away from the hours in which clocks change.
      const int hour = Chance(30) ? 0 : 4 + Below(18);
      instants_.push_back((first + Below(500)) * kWallDay + hour * kWallHour);
    }
    std::vector<DiaryEntry> diary;
    const int count = Below(9);
    for (int i = 0; i < count; ++i) diary.push_back(MakeEntry(absl::StrCat("e", i), diary));
    return diary;
  }
  Wall Instant() { return instants_[static_cast<size_t>(Below(7))]; }

 private:
  DiaryEntry MakeEntry(const std::string& id, const std::vector<DiaryEntry>& before) {
    DiaryEntry e;
    e.id = id;
    e.at = Instant();
    const char* subscriptions[] = {"", "cvm", "ecm", "cvm"};
    e.subscription = subscriptions[Below(4)];
    e.effective = Chance(40) ? e.at : Instant();
    const char* only[] = {"", "", "cvm", "ecm"};
    e.only_service = only[Below(4)];
    const auto earlier = [&](DiaryEntry::What what) {
      for (const DiaryEntry& other : before) {
        if (other.what == what && other.at <= e.at) return other.id;
      }
      return std::string("none");
    };
    const int roll = Below(20);
    e.what = roll < 7    ? DiaryEntry::kTerminate
             : roll < 8  ? DiaryEntry::kWithdraw
             : roll < 10 ? DiaryEntry::kReturn
             : roll < 12 ? DiaryEntry::kPaid
             : roll < 14 ? DiaryEntry::kHold
             : roll < 16 ? DiaryEntry::kRelease
             : roll < 19 ? DiaryEntry::kRequest
                         : DiaryEntry::kCancelRequest;
    if (e.what == DiaryEntry::kRelease) e.about = earlier(DiaryEntry::kHold);
    if (e.what == DiaryEntry::kCancelRequest) e.about = earlier(DiaryEntry::kRequest);
    return e;
  }

  // One of a few: reading a calendar takes longer than everything else here.
  void PickCalendar() {
    static const auto* calendars = [] {
      auto* all = new std::vector<RandomCalendar>();
      for (uint32_t seed = 0; seed < 64; ++seed) all->push_back(MakeCalendar(seed));
      return all;
    }();
    calendar_ = &(*calendars)[static_cast<size_t>(Below(64))];
    policy_.calendar = calendar_->days;
  }

  void MakePolicy() {
    pb::Policy& policy = policy_.data;
    policy.set_id("random");
    policy.set_version(1);
    policy.set_calendar("random");
    policy.set_unknown_calendar_year(pb::Policy::EVERY_DAY_WORKS);
    policy.set_purge_window_days(1 + static_cast<uint32_t>(Below(4)));
    policy.mutable_service_levels()->set_request_days(7);
    if (!clocks_change_) policy.mutable_service_levels()->set_cooling_off_hours(static_cast<uint32_t>(Below(169)));
    auto* clause = policy.add_clauses();
    clause->set_id("X");
    clause->set_text("x");
    auto* rules = policy.add_categories();
    rules->set_category(pb::ASSET_BASIC);
    for (int i = pb::RESOURCE_MONITORING; i <= pb::BASIC_INFORMATION; ++i)
      rules->add_elements(static_cast<pb::Element>(i));
    rules->add_purposes(pb::PROVIDE_FEATURE);
    auto* store = rules->add_stores();
    store->set_kind(pb::StoreRule::SQL);
    store->set_clause("X");
    if (Chance(50)) {
      auto* archive = rules->add_archives();
      archive->set_kind(pb::ArchiveRule::OBJECT);
      archive->set_clause("X");
    }
    const int count = 1 + Below(3);
    for (int i = 0; i < count; ++i) MakeRetain(i == 0 ? pb::RetainRule::TERMINATED : AnyTrigger(), rules->add_retain());
    for (int i = Below(3); i > 0; --i) MakeRequestRule(rules->add_on_request());
  }

  pb::RetainRule::Trigger AnyTrigger() {
    return static_cast<pb::RetainRule::Trigger>(static_cast<int>(pb::RetainRule::IN_SERVICE) + Below(3));
  }

  void MakeRetain(pb::RetainRule::Trigger trigger, pb::RetainRule* rule) {
    const bool ended = trigger == pb::RetainRule::TERMINATED;
    rule->set_trigger(trigger);
    rule->set_scope(static_cast<pb::TerminationScope>(1 + Below(3)));
    rule->add_clauses("X");
    if (Chance(40)) MakePeriod(ended, false, 0, rule->mutable_not_before());
    const int bounds = Below(10);
    if (bounds < 6 || (ended && bounds == 9)) {
      MakeSum(ended, false, 0, rule->mutable_last_day());
      rule->set_exact(Chance(60));
    }
    if (bounds >= 5 && bounds < 9) MakeSum(ended, false, 0, rule->mutable_not_after());
  }

  void MakeRequestRule(pb::RequestRule* rule) {
    rule->set_restrict_at_once(Chance(50));
    rule->set_combine(pb::RequestRule::EARLIEST);
    rule->add_clauses("X");
    if (Chance(60)) MakePeriod(false, true, 0, rule->mutable_not_before());
    MakeSum(false, true, 0, rule->mutable_not_after());
  }

  pb::Expression::Anchor AnyAnchor(bool ended, bool requested) {
    const int roll = Below(10);
    if (roll < 2) return pb::Expression::PERIOD_END;
    if (roll < 3) return pb::Expression::CREATED;
    if (ended && roll < 7) return pb::Expression::TERMINATED;
    if (requested && roll < 8) return pb::Expression::REQUESTED;
    return pb::Expression::COLLECTED;
  }

  void MakePeriod(bool ended, bool requested, int depth, pb::Expression* e) {
    if (Chance(25)) {
      e->set_anchor(AnyAnchor(ended, requested));
    } else {
      MakeSum(ended, requested, depth, e);
    }
  }

  // A sum, or a choice of sums.
  void MakeSum(bool ended, bool requested, int depth, pb::Expression* e) {
    if (depth < 2 && Chance(30)) {
      auto* choice = Chance(50) ? e->mutable_max() : e->mutable_min();
      for (int i = 2 + Below(2); i > 0; --i) MakeSum(ended, requested, depth + 1, choice->add_of());
      return;
    }
    auto* sum = e->mutable_sum();
    if (depth < 2 && Chance(15)) {
      MakeSum(ended, requested, depth + 1, sum->mutable_of());
    } else {
      sum->mutable_of()->set_anchor(AnyAnchor(ended, requested));
    }
    const int unit = Below(clocks_change_ ? 8 : 10);
    if (unit < 4) sum->set_days(1 + static_cast<uint32_t>(Below(200)));
    if (unit >= 4 && unit < 6) sum->set_months(1 + static_cast<uint32_t>(Below(14)));
    if (unit >= 6 && unit < 8) sum->set_working_days(1 + static_cast<uint32_t>(Below(40)));
    if (unit >= 8) sum->set_hours(1 + static_cast<uint32_t>(Below(300)));
  }

  std::mt19937 random_;
  bool clocks_change_ = false;
  RetentionPolicy policy_;
  const RandomCalendar* calendar_ = nullptr;
  std::vector<Wall> instants_;
  std::optional<SlowCalculator> calculator_;
};

pb::TenantFacts ToFacts(const World& world, const std::vector<DiaryEntry>& diary) {
  EventLog log;
  for (const std::string& service : Services()) log.facts.add_hosting_services(service);
  for (const DiaryEntry& e : diary) {
    const absl::Time at = world.ToTime(e.at);
    const absl::Time effective = world.ToTime(e.effective);
    pb::Selector* selector = nullptr;
    switch (e.what) {
      case DiaryEntry::kTerminate:
        log.Terminate(e.id, at, e.subscription, effective);
        break;
      case DiaryEntry::kWithdraw:
        log.Withdraw(e.id, at, e.subscription);
        break;
      case DiaryEntry::kReturn:
        log.Return(e.id, at, e.subscription, effective);
        break;
      case DiaryEntry::kPaid:
        log.Paid(e.id, at, e.subscription, effective);
        break;
      case DiaryEntry::kHold:
        selector = log.Hold(e.id, at);
        break;
      case DiaryEntry::kRelease:
        log.Release(e.id, at, e.about);
        break;
      case DiaryEntry::kRequest:
        selector = log.Request(e.id, at);
        break;
      case DiaryEntry::kCancelRequest:
        log.CancelRequest(e.id, at, e.about);
        break;
    }
    if (selector != nullptr && !e.only_service.empty()) selector->add_hosting_services(e.only_service);
  }
  return log.facts;
}

Bucket MakeBucket(World* world) {
  Bucket bucket;
  bucket.key.hosting_service = world->Chance(70) ? "cvm" : "ALL";
  bucket.key.category = pb::ASSET_BASIC;
  const int day = static_cast<int>(world->Instant() / kWallDay) - 150 + world->Below(200);
  bucket.key.collected_day = absl::CivilDay(2015, 1, 1) + day;
  return bucket;
}

SecondOpinion AskCalculator(const World& world, const Bucket& bucket, const std::vector<DiaryEntry>& diary, Wall now) {
  return world.calculator().Ask(bucket.key.hosting_service, Services(),
                                static_cast<int>(bucket.key.collected_day - absl::CivilDay(2015, 1, 1)), diary, now);
}

std::string Differences(const World& world, const Bucket& bucket, const pb::TenantFacts& facts,
                        const std::vector<DiaryEntry>& diary, Wall now) {
  const auto timeline = FoldEvents(world.policy(), facts, world.ToTime(now));
  if (!timeline.ok()) return std::string(timeline.status().message());
  const BucketDecision decision = EvaluateBucket(world.policy(), bucket, *timeline, Detail::kDates);
  const RetentionDecision& dates = decision.dates;
  const SecondOpinion opinion = AskCalculator(world, bucket, diary, now);
  std::string text;
  const auto compare = [&](absl::string_view what, Wall engine, Wall other) {
    if (engine != other) absl::StrAppend(&text, what, ": ", engine, " and not ", other, "\n");
  };
  compare("held", dates.held, opinion.held);
  compare("restricted", dates.restricted, opinion.restricted);
  compare("ended", dates.ended_at.has_value(), opinion.ended);
  compare("not_before", world.ToWall(dates.not_before), opinion.not_before);
  compare("deadline", world.ToWall(dates.deadline.value_or(absl::InfiniteFuture())), opinion.deadline);
  compare("due_from", world.ToWall(dates.due_from), opinion.due_from);
  compare("purge", decision.Wants(ActionKind::kPurge), opinion.IsDue(now));
  if (decision.Wants(ActionKind::kPurge) && !opinion.MayDelete(now)) text += "purges what may not be deleted\n";
  if (!text.empty()) {
    pb::Policy rules = world.policy().data;
    rules.mutable_categories(0)->clear_elements();
    absl::StrAppend(&text, rules.ShortDebugString(), " ", facts.ShortDebugString(), " collected ",
                    DayText(bucket.key.collected_day), " of ", bucket.key.hosting_service, ", now ",
                    absl::FormatTime(world.ToTime(now), world.policy().zone));
  }
  return text;
}

TEST(RetentionProperty, EveryDateIsTheSlowCalculators) {
  int compared = 0;
  int with_deadline = 0;
  for (int i = 0; i < kPolicies; ++i) {
    World world(static_cast<uint32_t>(i));
    if (i < 500) {
      for (const PolicyProblem& problem : CheckPolicy(world.policy().data)) {
        ASSERT_THAT(problem.message, testing::HasSubstr("kept for ever")) << i;
      }
    }
    for (int j = 0; j < kLogsPerPolicy; ++j) {
      const std::vector<DiaryEntry> diary = world.MakeDiary();
      const pb::TenantFacts facts = ToFacts(world, diary);
      const Bucket bucket = MakeBucket(&world);
      const Wall now = world.Instant() + world.Below(400) * kWallDay;
      ASSERT_EQ(Differences(world, bucket, facts, diary, now), "") << "policy " << i << ", log " << j;
      ++compared;
      // And at the edges of what it says.
      const SecondOpinion opinion = AskCalculator(world, bucket, diary, now);
      if (opinion.deadline == kNever) continue;
      ++with_deadline;
      const Wall edges[] = {opinion.not_before, opinion.due_from, opinion.deadline};
      const Wall edge = edges[world.Below(3)];
      if (edge == kAlways || j % 2 != 0) continue;
      ASSERT_EQ(Differences(world, bucket, facts, diary, edge - world.Below(2)), "") << "policy " << i << ", log " << j;
    }
  }
  EXPECT_EQ(compared, kPolicies * kLogsPerPolicy);
  EXPECT_GT(with_deadline, compared / 4);  // or the test would test little
}

// ---- The comparison itself can fail.

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

// Each misreading makes some date differ, within fewer cases than are compared above.
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

// What an engine does with a bucket over the years, a step a tick.
class Life {
 public:
  Life(World* world, std::vector<DiaryEntry> diary)
      : world_(world), diary_(std::move(diary)), facts_(ToFacts(*world, diary_)), bucket_(MakeBucket(world)) {}

  void Tick(Wall now) {
    const auto timeline = FoldEvents(world_->policy(), facts_, world_->ToTime(now));
    ASSERT_TRUE(timeline.ok());
    const BucketDecision decision = EvaluateBucket(world_->policy(), bucket_, *timeline, Detail::kDates);
    const SecondOpinion opinion = AskCalculator(*world_, bucket_, diary_, now);
    const bool deletable = bucket_.state != pb::BUCKET_PURGING && bucket_.state != pb::BUCKET_PURGED;
    ASSERT_EQ(decision.Wants(ActionKind::kPurge), deletable && opinion.IsDue(now));
    ASSERT_EQ(decision.overdue, bucket_.state != pb::BUCKET_PURGED && opinion.deadline <= now);
    if (decision.Wants(ActionKind::kPurge)) {
      ASSERT_TRUE(opinion.MayDelete(now)) << "too early or held";
    }
    for (const DueAction& action : decision.actions) Act(action.kind);
  }

  const Bucket& bucket() const { return bucket_; }
  SecondOpinion Opinion(Wall now) const { return AskCalculator(*world_, bucket_, diary_, now); }

 private:
  void Act(ActionKind kind) {
    if (world_->Chance(30)) return;  // it failed, and is tried again
    switch (kind) {
      case ActionKind::kStartArchive:
        return Step(BucketEvent::kServiceEnded);
      case ActionKind::kFinishArchive:
        return Step(BucketEvent::kArchiveVerified);
      case ActionKind::kEmptyStores:
        return Step(BucketEvent::kStoresEmptied);
      case ActionKind::kStartRestore:
        return Step(BucketEvent::kServiceResumed);
      case ActionKind::kFinishRestore:
        return Step(BucketEvent::kRestoreVerified);
      case ActionKind::kPurge:
        return Step(BucketEvent::kPurgeIntended);
      case ActionKind::kFinishPurge:
        return Step(BucketEvent::kPurgeVerified);
      case ActionKind::kErasePart:
        return;
    }
  }

  void Step(BucketEvent event) {
    const bool has_archive = !world_->policy().data.categories(0).archives().empty();
    const BucketStep step = NextStep(bucket_.state, event, has_archive);
    ASSERT_EQ(step.kind, StepKind::kMoves) << BucketStateText(bucket_.state) << ", " << BucketEventText(event);
    bucket_.state = step.to;
  }

  World* world_;
  std::vector<DiaryEntry> diary_;
  pb::TenantFacts facts_;
  Bucket bucket_;
};

TEST(RetentionProperty, BucketsLiveAndAreDeletedInTime) {
  int purged = 0;
  for (int i = 0; i < kLives; ++i) {
    World world(static_cast<uint32_t>(1'000'000 + i));
    Life life(&world, world.MakeDiary());
    const Wall start = world.Instant() - 100 * kWallDay;
    for (int tick = 0; tick < 800; ++tick) {
      life.Tick(start + tick * kWallDay + 13 * kWallHour / 2);
      if (HasFatalFailure()) FAIL() << "life " << i << ", tick " << tick;
    }
    // Much later whatever has an end is gone.
    const Wall later = start + 3000 * kWallDay;
    for (int tick = 0; tick < 60; ++tick) life.Tick(later + tick * kWallDay);
    if (life.Opinion(later).IsDue(later)) {
      ASSERT_EQ(life.bucket().state, pb::BUCKET_PURGED) << i;
    }
    purged += life.bucket().state == pb::BUCKET_PURGED ? 1 : 0;
  }
  EXPECT_GT(purged, kLives / 3);
  EXPECT_LT(purged, kLives);  // held, or without an end
}

TEST(RetentionProperty, HoldsRequestsAndTimeOnlyWorkOneWay) {
  for (int i = 0; i < kPolicies / 10; ++i) {
    World world(static_cast<uint32_t>(2'000'000 + i));
    const std::vector<DiaryEntry> diary = world.MakeDiary();
    const pb::TenantFacts facts = ToFacts(world, diary);
    const Bucket bucket = MakeBucket(&world);
    const absl::Time now = world.ToTime(world.Instant() + 500 * kWallDay);
    const auto decide = [&](const pb::TenantFacts& of, absl::Time at) {
      return EvaluateBucket(world.policy(), bucket, FoldEvents(world.policy(), of, at).value(), Detail::kDates).dates;
    };
    const RetentionDecision plain = decide(facts, now);
    // In time: what is due stays due while nothing happens.
    if (plain.DueAt(now)) {
      const absl::Time later = now + absl::Hours(world.Below(20000));
      ASSERT_TRUE(decide(facts, later).DueAt(later)) << i;
    }
    // In order.
    pb::TenantFacts shuffled = facts;
    std::mt19937 random(static_cast<uint32_t>(i));
    std::shuffle(shuffled.mutable_events()->begin(), shuffled.mutable_events()->end(), random);
    const RetentionDecision other = decide(shuffled, now);
    ASSERT_EQ(other.not_before, plain.not_before);
    ASSERT_EQ(other.deadline, plain.deadline);
    // A hold stops everything, and its release brings nothing forward.
    EventLog held{facts};
    held.Hold("new", world.ToTime(world.Instant()));
    ASSERT_FALSE(decide(held.facts, now).DeletableAt(now)) << i;
    held.Release("newer", now, "new");
    const RetentionDecision released = decide(held.facts, now);
    ASSERT_EQ(released.not_before, plain.not_before);
    ASSERT_GE(released.deadline.value_or(absl::InfiniteFuture()), plain.deadline.value_or(absl::InfiniteFuture()));
    // A request makes nothing later.
    EventLog requested{facts};
    requested.Request("new", world.ToTime(world.Instant()));
    ASSERT_LE(decide(requested.facts, now).deadline.value_or(absl::InfiniteFuture()),
              plain.deadline.value_or(absl::InfiniteFuture()))
        << i;
  }
}

}  // namespace
}  // namespace rollcall

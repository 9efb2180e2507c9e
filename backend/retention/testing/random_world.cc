#include "backend/retention/testing/random_world.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/testing/events.h"

namespace rollcall {
namespace {

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

}  // namespace

const std::vector<std::string>& Services() {
  static const auto* services = new std::vector<std::string>{"cvm", "ecm"};
  return *services;
}

World::World(uint32_t seed) : random_(seed) {
  const char* zones[] = {"UTC", "Asia/Shanghai", "Asia/Singapore", "America/New_York", "Europe/Berlin"};
  const int zone = Below(5);
  clocks_change_ = zone >= 3;
  policy_.data.set_zone(zones[zone]);
  EXPECT_TRUE(absl::LoadTimeZone(zones[zone], &policy_.zone));
  PickCalendar();
  MakePolicy();
  calculator_.emplace(policy_.data, years(), off(), make_up());
}

Wall World::ToWall(absl::Time time) const {
  if (time == absl::InfinitePast()) return kAlways;
  if (time == absl::InfiniteFuture()) return kNever;
  const absl::CivilSecond second = absl::ToCivilSecond(time, policy_.zone);
  const absl::Duration rest = time - absl::FromCivil(second, policy_.zone);
  // In the hour that is there twice, the first is meant; no event is put there.
  return (second - absl::CivilSecond(2015, 1, 1)) * kWallSecond + absl::ToInt64Nanoseconds(rest) % kWallSecond;
}

absl::Time World::ToTime(Wall wall) const {
  const Wall second = wall / kWallSecond;
  return absl::FromCivil(absl::CivilSecond(2015, 1, 1) + second, policy_.zone) +
         absl::Nanoseconds(wall - second * kWallSecond);
}

std::vector<DiaryEntry> World::MakeDiary() {
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

DiaryEntry World::MakeEntry(const std::string& id, const std::vector<DiaryEntry>& before) {
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
void World::PickCalendar() {
  static const auto* calendars = [] {
    auto* all = new std::vector<RandomCalendar>();
    for (uint32_t seed = 0; seed < 64; ++seed) all->push_back(MakeCalendar(seed));
    return all;
  }();
  calendar_ = &(*calendars)[static_cast<size_t>(Below(64))];
  policy_.calendar = calendar_->days;
}

void World::MakePolicy() {
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

pb::RetainRule::Trigger World::AnyTrigger() {
  return static_cast<pb::RetainRule::Trigger>(static_cast<int>(pb::RetainRule::IN_SERVICE) + Below(3));
}

void World::MakeRetain(pb::RetainRule::Trigger trigger, pb::RetainRule* rule) {
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

void World::MakeRequestRule(pb::RequestRule* rule) {
  rule->set_restrict_at_once(Chance(50));
  rule->set_combine(pb::RequestRule::EARLIEST);
  rule->add_clauses("X");
  if (Chance(60)) MakePeriod(false, true, 0, rule->mutable_not_before());
  MakeSum(false, true, 0, rule->mutable_not_after());
}

pb::Expression::Anchor World::AnyAnchor(bool ended, bool requested) {
  const int roll = Below(10);
  if (roll < 2) return pb::Expression::PERIOD_END;
  if (roll < 3) return pb::Expression::CREATED;
  if (ended && roll < 7) return pb::Expression::TERMINATED;
  if (requested && roll < 8) return pb::Expression::REQUESTED;
  return pb::Expression::COLLECTED;
}

void World::MakePeriod(bool ended, bool requested, int depth, pb::Expression* e) {
  if (Chance(25)) {
    e->set_anchor(AnyAnchor(ended, requested));
  } else {
    MakeSum(ended, requested, depth, e);
  }
}

// A sum, or a choice of sums.
void World::MakeSum(bool ended, bool requested, int depth, pb::Expression* e) {
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

}  // namespace rollcall

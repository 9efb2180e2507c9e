#include "backend/retention/testing/slow_calculator.h"

#include <algorithm>

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr int kYears = 60;

int LengthOf(int month, int year) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int DayAt(Wall time) { return static_cast<int>(time / kWallDay); }  // nothing is before 2015

Wall Midnight(int day) { return day * kWallDay; }

}  // namespace

SlowCalculator::SlowCalculator(const pb::Policy& policy, std::set<int> years, std::set<int> off, std::set<int> make_up)
    : policy_(policy), dates_(Dates()), years_(std::move(years)), off_(std::move(off)), make_up_(std::move(make_up)) {}

const std::vector<SlowCalculator::Date>& SlowCalculator::Dates() {
  static const auto* dates = [] {
    auto* all = new std::vector<Date>();
    for (int year = 2015; year < 2015 + kYears; ++year) {
      for (int month = 1; month <= 12; ++month) {
        for (int day = 1; day <= LengthOf(month, year); ++day) all->push_back({year, month, day});
      }
    }
    return all;
  }();
  return *dates;
}

int SlowCalculator::DayNumber(int year, int month, int day) {
  int number = day - 1;
  for (int y = 2015; y < year; ++y) number += LengthOf(2, y) == 29 ? 366 : 365;
  for (int m = 1; m < month; ++m) number += LengthOf(m, year);
  return number;
}

int SlowCalculator::Walk(int day, uint32_t days) const {
  while (days-- > 0) ++day;
  return day;
}

// To the month that is so many later; there to the day of the same number, or as far as the month goes.
int SlowCalculator::WalkMonths(int day, uint32_t months) const {
  const int number = DayOfMonth(day);
  while (months-- > 0) {
    const int month = Month(day);
    while (Month(day) == month) ++day;
  }
  while (DayOfMonth(day) != 1) --day;
  while (DayOfMonth(day) < number && Month(day + 1) == Month(day)) ++day;
  return day;
}

bool SlowCalculator::IsWorked(int day) const {
  if (years_.count(Year(day)) == 0) return true;
  if (off_.count(day) != 0) return false;
  if (make_up_.count(day) != 0) return true;
  const int weekday = (day + 3) % 7;  // 2015-01-01 was a Thursday; 0 is Monday
  return weekday < 5;
}

int SlowCalculator::WalkWorkingDays(int day, uint32_t days) const {
  while (days > 0) {
    ++day;
    if (IsWorked(day)) --days;
  }
  return day;
}

std::optional<SlowCalculator::End> SlowCalculator::PeriodOf(const pb::Expression& e, const Events& events) const {
  if (e.has_anchor()) {
    const Wall at = e.anchor() == pb::Expression::TERMINATED   ? events.terminated
                    : e.anchor() == pb::Expression::REQUESTED  ? events.requested
                    : e.anchor() == pb::Expression::PERIOD_END ? events.period_end
                                                               : events.collected;
    if (at == kNever) return std::nullopt;
    return End{at, DayAt(at), false};
  }
  if (e.has_sum()) {
    const auto start = PeriodOf(e.sum().of(), events);
    if (!start.has_value()) return std::nullopt;
    if (e.sum().hours() > 0) {
      const Wall end = start->end + e.sum().hours() * kWallHour;
      return End{end, DayAt(end), false};
    }
    const int day = e.sum().days() > 0     ? Walk(start->day, e.sum().days())
                    : e.sum().months() > 0 ? WalkMonths(start->day, e.sum().months())
                                           : WalkWorkingDays(start->day, e.sum().working_days());
    return End{Midnight(day + 1), day, true};
  }
  std::optional<End> best;
  for (const pb::Expression& of : e.has_max() ? e.max().of() : e.min().of()) {
    const auto end = PeriodOf(of, events);
    if (!end.has_value()) return std::nullopt;
    if (!best.has_value() || (e.has_max() ? end->end > best->end : end->end < best->end)) best = end;
  }
  return best;
}

// What falls on an instant up to `until` happens. A return that falls together with an end comes after it.
void SlowCalculator::Happen(Wall until, Subscription* s) {
  while (std::min(s->will_end, s->will_return) <= until) {
    if (s->will_end <= s->will_return) {
      s->ended = s->will_end;
      s->will_end = kNever;
    } else {
      s->ended = kNever;
      s->will_return = kNever;
    }
  }
}

// What is said at `instant` about ends.
void SlowCalculator::HearEnds(const std::vector<DiaryEntry>& said, Wall instant, Subscription* s) {
  std::optional<Wall> end;
  bool withdrawn = false;
  for (const DiaryEntry& e : said) {
    if (e.what == DiaryEntry::kTerminate) end = std::max(end.value_or(e.effective), e.effective);
    if (e.what == DiaryEntry::kWithdraw) withdrawn = true;
  }
  if (end.has_value() && (s->ended == kNever || (s->will_return != kNever && s->will_return < *end))) {
    s->will_end = *end;
  }
  if (!withdrawn) return;
  Happen(instant - 1, s);
  s->will_end = kNever;
}

// What is said at `instant` about returns, the earliest first.
void SlowCalculator::HearReturns(const std::vector<DiaryEntry>& said, Wall instant, Subscription* s) {
  std::vector<Wall> returns;
  for (const DiaryEntry& e : said) {
    if (e.what == DiaryEntry::kReturn) returns.push_back(e.effective);
  }
  std::sort(returns.begin(), returns.end());
  for (const Wall back : returns) {
    Happen(instant, s);
    if (s->ended == kNever && s->will_end == kNever) continue;
    if (back > instant && (s->ended != kNever || s->will_end < back)) {
      s->will_return = back;
    } else {
      s->ended = s->will_end = s->will_return = kNever;
    }
  }
}

// One instant after the other: what arrives at it is heard first, then what falls on it happens.
SlowCalculator::Subscription SlowCalculator::Replay(const std::string& name, const std::vector<DiaryEntry>& diary,
                                                    Wall now) {
  std::set<Wall> instants = {now};
  for (const DiaryEntry& entry : diary) {
    if (entry.at <= now) instants.insert(entry.at);
    if (entry.at <= now && entry.effective > entry.at && entry.effective <= now) instants.insert(entry.effective);
  }
  Subscription s;
  for (const Wall instant : instants) {
    Happen(instant - 1, &s);
    std::vector<DiaryEntry> said;
    std::vector<Wall> paid;
    for (const DiaryEntry& e : diary) {
      if (e.at != instant || e.subscription != name) continue;
      said.push_back(e);
      if (e.what == DiaryEntry::kPaid) paid.push_back(e.effective);
    }
    HearEnds(said, instant, &s);
    HearReturns(said, instant, &s);
    if (!paid.empty()) s.paid_until = *std::max_element(paid.begin(), paid.end());
    Happen(instant, &s);
  }
  return s;
}

void SlowCalculator::ApplyRequests(const pb::CategoryRules& rules, const Events& events, SecondOpinion* o) const {
  if (events.requested == kNever) return;
  const Wall window = policy_.purge_window_days() * kWallDay;
  for (const pb::RequestRule& rule : rules.on_request()) {
    const auto latest = PeriodOf(rule.not_after(), events);
    if (!latest.has_value()) continue;
    if (rule.restrict_at_once()) o->restricted = true;
    Wall may = events.requested;
    Wall must = latest->end;
    Wall closes = may;
    if (rule.has_not_before()) {
      if (const auto floor = PeriodOf(rule.not_before(), events)) {
        may = floor->end;
        closes = floor->whole ? floor->end + window : floor->end;
      }
    }
    if (closes > must || may >= must) must = closes > may ? closes : Midnight(DayAt(may - 1) + 1) + window;
    Wall due = std::max(may, events.requested + policy_.service_levels().cooling_off_hours() * kWallHour);
    if (due >= must) due = std::max(may, must - window);
    const bool bounded = o->deadline != kNever;
    o->not_before = bounded ? std::min(o->not_before, may) : may;
    o->due_from = bounded ? std::min(o->due_from, due) : due;
    o->deadline = std::min(o->deadline, must);
  }
}

// The ends that the rules may mean. Data of all services ends with the last of them.
SlowCalculator::Ends SlowCalculator::EndsOf(const std::string& service, const std::vector<std::string>& services,
                                            const std::vector<DiaryEntry>& diary, Wall now) const {
  const Subscription feature = Replay("", diary, now);
  Wall hosting_end = kAlways;
  Wall hosting_paid = kNever;
  for (const std::string& name : services) {
    if (service != "ALL" && service != name) continue;
    const Subscription s = Replay(name, diary, now);
    hosting_end = std::max(hosting_end, s.ended);
    if (s.paid_until != kNever)
      hosting_paid = hosting_paid == kNever ? s.paid_until : std::max(hosting_paid, s.paid_until);
  }
  if (hosting_end == kAlways) hosting_end = kNever;
  const auto& retain = policy_.categories(0).retain();
  const bool by_hosting = std::any_of(retain.begin(), retain.end(), [](const pb::RetainRule& r) {
    return r.trigger() == pb::RetainRule::TERMINATED && r.scope() == pb::HOSTING;
  });
  return {feature.ended, hosting_end, by_hosting ? hosting_paid : feature.paid_until};
}

void SlowCalculator::ApplyRetain(const pb::RetainRule& rule, const Events& events, SecondOpinion* o) const {
  const Wall window = policy_.purge_window_days() * kWallDay;
  const auto bound = [&](Wall must, Wall due) {
    if (must >= o->deadline) return;
    o->deadline = must;
    o->due_from = due;
  };
  if (events.terminated != kNever) o->ended = true;
  if (rule.has_not_before()) {
    if (const auto p = PeriodOf(rule.not_before(), events)) o->not_before = std::max(o->not_before, p->end);
  }
  if (rule.has_last_day()) {
    if (const auto p = PeriodOf(rule.last_day(), events)) {
      if (rule.exact()) o->not_before = std::max(o->not_before, p->end);
      bound(p->whole ? p->end + window : p->end, p->whole ? p->end : p->end - window);
    }
  }
  if (rule.has_not_after()) {
    if (const auto p = PeriodOf(rule.not_after(), events)) bound(p->end, p->end - window);
  }
}

void SlowCalculator::ApplyRules(const Ends& ends, Events events, SecondOpinion* o) const {
  for (const pb::RetainRule& rule : policy_.categories(0).retain()) {
    const Wall end = rule.scope() == pb::FEATURE   ? ends.feature
                     : rule.scope() == pb::HOSTING ? ends.hosting
                                                   : std::min(ends.feature, ends.hosting);
    if (rule.trigger() == pb::RetainRule::IN_SERVICE && end != kNever) continue;
    if (rule.trigger() == pb::RetainRule::TERMINATED && end == kNever) continue;
    events.terminated = rule.trigger() == pb::RetainRule::TERMINATED ? end : kNever;
    events.period_end = ends.paid_until != kNever ? ends.paid_until : events.terminated;
    ApplyRetain(rule, events, o);
  }
  if (o->deadline == kNever) return;
  o->due_from = std::max(o->due_from, o->not_before);
  if (o->not_before >= o->deadline) {
    o->deadline = Midnight(DayAt(o->not_before - 1) + 1) + policy_.purge_window_days() * kWallDay;
  }
}

// When the first request came that is about this data and was not cancelled in time.
Wall SlowCalculator::RequestedAt(const std::string& service, int day, const std::vector<DiaryEntry>& diary,
                                 Wall now) const {
  std::map<std::string, Wall> requests;
  for (const DiaryEntry& e : diary) {
    const bool mine = e.only_service.empty() || e.only_service == service;
    if (e.what == DiaryEntry::kRequest && e.at <= now && mine && day <= DayAt(e.at)) requests[e.id] = e.at;
  }
  for (const DiaryEntry& e : diary) {
    const auto it = e.what == DiaryEntry::kCancelRequest && e.at <= now ? requests.find(e.about) : requests.end();
    const Wall cooling = policy_.service_levels().cooling_off_hours() * kWallHour;
    if (it != requests.end() && e.at >= it->second && e.at < it->second + cooling) requests.erase(it);
  }
  Wall first = kNever;
  for (const auto& [id, at] : requests) first = std::min(first, at);
  return first;
}

void SlowCalculator::ApplyHolds(const std::string& service, const std::vector<DiaryEntry>& diary, Wall now,
                                SecondOpinion* o) {
  std::vector<const DiaryEntry*> holds;
  for (const DiaryEntry& e : diary) {
    const bool mine = e.only_service.empty() || service == "ALL" || e.only_service == service;
    if (e.what == DiaryEntry::kHold && e.at <= now && mine) holds.push_back(&e);
  }
  std::sort(holds.begin(), holds.end(), [](const DiaryEntry* a, const DiaryEntry* b) { return a->at < b->at; });
  for (const DiaryEntry* hold : holds) {
    Wall released = kNever;
    for (const DiaryEntry& e : diary) {
      if (e.what == DiaryEntry::kRelease && e.about == hold->id && e.at <= now && e.at >= hold->at) {
        released = std::min(released, e.at);
      }
    }
    if (released == kNever) {
      o->held = true;
    } else if (o->deadline != kNever && hold->at < o->deadline) {
      o->deadline = std::max(o->deadline, Midnight(DayAt(released) + 2));
    }
  }
}

SecondOpinion SlowCalculator::Ask(const std::string& service, const std::vector<std::string>& services, int day,
                                  const std::vector<DiaryEntry>& diary, Wall now) const {
  const Ends ends = EndsOf(service, services, diary, now);
  SecondOpinion o;
  Events events = {Midnight(day + 1) - 1, kNever, kNever, kNever};
  ApplyRules(ends, events, &o);
  events.period_end = ends.paid_until;
  events.requested = RequestedAt(service, day, diary, now);
  ApplyRequests(policy_.categories(0), events, &o);
  ApplyHolds(service, diary, now, &o);
  if (o.held || o.deadline == kNever) o.due_from = kNever;
  if (o.held) o.deadline = kNever;
  return o;
}

}  // namespace rollcall

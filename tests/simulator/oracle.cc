#include "tests/simulator/oracle.h"

#include <algorithm>

namespace rollcall::simulator {
namespace {

constexpr Day kMinimumDays = 180;
constexpr Day kDaysAfterTheEnd = 30;
constexpr Second kCoolingOff = 72 * 3600;

bool Selects(const Scope& scope, const Fact& fact) {
  if (!scope.kinds.empty() && scope.kinds.count(fact.kind) == 0) return false;
  if (!scope.services.empty() && scope.services.count(fact.service) == 0) return false;
  if (fact.day < scope.from || fact.day > scope.to) return false;
  if (!scope.host.empty() && scope.host != fact.host) return false;
  return scope.name.empty() || scope.name == fact.name;
}

// What belongs to every service belongs to the one that is held.
bool Holds(Scope scope, const Fact& fact) {
  if (fact.service == kEveryService) scope.services.clear();
  return Selects(scope, fact);
}

}  // namespace

Second Oracle::EndOf(const std::string& subscription, Second now) const {
  Second ended = kNever;
  Second announced = kNever;
  const auto pass = [&](Second time) {
    if (announced > time) return;
    ended = announced;
    announced = kNever;
  };
  for (const Happening& h : happenings_) {
    if (h.at > now) break;
    if (h.subscription != subscription) continue;
    if (h.what != Happening::kEnds && h.what != Happening::kStays && h.what != Happening::kReturns) continue;
    pass(h.at);
    if (h.what == Happening::kEnds && ended == kNever) announced = h.effective;
    if (h.what == Happening::kStays) announced = kNever;
    if (h.what == Happening::kReturns) ended = announced = kNever;
  }
  pass(now);
  return ended;
}

Second Oracle::EndFor(const Fact& fact, Second now) const {
  if (fact.kind == DataKind::kSettings) return EndOf(kTheFeature, now);
  if (fact.service != kEveryService) return EndOf(fact.service, now);
  Second last = kAlways;
  for (const std::string& service : services_) last = std::max(last, EndOf(service, now));
  return last;
}

bool Oracle::IsTakenBack(const Happening& request, Second now) const {
  return std::any_of(happenings_.begin(), happenings_.end(), [&](const Happening& h) {
    return h.what == Happening::kTakenBack && h.about == request.id && h.at <= now && h.at < request.at + kCoolingOff;
  });
}

Second Oracle::FirstRequest(const Fact& fact, Second now, Second parts_since) const {
  for (const Happening& h : happenings_) {
    if (h.at > now) break;
    if (h.what != Happening::kRequested || !Selects(h.scope, fact)) continue;
    if (h.scope.OfAPart() && h.at < parts_since) continue;
    // What was observed later is not what the customer spoke of.
    if (fact.day > DayAt(h.at) || IsTakenBack(h, now)) continue;
    return h.at;
  }
  return kNever;
}

bool Oracle::InRequestedPart(const Fact& fact, Second now) const {
  return std::any_of(happenings_.begin(), happenings_.end(), [&](const Happening& h) {
    return h.what == Happening::kRequested && h.at <= now && h.scope.OfAPart() && Selects(h.scope, fact) &&
           fact.day <= DayAt(h.at) && !IsTakenBack(h, now);
  });
}

std::vector<Oracle::Hold> Oracle::HoldsOn(const Fact& fact, Second now) const {
  std::vector<Hold> holds;
  for (const Happening& h : happenings_) {
    if (h.what != Happening::kHeld || h.at > now || !Holds(h.scope, fact)) continue;
    Second released = kNever;
    for (const Happening& r : happenings_) {
      if (r.what == Happening::kReleased && r.about == h.id && r.at <= now) released = r.at;
    }
    holds.push_back({h.at, released});
  }
  return holds;
}

Second Oracle::LastReleased(const Fact& fact, Second now) const {
  Second last = kAlways;
  for (const Hold& hold : HoldsOn(fact, now)) {
    if (hold.released != kNever) last = std::max(last, hold.released);
  }
  return last;
}

// R3, R5.
void Oracle::AfterTheEnd(const Fact& fact, Second end, Verdict* verdict) const {
  const Day last_day = fact.kind == DataKind::kAssets ? std::max(DayAt(end) + kDaysAfterTheEnd, fact.day + kMinimumDays)
                                                      : OneMonthLater(DayAt(end));
  verdict->ended = true;
  verdict->not_before = verdict->due_from = StartOf(last_day + 1);
  verdict->deadline = StartOf(last_day + 2);
}

// R4, R7; what the end allows earlier stays allowed.
void Oracle::AfterARequest(const Fact& fact, Second requested, Verdict* verdict) const {
  Second not_before = requested;
  Second deadline = StartOf(calendar_.ThirtiethAfter(DayAt(requested)) + 1);
  if (fact.kind == DataKind::kAssets) {
    not_before = std::max(requested, StartOf(fact.day + kMinimumDays + 1));
    deadline = std::max(deadline, StartOf(fact.day + kMinimumDays + 2));
  }
  verdict->not_before = std::min(verdict->not_before, not_before);
  verdict->due_from = std::min(verdict->due_from, std::max(not_before, requested + kCoolingOff));
  verdict->deadline = std::min(verdict->deadline, deadline);
}

// R6. In the order they were placed in, which is that of the happenings.
void Oracle::UnderHolds(const std::vector<Hold>& holds, Second now, Verdict* verdict) {
  for (const Hold& hold : holds) {
    if (hold.released > now) {
      verdict->held = true;
    } else if (verdict->deadline != kNever && hold.placed < verdict->deadline) {
      verdict->deadline = std::max(verdict->deadline, StartOf(DayAt(hold.released) + 2));
    }
  }
}

Verdict Oracle::Ask(const Fact& fact, Second now, Second parts_since) const {
  Verdict verdict;
  if (const Second end = EndFor(fact, now); end != kNever) AfterTheEnd(fact, end, &verdict);
  if (const Second requested = FirstRequest(fact, now, parts_since); requested != kNever) {
    AfterARequest(fact, requested, &verdict);
  }
  UnderHolds(HoldsOn(fact, now), now, &verdict);
  return verdict;
}

}  // namespace rollcall::simulator

#include "tests/simulator/history.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace rollcall::simulator {
namespace {

constexpr Second kHour = 3600;
constexpr size_t kMostAnnouncedDays = 40;

// What the maker knows of a subscription: it makes nothing up that could not happen.
struct SubscriptionOf {
  std::string name;
  std::optional<Second> announced;
  bool ended = false;
  // Days between two ends, and until a return, on average.
  int64_t runs_for = 200;
  int64_t away_for = 60;
};

struct StandingHold {
  std::string id;
};

struct StandingRequest {
  std::string id;
  Second at;
};

class Maker {
 public:
  explicit Maker(const HistoryOptions& options)
      : options_(options), dice_(options.seed * 1'000'003 + static_cast<uint64_t>(options.tenant)) {
    subscriptions_ = {
        {kFirstService, {}, false, 200, 50}, {kSecondService, {}, false, 260, 70}, {kTheFeature, {}, false, 250, 40}};
  }

  History Make() {
    history_.first_day = NumberOf({2021, 1, 1}) + dice_.Below(1000);
    const Day days = static_cast<Day>(options_.years * 365.25);
    // What the last 181 days want is part of the time.
    history_.ended_on = history_.first_day + std::max<Day>(days - 186, 20);
    history_.last_day = history_.ended_on + 184;
    for (today_ = history_.first_day; today_ < history_.ended_on; ++today_) LiveADay();
    today_ = history_.ended_on;
    EndEverything();
    return std::move(history_);
  }

 private:
  // Incidents of a day are at its working hours, one after the other.
  Second Next() { return clock_ = std::max(clock_ + dice_.Between(1, 900), StartOf(today_) + 9 * kHour); }

  Incident* Add(Incident::Kind kind) {
    Incident incident;
    incident.kind = kind;
    incident.at = Next();
    incident.day = today_;
    history_.incidents.push_back(std::move(incident));
    return &history_.incidents.back();
  }

  Happening* Tell(Happening::What what, const std::string& name) {
    Incident* incident = Add(Incident::kHappening);
    incident->happening.what = what;
    incident->happening.at = incident->at;
    incident->happening.id = absl::StrCat(name, " ", ++ids_);
    return &incident->happening;
  }

  void LiveADay() {
    for (SubscriptionOf& subscription : subscriptions_) Subscribe(&subscription);
    for (size_t agent = 0; agent < Agents().size(); ++agent) Collect(agent);
    Orders();
    Troubles();
  }

  void Subscribe(SubscriptionOf* s) {
    if (s->announced.has_value() && *s->announced < StartOf(today_)) {
      s->announced.reset();
      s->ended = true;
      RenewSets();
    }
    if (s->ended) {
      if (!dice_.OnceIn(s->away_for)) return;
      Tell(Happening::kReturns, "return")->subscription = s->name;
      last_return_[s->name] = clock_;
      s->ended = false;
      return;
    }
    if (!s->announced.has_value()) {
      if (dice_.OnceIn(s->runs_for)) Announce(s, false);
    } else if (*s->announced > StartOf(today_ + 1)) {
      if (dice_.OnceIn(20)) {
        Announce(s, true);
      } else if (dice_.OnceIn(30)) {
        Tell(Happening::kStays, "stay")->subscription = s->name;
        s->announced.reset();
      }
    }
  }

  void Announce(SubscriptionOf* s, bool moves) {
    Happening* end = Tell(Happening::kEnds, moves ? "moved end" : "end");
    end->subscription = s->name;
    // Some are reported late. Not before the tenant is there, nor on a day that another end was undone on.
    const Second earliest = std::max(last_return_[s->name] + 1, StartOf(history_.first_day + 1));
    end->effective = dice_.OnceIn(5)
                         ? end->at - dice_.Between(0, 5) * kDaySeconds - dice_.Between(1, 5000)
                         : end->at + dice_.Between(0, kMostAnnouncedDays) * kDaySeconds + dice_.Between(1, 50'000);
    end->effective = std::max(end->effective, earliest);
    s->announced = end->effective;
    history_.incidents.back().moves = moves;
  }

  bool Runs(const AgentOfHistory& agent) const {
    bool any = false;
    for (const SubscriptionOf& s : subscriptions_) {
      // Until the end of its last day.
      if (agent.kind == DataKind::kSettings && s.name == kTheFeature) return !s.ended;
      if (agent.kind == DataKind::kAssets && s.name == agent.service) return !s.ended;
      any = any || (!s.name.empty() && !s.ended);
    }
    return any;
  }

  std::vector<std::string> NewNames(const std::string& agent, int64_t count) {
    std::vector<std::string> names;
    for (; count > 0; --count) names.push_back(absl::StrCat(agent, "/", ++ids_));
    return names;
  }

  void Collect(size_t index) {
    const AgentOfHistory& agent = Agents()[index];
    if (gone_.count(index) > 0) return;
    if (!Runs(agent)) {
      // An agent that was offline, or was not told: what it has is some days old.
      if (dice_.OnceIn(80)) Found(index, NewNames(agent.id, 1), today_ - dice_.Between(1, 6));
      return;
    }
    if (agent.finds_all) {
      if (dice_.OnceIn(14)) FindAll(index);
      return;
    }
    if (dice_.OnceIn(28)) Found(index, NewNames(agent.id, dice_.Between(1, 3)), today_);
    if (dice_.OnceIn(90)) Found(index, NewNames(agent.id, 1), today_ - dice_.Between(1, 6));
    if (index == kHostThatGoes && today_ > history_.first_day + 100 && dice_.OnceIn(300)) {
      Add(Incident::kHostGone)->agent = index;
      gone_.insert(index);
    }
  }

  void Found(size_t agent, std::vector<std::string> names, Day day) {
    if (day < history_.first_day) return;
    Incident* incident = Add(Incident::kFound);
    incident->agent = agent;
    incident->names = std::move(names);
    incident->day = day;
    for (const std::string& name : incident->names) found_.push_back({name, agent});
  }

  // The set of before, with changes.
  void FindAll(size_t index) {
    std::vector<std::string>& set = sets_[index];
    if (!set.empty() && dice_.OnceIn(3)) set.erase(set.begin() + dice_.Below(static_cast<int64_t>(set.size())));
    if (set.size() < 3 || dice_.OnceIn(3)) {
      for (std::string& name : NewNames(Agents()[index].id, 1)) set.push_back(std::move(name));
    }
    Found(index, set, today_);
  }

  // What was archived is not found again under its old name: the store would have two versions of it.
  void RenewSets() { sets_.clear(); }

  Scope AnyScope(bool of_a_request) {
    Scope scope;
    if (dice_.OnceIn(2)) scope.kinds.insert(dice_.OnceIn(2) ? DataKind::kAssets : DataKind::kSettings);
    if (dice_.OnceIn(2)) {
      const std::vector<std::string> services = {kFirstService, kSecondService, kEveryService};
      scope.services.insert(services[static_cast<size_t>(dice_.Below(3))]);
    }
    if (dice_.OnceIn(3)) {
      scope.to = today_ - dice_.Between(0, 60);
      scope.from = scope.to - dice_.Between(0, 120);
    }
    if (!of_a_request || found_.empty() || dice_.OnceIn(3)) return scope;
    const auto& [name, agent] = found_[static_cast<size_t>(dice_.Below(static_cast<int64_t>(found_.size())))];
    if (dice_.OnceIn(2)) {
      scope.host = Agents()[agent].id;
    } else {
      scope.name = name;
    }
    return scope;
  }

  void Orders() {
    if (dice_.OnceIn(110)) {
      Happening* hold = Tell(Happening::kHeld, "hold");
      hold->scope = AnyScope(false);
      holds_.push_back({hold->id});
    } else if (!holds_.empty() && dice_.OnceIn(25)) {
      Tell(Happening::kReleased, "release")->about = holds_.back().id;
      holds_.pop_back();
    }
    if (dice_.OnceIn(90)) {
      Happening* request = Tell(Happening::kRequested, "request");
      request->scope = AnyScope(true);
      requests_.push_back({request->id, request->at});
    } else if (!requests_.empty() && today_ - DayAt(requests_.back().at) < 3 && dice_.OnceIn(5)) {
      Tell(Happening::kTakenBack, "taken back")->about = requests_.back().id;
      requests_.pop_back();
    }
  }

  void Troubles() {
    if (options_.with_copies) {
      if (today_ % 10 == 0) Add(Incident::kCopyTaken), copied_ = true;
      if (copied_ && dice_.OnceIn(200)) Add(Incident::kCopyComesBack);
    }
    if (today_ < off_until_) return;
    if (dice_.OnceIn(120)) {
      Incident* off = Add(Incident::kEngineOff);
      off->days = dice_.Between(1, 5);
      off_until_ = today_ + off->days + 1;
    }
    if (dice_.OnceIn(150)) Add(Incident::kClockAhead)->days = dice_.OnceIn(2) ? 400 : -30;
    if (dice_.OnceIn(150)) Add(Incident::kClockAlone);
    if (dice_.OnceIn(50)) Add(Incident::kArchiveGarbles)->days = dice_.Between(1, 4);
  }

  void EndEverything() {
    for (const StandingHold& hold : holds_) Tell(Happening::kReleased, "release")->about = hold.id;
    for (SubscriptionOf& s : subscriptions_) {
      if (s.ended) continue;
      // Too near to be moved: it comes by itself.
      if (s.announced.has_value() && *s.announced <= clock_ + kHour) continue;
      Happening* end = Tell(Happening::kEnds, s.announced.has_value() ? "last moved end" : "last end");
      end->subscription = s.name;
      end->effective = end->at;
      history_.incidents.back().moves = s.announced.has_value();
    }
  }

  static constexpr size_t kHostThatGoes = 1;

  const HistoryOptions options_;
  Dice dice_;
  History history_;
  Day today_ = 0;
  Second clock_ = 0;
  int ids_ = 0;
  std::vector<SubscriptionOf> subscriptions_;
  std::map<std::string, Second> last_return_;
  std::vector<StandingHold> holds_;
  std::vector<StandingRequest> requests_;
  std::map<size_t, std::vector<std::string>> sets_;
  std::set<size_t> gone_;
  // Each with its agent.
  std::vector<std::pair<std::string, size_t>> found_;
  bool copied_ = false;
  Day off_until_ = 0;
};

std::string ScopeText(const Scope& scope) {
  std::string text = " of";
  for (const DataKind kind : scope.kinds) absl::StrAppend(&text, kind == DataKind::kAssets ? " assets" : " settings");
  for (const std::string& service : scope.services) absl::StrAppend(&text, " ", service);
  if (scope.from > 0) absl::StrAppend(&text, " from ", TextOf(scope.from), " to ", TextOf(scope.to));
  if (!scope.host.empty()) absl::StrAppend(&text, " host ", scope.host);
  if (!scope.name.empty()) absl::StrAppend(&text, " record ", scope.name);
  return text == " of" ? " of everything" : text;
}

std::string HappeningText(const Happening& h) {
  const std::string subject = h.subscription.empty() ? "the feature" : h.subscription;
  switch (h.what) {
    case Happening::kEnds:
      return absl::StrCat(": ", subject, " ends on ", TextOf(DayAt(h.effective)), " at ", h.effective % kDaySeconds,
                          " s");
    case Happening::kStays:
    case Happening::kReturns:
      return absl::StrCat(": ", subject);
    case Happening::kHeld:
    case Happening::kRequested:
      return ScopeText(h.scope);
    case Happening::kReleased:
    case Happening::kTakenBack:
      return absl::StrCat(" of ", h.about);
  }
  return "";
}

}  // namespace

const std::vector<AgentOfHistory>& Agents() {
  static const std::vector<AgentOfHistory>* const agents = new std::vector<AgentOfHistory>{
      {"agent-1", DataKind::kAssets, kFirstService, false},  {"agent-2", DataKind::kAssets, kFirstService, false},
      {"agent-3", DataKind::kAssets, kFirstService, true},   {"agent-4", DataKind::kAssets, kSecondService, false},
      {"registry", DataKind::kAssets, kEveryService, false}, {"console", DataKind::kSettings, kEveryService, false},
  };
  return *agents;
}

std::string TextOf(const Incident& incident) {
  const std::string when =
      absl::StrFormat("%s %02d:%02d:%02d ", TextOf(DayAt(incident.at)), incident.at % kDaySeconds / kHour,
                      incident.at % kHour / 60, incident.at % 60);
  switch (incident.kind) {
    case Incident::kFound:
      return absl::StrCat(when, Agents()[incident.agent].id, " found ", absl::StrJoin(incident.names, " "),
                          incident.day == DayAt(incident.at) ? "" : absl::StrCat(" on ", TextOf(incident.day)));
    case Incident::kHostGone:
      return absl::StrCat(when, Agents()[incident.agent].id, " is decommissioned");
    case Incident::kHappening:
      return absl::StrCat(when, incident.happening.id, HappeningText(incident.happening));
    case Incident::kCopyTaken:
      return absl::StrCat(when, "the store is copied");
    case Incident::kCopyComesBack:
      return absl::StrCat(when, "the store is the copy again");
    case Incident::kEngineOff:
      return absl::StrCat(when, "the engine is off for ", incident.days, " days");
    case Incident::kClockAhead:
      return absl::StrCat(when, "the clock is ", incident.days, " days ahead for a tick");
    case Incident::kClockAlone:
      return absl::StrCat(when, "the clock is not synchronised for a tick");
    case Incident::kArchiveGarbles:
      return absl::StrCat(when, "the archive garbles ", incident.days, " files");
  }
  return when;
}

History MakeHistory(const HistoryOptions& options) { return Maker(options).Make(); }

}  // namespace rollcall::simulator

#include "tests/simulator/life.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "tests/simulator/calendar_file.h"

namespace rollcall::simulator {
namespace {

// Ticks of a day: soon after it begins, and when what happens on it has happened.
constexpr Second kMorning = 20 * 60;
constexpr Second kEvening = 20 * 3600;
// As long as nothing happens and nothing falls due, the engine is asked every few days only.
constexpr Day kQuietDays = 4;

class Living {
 public:
  Living(const LifeOptions& options, History history, std::unique_ptr<Oracle> oracle,
         std::unique_ptr<SimulatedBackend> backend)
      : options_(options),
        history_(std::move(history)),
        oracle_(std::move(oracle)),
        backend_(std::move(backend)),
        judge_(oracle_.get(), backend_.get()) {}

  absl::Status Live() {
    for (Day day = history_.first_day; day <= history_.last_day; ++day) {
      ROLLCALL_RETURN_IF_ERROR(LiveADay(day));
      if (options_.stop_at_first && !judge_.violations().empty()) return absl::OkStatus();
    }
    ROLLCALL_ASSIGN_OR_RETURN(const Sight sight, backend_->Look(true));
    return judge_.AtTheEnd(sight, backend_->now());
  }

  Life Tell() {
    life_.judged = judge_.judged();
    life_.broken = backend_->broken();
    life_.ticks = backend_->ticks();
    life_.looked_at = backend_->acknowledged();
    life_.violations = judge_.violations();
    return std::move(life_);
  }

 private:
  absl::Status LiveADay(Day day) {
    ++life_.days;
    const size_t first = next_;
    while (next_ < history_.incidents.size() && DayAt(history_.incidents[next_].at) == day) ++next_;
    const bool off = day < off_until_;
    const bool asked = !off && (next_ > first || FallsDue(day) || !able_ || day - settled_on_ >= kQuietDays);
    if (asked && settled_on_ < day) ROLLCALL_RETURN_IF_ERROR(Settle(StartOf(day) + kMorning));
    for (size_t i = first; i < next_; ++i) ROLLCALL_RETURN_IF_ERROR(Happen(history_.incidents[i]));
    if (day < off_until_ || next_ == first) return absl::OkStatus();
    return Settle(StartOf(day) + kEvening);
  }

  // Whether anything changes for a record on the day, or did on the day before.
  bool FallsDue(Day day) const {
    return std::any_of(changes_.begin(), changes_.end(),
                       [&](Second change) { return DayAt(change) == day || DayAt(change) == day - 1; });
  }

  absl::Status Settle(Second at) {
    backend_->GoTo(at);
    judge_.BeforeSettling(backend_->now());
    ROLLCALL_ASSIGN_OR_RETURN(const Settled settled, backend_->Settle());
    able_ = settled.able;
    settled_on_ = DayAt(at);
    Add(settled.sum);
    if (!settled.sum.failed.empty()) Note("not done", settled.sum.failed);
    if (!settled.sum.refused.empty()) Note("refused", settled.sum.refused);
    if (told_ && able_) {
      told_ = false;
      ROLLCALL_RETURN_IF_ERROR(backend_->LetAStaleEngineTry());
    }
    ROLLCALL_ASSIGN_OR_RETURN(const Sight sight, backend_->Look());
    ROLLCALL_RETURN_IF_ERROR(judge_.AfterSettling(sight, backend_->now(), able_));
    changes_ = judge_.Changes(backend_->now());
    return absl::OkStatus();
  }

  void Add(const TickReport& report) {
    life_.engine.archived += report.archived;
    life_.engine.emptied += report.emptied;
    life_.engine.restored += report.restored;
    life_.engine.parts_erased += report.parts_erased;
    life_.engine.purged += report.purged;
    life_.engine.late_archived += report.late_archived;
    life_.engine.late_purged += report.late_purged;
    life_.engine.rows_deleted += report.rows_deleted;
  }

  void Note(const std::string& what, const std::vector<BucketNote>& notes) {
    life_.diary.push_back(absl::StrCat("  ", what, ": ", notes.size(), ", first ", notes[0].action, " ",
                                       notes[0].bucket.has_value() ? DayText(notes[0].bucket->collected_day) : "", ": ",
                                       notes[0].status.message()));
  }

  static std::string DayText(absl::CivilDay day) { return absl::FormatCivilTime(day); }

  absl::Status Happen(const Incident& incident) {
    backend_->GoTo(incident.at);
    life_.diary.push_back(TextOf(incident));
    switch (incident.kind) {
      case Incident::kFound:
        return Find(incident);
      case Incident::kHostGone:
        return backend_->DecommissionHost(absl::StrCat("gone ", incident.at), Agents()[incident.agent].id);
      case Incident::kHappening:
        oracle_->Tell(incident.happening);
        told_ = true;
        return backend_->Tell(incident);
      case Incident::kCopyTaken:
        copied_at_ = incident.at;
        return backend_->TakeCopy();
      case Incident::kCopyComesBack:
        return BringCopyBack(incident.at);
      case Incident::kEngineOff:
        off_until_ = DayAt(incident.at) + incident.days + 1;
        return absl::OkStatus();
      case Incident::kClockAhead:
        return TickWithClock(incident.days, true);
      case Incident::kClockAlone:
        return TickWithClock(0, false);
      case Incident::kArchiveGarbles:
        backend_->Garble(incident.days);
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status Find(const Incident& incident) {
    const AgentOfHistory& agent = Agents()[incident.agent];
    // Where all is found anew, the store would begin what it has moved to the archive a second time.
    const bool all = agent.finds_all && incident.day == DayAt(incident.at);
    if (all && oracle_->EndOf(agent.service, incident.at) != kNever) {
      life_.diary.back() += ", and is not listened to";
      return absl::OkStatus();
    }
    for (const std::string& name : incident.names) judge_.Found(agent, name, incident.day, incident.at);
    return backend_->Find(incident);
  }

  absl::Status BringCopyBack(Second now) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool back, backend_->BringCopyBack());
    if (!back) return absl::OkStatus();
    ROLLCALL_ASSIGN_OR_RETURN(const Sight sight, backend_->Look(true));
    judge_.CopyCameBack(sight, copied_at_, now);
    return absl::OkStatus();
  }

  absl::Status TickWithClock(int64_t days_ahead, bool synchronised) {
    ROLLCALL_RETURN_IF_ERROR(backend_->TickWithClock(days_ahead, synchronised));
    ROLLCALL_ASSIGN_OR_RETURN(const Sight sight, backend_->Look());
    return judge_.AfterSettling(sight, backend_->now(), false);
  }

  const LifeOptions options_;
  const History history_;
  const std::unique_ptr<Oracle> oracle_;
  const std::unique_ptr<SimulatedBackend> backend_;
  Judge judge_;
  Life life_;
  size_t next_ = 0;
  Day off_until_ = 0;
  Day settled_on_ = 0;
  Second copied_at_ = 0;
  bool able_ = true;
  bool told_ = false;
  std::vector<Second> changes_;
};

}  // namespace

absl::StatusOr<Life> LiveThrough(const LifeOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(const v1::WorkingDayCalendar calendar, LoadCalendarFile());
  History history = MakeHistory(options.history);
  SimulatedBackend::Options backend;
  backend.bug = options.bug;
  backend.seed = options.history.seed * 7919 + static_cast<uint64_t>(options.history.tenant);
  backend.crash_percent = options.crash_percent;
  backend.start = StartOf(history.first_day) + 1;
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<SimulatedBackend> simulated, SimulatedBackend::Make(backend));
  Living living(options, std::move(history),
                std::make_unique<Oracle>(WorkedDays(calendar), std::vector<std::string>{kFirstService, kSecondService}),
                std::move(simulated));
  const absl::Status lived = living.Live();
  Life life = living.Tell();
  if (lived.ok()) return life;
  return absl::Status(lived.code(),
                      absl::StrCat(lived.message(), "; after: ", life.diary.empty() ? "nothing" : life.diary.back()));
}

}  // namespace rollcall::simulator

#include "agent/watch/process_tracker.h"

#include <algorithm>
#include <utility>

namespace rollcall {

void ProcessTracker::Add(const ProcessEvent& event, absl::Duration now, absl::Time wall) {
  const auto known = processes_.find(event.pid);
  if (event.type == ProcessEvent::Type::kExit) {
    if (known == processes_.end()) return;
    Process& process = known->second;
    if (event.at - process.started_at >= limits_.min_life) {
      if (process.sighting.has_value()) {
        Tell(&process, wall, event.wait_status);
      } else {
        // One that was due and still waits was left out for want of time.
        const bool late = process.look_at <= now && looks_in_second_ >= limits_.looks_per_second;
        ++(process.skipped || late ? report_.skipped : report_.missed);
      }
    }
    Erase(known);
    return;
  }
  if (event.type == ProcessEvent::Type::kFork) ++starts_;
  Process* process = known == processes_.end() ? Begin(event) : &known->second;
  if (process == nullptr) return;
  if (event.type == ProcessEvent::Type::kFork && known != processes_.end()) {
    // The pid is used again, so the kernel has dropped the end of the last who had it.
    Tell(process, wall, std::nullopt);
    *process = Process{.started_at = event.at};
  }
  PlanLook(event.pid, process, now + limits_.settle);
}

ProcessTracker::Process* ProcessTracker::Begin(const ProcessEvent& event) {
  if (processes_.size() >= limits_.max_waiting) {
    ++report_.skipped;
    return nullptr;
  }
  return &processes_.emplace(event.pid, Process{.started_at = event.at}).first->second;
}

void ProcessTracker::PlanLook(uint32_t pid, Process* process, absl::Duration at) {
  // One that waits already is looked at as planned: each process has one place in the queue.
  if (process->look_at != absl::InfiniteDuration()) return;
  process->look_at = at;
  looks_.emplace_back(at, pid);
}

void ProcessTracker::EventsLost(absl::Duration now) {
  for (auto& [pid, process] : processes_) {
    process.doubtful = true;
    PlanLook(pid, &process, now);
  }
}

bool ProcessTracker::HasTimeToLook(absl::Duration now) {
  if (now - second_ >= absl::Seconds(1)) {
    second_ = now;
    looks_in_second_ = 0;
  }
  return looks_in_second_ < limits_.looks_per_second;
}

std::vector<uint32_t> ProcessTracker::DueLooks(absl::Duration now) {
  std::vector<uint32_t> due;
  while (!looks_.empty() && looks_.front().first <= now) {
    const auto [at, pid] = looks_.front();
    const auto found = processes_.find(pid);
    if (found == processes_.end() || found->second.look_at != at) {
      looks_.pop_front();
      continue;
    }
    Process& process = found->second;
    const bool has_room = process.sighting.has_value() || Remembered() + due.size() < limits_.max_sightings;
    // Those that wait for the next second mostly end before, and then cost nothing.
    if (has_room && !HasTimeToLook(now)) break;
    looks_.pop_front();
    process.look_at = absl::InfiniteDuration();
    process.looking = has_room;
    process.skipped = !has_room;
    if (has_room) {
      ++looks_in_second_;
      due.push_back(pid);
    } else {
      run_wanted_ = true;
    }
  }
  return due;
}

void ProcessTracker::Seen(ProcessSighting sighting, absl::Duration now, absl::Time wall) {
  const auto found = processes_.find(sighting.pid);
  if (found == processes_.end()) return;
  Process& process = found->second;
  if (process.sighting.has_value() && process.sighting->start_ticks != sighting.start_ticks) {
    Tell(&process, wall, std::nullopt);
  }
  if (!process.sighting.has_value()) {
    ++live_sightings_;
    long_lives_.emplace_back(now + limits_.long_life, sighting.pid);
  }
  process.doubtful = false;
  process.looking = false;
  process.sighting = std::move(sighting);
  if (Remembered() * 4 >= limits_.max_sightings * 3) run_wanted_ = true;
}

void ProcessTracker::Gone(uint32_t pid, absl::Time wall) {
  const auto found = processes_.find(pid);
  if (found == processes_.end()) return;
  found->second.looking = false;
  // Otherwise its end will be told, and with it how long it lived.
  if (!found->second.doubtful) return;
  Tell(&found->second, wall, std::nullopt);
  Erase(found);
}

void ProcessTracker::Tell(Process* process, absl::Time wall, std::optional<uint32_t> wait_status) {
  if (!process->sighting.has_value()) return;
  report_.ended.push_back({*std::move(process->sighting), wall, wait_status});
  process->sighting.reset();
  --live_sightings_;
}

void ProcessTracker::Erase(Processes::iterator process) {
  if (process->second.sighting.has_value()) --live_sightings_;
  processes_.erase(process);
}

bool ProcessTracker::WantsRun(absl::Duration now) {
  while (!long_lives_.empty() && long_lives_.front().first <= now) {
    const auto found = processes_.find(long_lives_.front().second);
    long_lives_.pop_front();
    if (found != processes_.end() && found->second.sighting.has_value()) run_wanted_ = true;
  }
  if (!run_wanted_ || now - last_run_wanted_ < limits_.run_every) return false;
  run_wanted_ = false;
  last_run_wanted_ = now;
  return true;
}

absl::Duration ProcessTracker::NextWake() const {
  absl::Duration next = run_wanted_ ? last_run_wanted_ + limits_.run_every : absl::InfiniteDuration();
  if (!looks_.empty()) {
    const bool no_time = looks_in_second_ >= limits_.looks_per_second;
    next = std::min(next, no_time ? std::max(looks_.front().first, second_ + absl::Seconds(1)) : looks_.front().first);
  }
  if (!long_lives_.empty()) next = std::min(next, long_lives_.front().first);
  return next;
}

ProcessEventReport ProcessTracker::Take(const ProcessEvents::Known& known) {
  const auto is_known = [&known](const ProcessSighting& sighting) { return known(sighting.pid, sighting.start_ticks); };
  for (auto process = processes_.begin(); process != processes_.end();) {
    const auto here = process++;
    const Process& what = here->second;
    // What nobody will look at either was there for the scan, or is no process.
    const bool nobody_looks = !what.looking && what.look_at == absl::InfiniteDuration();
    if (what.sighting.has_value() ? is_known(*what.sighting) : nobody_looks) Erase(here);
  }
  run_wanted_ = false;
  ProcessEventReport report = std::exchange(report_, {});
  std::erase_if(report.ended, [&](const EndedProcess& ended) { return is_known(ended.sighting); });
  return report;
}

}  // namespace rollcall

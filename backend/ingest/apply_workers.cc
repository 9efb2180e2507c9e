#include "backend/ingest/apply_workers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "backend/ingest/apply_group.h"
#include "proto/record_identity.h"

namespace rollcall {

struct ApplyWorkers::Shard {
  size_t index = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> queue;
  // Waiting and being worked on.
  size_t bytes = 0;
  bool busy = false;
  bool closed = false;
  std::vector<std::function<void()>> waiting;
  std::thread thread;
};

ApplyWorkers::ApplyWorkers(Store* store, const Clock* clock, Logger* logger, IngestObserver* observer, Options options)
    : store_(store),
      clock_(clock),
      logger_(logger),
      observer_(observer),
      options_(options),
      redactor_(options.second_redaction ? std::make_unique<SecondRedactor>() : nullptr) {
  for (size_t i = 0; i < std::max<size_t>(1, options_.threads); ++i) {
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->index = i;
  }
  for (auto& shard : shards_) shard->thread = std::thread([this, &shard] { RunShard(*shard); });
}

ApplyWorkers::~ApplyWorkers() { Drain(absl::Seconds(1)); }

ApplyWorkers::Shard& ApplyWorkers::ShardOf(const AgentName& agent) {
  return *shards_[absl::HashOf(agent.tenant, agent.agent_id) % shards_.size()];
}

bool ApplyWorkers::Enqueue(Job* job, std::function<void()> room) {
  Shard& shard = ShardOf(job->agent);
  size_t bytes = 0;
  {
    const std::lock_guard lock(shard.mutex);
    if (shard.closed) return false;
    if (shard.bytes > 0 && shard.bytes + job->bytes > options_.queue_bytes) {
      shard.waiting.push_back(std::move(room));
      return false;
    }
    shard.bytes += job->bytes;
    bytes = shard.bytes;
    shard.queue.push_back(std::move(*job));
  }
  shard.changed.notify_all();
  observer_->OnQueueBytes(shard.index, bytes);
  return true;
}

std::vector<Job> ApplyWorkers::TakeGroup(Shard& shard) {
  std::unique_lock lock(shard.mutex);
  shard.changed.wait(lock, [&] { return shard.closed || !shard.queue.empty(); });
  std::vector<Job> jobs;
  size_t bytes = 0;
  while (!shard.queue.empty() && jobs.size() < options_.group_batches && bytes < options_.group_bytes) {
    bytes += shard.queue.front().bytes;
    jobs.push_back(std::move(shard.queue.front()));
    shard.queue.pop_front();
  }
  shard.busy = !jobs.empty();
  return jobs;
}

void ApplyWorkers::RunShard(Shard& shard) {
  const auto retry = [this](const std::function<absl::Status()>& attempt) { return Retrying("apply group", attempt); };
  for (;;) {
    std::vector<Job> jobs = TakeGroup(shard);
    if (jobs.empty()) return;
    const auto new_group = [this] {
      return std::make_unique<ApplyGroup>(store_, clock_, logger_, observer_, redactor_.get(), options_.limits);
    };
    auto group = new_group();
    absl::Duration began = clock_->Monotonic();
    const auto commit = [&] {
      if (!group->empty()) group->Commit(retry);
      group = new_group();
      began = clock_->Monotonic();
    };
    for (Job& job : jobs) {
      if (const auto* batch = std::get_if<BatchJob>(&job.work)) {
        group->Add(job, *batch);
        const bool large = group->body_bytes() > options_.group_body_bytes;
        if (large || clock_->Monotonic() - began > options_.group_time) commit();
        continue;
      }
      // A Welcome must know what came before it.
      commit();
      if (const auto* hello = std::get_if<HelloJob>(&job.work)) Handle(*hello, *job.owner);
      if (const auto* contact = std::get_if<ContactJob>(&job.work)) Handle(*contact, *job.owner);
    }
    commit();
    Finish(shard, jobs);
  }
}

void ApplyWorkers::Finish(Shard& shard, std::vector<Job>& jobs) {
  for (const Job& job : jobs) job.owner->OnJobDone();
  std::vector<std::function<void()>> waiting;
  size_t bytes = 0;
  {
    const std::lock_guard lock(shard.mutex);
    for (const Job& job : jobs) shard.bytes -= job.bytes;
    bytes = shard.bytes;
    shard.busy = false;
    waiting.swap(shard.waiting);
  }
  jobs.clear();
  shard.changed.notify_all();
  observer_->OnQueueBytes(shard.index, bytes);
  for (const auto& room : waiting) room();
}

namespace {

Greeting GreetingOf(uint64_t epoch, const std::vector<UnitInfo>& units) {
  uint64_t latest = 0;
  for (const UnitInfo& unit : units) latest = std::max(latest, unit.epoch);
  if (units.empty()) return Greeting::kNew;
  if (epoch == latest) return Greeting::kContinued;
  return epoch > latest ? Greeting::kLaterLife : Greeting::kEarlierLife;
}

// The backend has seen a later run of this unit than its agent: the agent is a copy, or its state
// was put back. Under its present epoch its next runs would pass for those the backend has.
bool IsBehind(const PreparedConfirmation& confirmation, const UnitInfo& unit) {
  return std::pair(confirmation.epoch, confirmation.generation) < std::pair(unit.epoch, unit.generation);
}

}  // namespace

void ApplyWorkers::Handle(const HelloJob& hello, JobOwner& owner) {
  const AgentName& agent = hello.contact.agent;
  std::vector<UnitInfo> units;
  const absl::Status status = Retrying("greet agent", [&]() -> absl::Status {
    absl::StatusOr<bool> enrolled = store_->IsEnrolled(agent);
    if (!enrolled.ok()) return enrolled.status();
    if (!*enrolled) return absl::NotFoundError("not enrolled");
    if (absl::Status contact = store_->RecordContact(hello.contact); !contact.ok()) return contact;
    absl::StatusOr<std::vector<UnitInfo>> listed = store_->ListUnits(agent.tenant, agent.agent_id);
    if (!listed.ok()) return listed.status();
    units = *std::move(listed);
    return absl::OkStatus();
  });
  if (status.ok()) {
    observer_->OnGreeting(GreetingOf(hello.contact.epoch, units));
    owner.OnWelcome(std::move(units));
  } else if (absl::IsNotFound(status)) {
    owner.OnRefused(
        absl::PermissionDeniedError(absl::StrCat("open session: agent ", agent.agent_id, " is not enrolled in tenant ",
                                                 agent.tenant, "; run `rollcall-backend agent add` for it")));
  } else if (!absl::IsCancelled(status)) {
    logger_->Error("ingest.greeting_failed", "A session could not be opened", {{"error", status}});
    owner.OnRefused(absl::UnavailableError("open session: the backend's store failed; try again later"));
  }
}

void ApplyWorkers::Handle(const ContactJob& contact, JobOwner& owner) {
  absl::Status status;
  if (contact.record_contact) {
    status = Retrying("record contact", [&] { return store_->RecordContact(contact.contact); });
  }
  if (status.ok() && !contact.confirmations.empty()) status = Confirm(contact, owner);
  if (absl::IsNotFound(status)) {
    owner.OnRefused(absl::PermissionDeniedError("report: this agent is not enrolled any more"));
  } else if (!status.ok() && !absl::IsCancelled(status)) {
    logger_->Error("ingest.contact_failed", "A contact could not be recorded", {{"error", status}});
  }
}

absl::Status ApplyWorkers::Confirm(const ContactJob& contact, JobOwner& owner) {
  std::vector<bool> answers;
  const absl::Status status = Retrying("confirm units", [&]() -> absl::Status {
    absl::StatusOr<std::vector<bool>> confirmed =
        store_->ConfirmUnits(contact.contact.agent, contact.confirmations, contact.contact.at);
    if (!confirmed.ok()) return confirmed.status();
    answers = *std::move(confirmed);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  std::vector<PreparedConfirmation> refused;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) refused.push_back(contact.confirmations[i]);
  }
  return refused.empty() ? absl::OkStatus() : AskAgain(contact, refused, owner);
}

absl::Status ApplyWorkers::AskAgain(const ContactJob& contact, const std::vector<PreparedConfirmation>& refused,
                                    JobOwner& owner) {
  const AgentName& agent = contact.contact.agent;
  std::map<std::pair<std::string, std::string>, UnitInfo> held;
  const absl::Status status = Retrying("list units", [&]() -> absl::Status {
    absl::StatusOr<std::vector<UnitInfo>> listed = store_->ListUnits(agent.tenant, agent.agent_id);
    if (!listed.ok()) return listed.status();
    for (UnitInfo& unit : *listed) held[{unit.collector, ScopeText(unit.scope)}] = std::move(unit);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  for (const PreparedConfirmation& confirmation : refused) {
    pb::Resync resync;
    resync.set_collector(confirmation.collector);
    *resync.mutable_scope() = confirmation.scope;
    resync.set_cause(pb::Resync::UNCONFIRMED);
    resync.set_message("the backend holds another run or set than the one confirmed");
    const auto unit = held.find({confirmation.collector, ScopeText(confirmation.scope)});
    if (unit != held.end() && IsBehind(confirmation, unit->second)) {
      resync.set_cause(pb::Resync::EPOCH_BEHIND);
      resync.set_epoch(unit->second.epoch);
      resync.set_message("the backend has a later run of this unit than the one confirmed");
    }
    logger_->Info("ingest.resync", "A unit's complete set is needed",
                  {{"tenant", agent.tenant},
                   {"agent", agent.agent_id},
                   {"collector", confirmation.collector},
                   {"cause", pb::Resync::Cause_Name(resync.cause())}});
    observer_->OnResync(resync.cause());
    owner.OnResync(std::move(resync));
  }
  return absl::OkStatus();
}

absl::Status ApplyWorkers::Retrying(absl::string_view what, const std::function<absl::Status()>& attempt) {
  const StopToken stop = stop_.token();
  absl::Duration delay = options_.retry_first;
  for (;;) {
    const absl::Status status = attempt();
    // Damage is not the batch's fault either: somebody must look, and nothing may be lost.
    if (!absl::IsUnavailable(status) && !absl::IsDataLoss(status)) return status;
    observer_->OnStoreRetry();
    logger_->Warning("ingest.store_unavailable", "The store cannot be used; trying again",
                     {{"what", what}, {"error", status}, {"next_try_in", delay}});
    if (!clock_->WaitFor(delay, stop)) return absl::CancelledError("stopped while the store was unavailable");
    delay = std::min(delay * 2, options_.retry_last);
  }
}

bool ApplyWorkers::Drain(absl::Duration timeout) {
  const std::lock_guard drain_lock(drain_mutex_);
  if (drained_) return drained_clean_;
  drained_ = true;
  const absl::Duration deadline = clock_->Monotonic() + timeout;
  for (auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    shard->closed = true;
    shard->waiting.clear();
    shard->changed.notify_all();
  }
  for (auto& shard : shards_) {
    std::unique_lock lock(shard->mutex);
    const auto left = absl::ToChronoNanoseconds(deadline - clock_->Monotonic());
    const bool idle = shard->changed.wait_for(lock, left, [&] { return shard->queue.empty() && !shard->busy; });
    drained_clean_ = drained_clean_ && idle;
  }
  // Ends waits for an unavailable store; what is still queued then is not acknowledged.
  stop_.RequestStop();
  for (auto& shard : shards_) {
    if (shard->thread.joinable()) shard->thread.join();
  }
  return drained_clean_;
}

}  // namespace rollcall

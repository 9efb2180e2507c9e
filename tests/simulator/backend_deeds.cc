// What agents and people do to the simulated backend.
#include <algorithm>
#include <utility>

#include "platform/status_macros.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"
#include "tests/simulator/backend_names.h"

namespace rollcall::simulator {
namespace {

pb::Subscription SubscriptionOf(const std::string& name) {
  pb::Subscription subscription;
  if (name == kTheFeature) {
    subscription.set_feature(true);
  } else {
    subscription.set_hosting_service(name);
  }
  return subscription;
}

pb::Selector SelectorOf(const Scope& scope) {
  pb::Selector selector;
  for (const DataKind kind : scope.kinds) selector.add_categories(CategoryOf(kind));
  for (const std::string& service : scope.services) selector.add_hosting_services(service);
  if (scope.from > 0) selector.set_from_day(TextOf(scope.from));
  if (scope.from > 0) selector.set_to_day(TextOf(scope.to));
  if (!scope.host.empty()) selector.add_hosts(scope.host);
  if (!scope.name.empty()) {
    pb::FieldCondition* field = selector.add_fields();
    field->set_field("account.name");
    field->set_value(scope.name);
  }
  return selector;
}

absl::StatusOr<PreparedRecord> RecordNamed(const std::string& name, absl::Time at) {
  pb::Record record;
  record.mutable_account()->set_name(name);
  PreparedRecord prepared;
  prepared.kind = KindOf(record)->number;
  ROLLCALL_ASSIGN_OR_RETURN(const RecordIdentity identity, IdentityOf(record));
  prepared.asset_key = identity.asset_key;
  prepared.fingerprint = identity.fingerprint;
  prepared.collected_at = at;
  prepared.payload = record.SerializeAsString();
  return prepared;
}

}  // namespace

absl::Status SimulatedBackend::Find(const Incident& incident) {
  const AgentOfHistory& agent = Agents()[incident.agent];
  const BucketId bucket = {agent.kind, agent.service, incident.day};
  buckets_.insert(bucket);
  was_in_stores_.insert(bucket);
  // What comes late comes by itself.
  return Apply(incident, agent.finds_all && incident.day == DayAt(incident.at));
}

absl::Status SimulatedBackend::Apply(const Incident& incident, bool all) {
  const bool late = incident.day != DayAt(incident.at);
  const absl::Time collected = late ? At(StartOf(incident.day) + kDaySeconds / 2) : At(incident.at);
  PreparedBatch batch;
  batch.agent = {kTenantName, Agents()[incident.agent].id};
  batch.collector = all ? "all_accounts" : "accounts";
  batch.scope.set_type(pb::Scope::HOST);
  batch.epoch = 1;
  batch.generation = ++generation_;
  batch.last = true;
  batch.mode = all ? pb::FULL : pb::MERGE;
  batch.received_at = At(incident.at) + absl::Seconds(1);
  batch.run_result.set_status(all ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL);
  batch.run_result.set_collector_version("1.2.3");
  *batch.run_result.mutable_started_at() = ToWire(collected);
  batch.run_result.set_record_count(incident.names.size());
  for (const std::string& name : incident.names) {
    ROLLCALL_ASSIGN_OR_RETURN(PreparedRecord record, RecordNamed(name, collected));
    batch.after.Add(record.asset_key, record.fingerprint);
    batch.records.push_back(std::move(record));
  }
  std::sort(batch.records.begin(), batch.records.end(),
            [](const PreparedRecord& a, const PreparedRecord& b) { return a.asset_key < b.asset_key; });
  return sqlite_->ApplyGroup({batch}).status();
}

bool SimulatedBackend::Forgets(const Happening& happening) const {
  switch (happening.what) {
    case Happening::kEnds:
      return options_.bug == Bug::kEndIsForgotten;
    case Happening::kStays:
      return options_.bug == Bug::kStayIsForgotten;
    case Happening::kReturns:
      return options_.bug == Bug::kReturnIsForgotten;
    case Happening::kHeld:
      return options_.bug == Bug::kHoldIsForgotten;
    case Happening::kReleased:
      return options_.bug == Bug::kReleaseIsForgotten;
    case Happening::kRequested:
      return options_.bug == Bug::kRequestIsForgotten;
    case Happening::kTakenBack:
      return options_.bug == Bug::kTakenBackIsForgotten;
  }
  return false;
}

absl::Status SimulatedBackend::Tell(const Incident& incident) {
  if (Forgets(incident.happening)) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  ROLLCALL_ASSIGN_OR_RETURN(const TenantTimeline timeline, tenant.Timeline());
  epoch_before_ = timeline.epoch;
  const absl::Status told = Order(incident.happening, incident.moves);
  // What was forgotten makes other things impossible.
  return options_.bug == Bug::kNone ? told : absl::OkStatus();
}

absl::Status SimulatedBackend::Order(const Happening& happening, bool moves) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  const Caller ann = Person("ann", happening.id);
  const Caller bob = Person("bob", absl::StrCat(happening.id, " approved"));
  const pb::Subscription subscription = SubscriptionOf(happening.subscription);
  switch (happening.what) {
    case Happening::kEnds:
      if (moves) return tenant.ChangeTermination(ann, subscription, At(happening.effective)).status();
      return tenant.ScheduleTermination(ann, subscription, At(happening.effective)).status();
    case Happening::kStays:
      return tenant.CancelTermination(ann, subscription).status();
    case Happening::kReturns:
      return tenant.Resubscribe(ann, subscription, At(happening.at), epoch_before_).status();
    case Happening::kHeld:
      return Hold(happening);
    case Happening::kReleased:
      ROLLCALL_RETURN_IF_ERROR(tenant.AskRelease(ann, happening.about).status());
      return tenant.ApproveRelease(bob, happening.about).status();
    case Happening::kRequested:
      return tenant.RequestDeletion(ann, SelectorOf(happening.scope), "the customer asked").status();
    case Happening::kTakenBack:
      return tenant.CancelDeletion(ann, happening.about).status();
  }
  return absl::InternalError("tell what happened: it is nothing known");
}

absl::Status SimulatedBackend::Hold(const Happening& happening) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  pb::HoldPlaced hold;
  hold.set_legal_basis("court order 7");
  hold.set_review_by("2040-01-01");
  *hold.mutable_selector() = SelectorOf(happening.scope);
  ROLLCALL_RETURN_IF_ERROR(tenant.PlaceHold(Person("ann", happening.id), hold).status());
  return tenant.ApproveHold(Person("bob", absl::StrCat(happening.id, " approved")), happening.id).status();
}

absl::Status SimulatedBackend::DecommissionHost(const std::string& id, const std::string& agent) {
  ROLLCALL_ASSIGN_OR_RETURN(TenantLifecycle tenant, lifecycle_->Tenant(kTenantName));
  return tenant.DecommissionHost(Person("ann", id), agent, kFirstService).status();
}

}  // namespace rollcall::simulator

// The rows of one tenant. Every statement on a tenant's tables is here, and each is bound to the tenant the object was
// made for: no caller names a tenant, so none can name another's.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_TENANT_ROWS_H_
#define ROLLCALL_BACKEND_LIFECYCLE_TENANT_ROWS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/lifecycle/lifecycle_types.h"
#include "backend/store/sqlite/connection.h"
#include "rollcall/v1/lifecycle_operations.pb.h"

namespace rollcall {

// An answer with what was asked.
struct AnsweredRequest {
  std::string fingerprint;
  pb::OperationAnswer answer;
};

// A value over a connection that outlives it; to be used within one transaction. Not thread-safe.
class TenantRows {
 public:
  // NotFound if there is no such tenant.
  static absl::StatusOr<TenantRows> Find(Connection* db, absl::string_view tenant);

  const std::string& name() const { return name_; }
  const std::string& region() const { return region_; }
  absl::Time last_at() const { return last_at_; }
  // Moves last_at on.
  absl::Status SetLastAt(absl::Time at);

  // nullopt if the id is new.
  absl::StatusOr<std::optional<AnsweredRequest>> FindRequest(absl::string_view id);
  absl::Status InsertRequest(absl::string_view id, absl::string_view fingerprint, const pb::OperationAnswer& answer);

  absl::Status InsertService(absl::string_view name);
  absl::Status InsertEvent(const pb::LifecycleEvent& event, absl::Time at);
  // Services and events, in the order they became known; no buckets.
  absl::StatusOr<pb::TenantFacts> Facts();

  // All of them, by service, category and day.
  absl::StatusOr<std::vector<StoredBucket>> Buckets();
  // NotFound if it is not known.
  absl::StatusOr<StoredBucket> FindBucket(const BucketKey& key);
  // Inserts it, or writes what may change of it.
  absl::Status PutBucket(const StoredBucket& bucket);
  absl::Status InsertErased(const BucketKey& key, absl::string_view request);

  absl::StatusOr<std::vector<StoredHold>> Holds();
  // NotFound if there is none of that id.
  absl::StatusOr<StoredHold> FindHold(absl::string_view id);
  absl::Status PutHold(const StoredHold& hold);

  absl::Status InsertDeletion(absl::string_view request, absl::string_view reason);
  // NotFound if there is none of that id.
  absl::StatusOr<std::string> ReasonOfDeletion(absl::string_view request);
  absl::Status PutExport(absl::string_view request, const pb::ExportRequest& body);
  absl::StatusOr<pb::ExportRequest> FindExport(absl::string_view request);
  absl::StatusOr<std::vector<StoredExport>> Exports(bool open_only);

  // Appends an intent and gives it its number.
  absl::Status InsertIntent(StoredStep* step);
  absl::Status InsertEnd(const StoredStep& step, JournalPhase phase, absl::Time at, absl::string_view actor,
                         absl::string_view body);
  // The intent. NotFound if the tenant has no such step.
  absl::StatusOr<StoredStep> FindStep(int64_t step);
  // Serialized StepEvidence of a step that ended; nullopt if it did not.
  absl::StatusOr<std::optional<std::string>> FindEvidence(int64_t step);
  // Intents of the steps that are neither ended nor replaced, oldest first.
  absl::StatusOr<std::vector<StoredStep>> UnfinishedSteps();

 private:
  TenantRows(Connection* db, int64_t id) : db_(db), id_(id) {}
  absl::Status ReadErased(std::vector<StoredBucket>* buckets);

  Connection* db_;
  int64_t id_;
  std::string name_;
  std::string region_;
  absl::Time last_at_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_TENANT_ROWS_H_

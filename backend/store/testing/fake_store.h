// A Store in memory that keeps what it is given and fails when told to. It implements what
// servers need of a store, not the semantics of runs; those are SqliteStore's, under the
// contract test.
#ifndef ROLLCALL_BACKEND_STORE_TESTING_FAKE_STORE_H_
#define ROLLCALL_BACKEND_STORE_TESTING_FAKE_STORE_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backend/store/store.h"

namespace rollcall {

// Thread-safe.
class FakeStore : public Store {
 public:
  // Decides about a batch that is not a duplicate; the default applies everything.
  using Verdict = std::function<ApplyOutcome(const PreparedBatch&)>;

  void SetVerdict(Verdict verdict);
  // The next `times` calls of ApplyGroup fail with `status`; nothing is kept.
  void FailNextApplies(int times, absl::Status status);
  // ApplyGroup waits until this is called with false.
  void HoldApplies(bool hold);
  void SetWritable(absl::Status status);
  void AddUnit(const UnitInfo& unit);
  void AddVersion(const StoredVersion& version);
  void AddAgent(const AgentRow& row);

  // What was committed, in order.
  std::vector<PreparedBatch> Applied() const;
  std::vector<size_t> GroupSizes() const;
  std::vector<AgentContact> Contacts() const;
  // Waits until `count` batches are committed; false after ten seconds.
  bool AwaitApplied(size_t count) const;
  // Calls of ApplyGroup that have begun.
  bool AwaitApplyCalls(size_t count) const;

  absl::Status AddTenant(absl::string_view tenant, absl::Time at) override;
  absl::Status EnrollAgent(const AgentName& agent, absl::Time at) override;
  absl::StatusOr<bool> IsEnrolled(const AgentName& agent) override;
  absl::Status RecordContact(const AgentContact& contact) override;
  absl::StatusOr<std::vector<ApplyOutcome>> ApplyGroup(absl::Span<const PreparedBatch> batches) override;
  absl::StatusOr<std::vector<bool>> ConfirmUnits(const AgentName& agent,
                                                 absl::Span<const PreparedConfirmation> confirmations,
                                                 absl::Time received_at) override;
  absl::StatusOr<std::vector<AgentRow>> ListAgents(absl::string_view tenant) override;
  absl::StatusOr<std::vector<UnitInfo>> ListUnits(absl::string_view tenant, absl::string_view agent_id) override;
  absl::StatusOr<std::vector<KindCount>> CountRecords(absl::string_view tenant) override;
  absl::StatusOr<ScanPage> Scan(const ScanQuery& query, absl::string_view cursor, size_t limit) override;
  absl::StatusOr<std::vector<AssetKey>> FindAssets(absl::string_view tenant, absl::string_view prefix,
                                                   size_t limit) override;
  absl::StatusOr<std::vector<StoredVersion>> History(absl::string_view tenant, const AssetKey& key) override;
  absl::StatusOr<uint64_t> CountWrittenBy(const UnitName& unit, absl::string_view collector_version) override;
  absl::StatusOr<uint64_t> Retract(const UnitName& unit, absl::string_view collector_version, absl::Time at) override;
  absl::Status CheckWritable() override;

 private:
  using RunPart = std::tuple<AgentName, std::string, std::string, uint64_t, uint64_t, uint32_t>;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Verdict verdict_;
  int failures_left_ = 0;
  absl::Status failure_;
  bool hold_ = false;
  size_t apply_calls_ = 0;
  absl::Status writable_;
  std::map<AgentName, AgentRow> agents_;
  std::vector<UnitInfo> units_;
  std::vector<StoredVersion> versions_;
  std::vector<PreparedBatch> applied_;
  std::vector<size_t> group_sizes_;
  std::vector<AgentContact> contacts_;
  std::set<RunPart> seen_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_TESTING_FAKE_STORE_H_

// Where records are kept: current state, history, and what is known of every unit.
#ifndef ROLLCALL_BACKEND_STORE_STORE_H_
#define ROLLCALL_BACKEND_STORE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "proto/record_identity.h"
#include "proto/set_digest.h"
#include "rollcall/v1/ingest.pb.h"
#include "rollcall/v1/query.pb.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// Who reported: tenant and agent come from the client certificate, never from a message.
struct AgentName {
  std::string tenant;
  std::string agent_id;
  friend auto operator<=>(const AgentName&, const AgentName&) = default;
};

// A validated record, ready to be written.
struct PreparedRecord {
  int kind = 0;  // oneof number
  AssetKey asset_key{};
  Fingerprint fingerprint{};
  absl::Time collected_at;
  bool clock_suspect = false;
  // Serialized Record without derived fields.
  std::string payload;
};

// A validated batch. `records` is sorted by (kind, asset_key) without duplicates.
struct PreparedBatch {
  AgentName agent;
  std::string collector;
  pb::Scope scope;
  uint64_t epoch = 0;
  uint64_t generation = 0;
  uint32_t part = 0;
  bool last = false;
  pb::BatchMode mode = pb::BATCH_MODE_UNSPECIFIED;
  SetDigest base;
  SetDigest after;
  std::vector<PreparedRecord> records;
  std::vector<AssetKey> retired;
  pb::RunResult run_result;
  absl::Time received_at;
  // DELTA: a run that was confirmed but not sent found just the set `base` then. Not after received_at.
  std::optional<absl::Time> base_seen_at;
};

// A run that brought nothing new: it found the set and the outcome of a run the store has.
struct PreparedConfirmation {
  std::string collector;
  pb::Scope scope;
  // The run it repeats, and the low half of the digest of the unit's set.
  uint64_t epoch = 0;
  uint64_t generation = 0;
  uint64_t digest_low = 0;
  // When the confirming run started, by the backend's clock.
  absl::Time started_at;
};

enum class ApplyVerdict {
  // The run is in the store.
  kApplied,
  // A part is kept until the run's last part arrives.
  kStaged,
  // It was there already; nothing changed.
  kDuplicate,
  // Not applied; the agent must send its complete set. `cause` says why.
  kResync,
};

struct ApplyOutcome {
  ApplyVerdict verdict = ApplyVerdict::kApplied;
  pb::Resync::Cause cause = pb::Resync::CAUSE_UNSPECIFIED;
  // With EPOCH_BEHIND: the epoch the store holds.
  uint64_t epoch = 0;
  // Digest of the unit's current records after this batch.
  SetDigest digest;
  uint64_t inserted = 0;
  uint64_t changed = 0;
  uint64_t retired = 0;
};

// One version of an asset. Versions of one asset of a unit follow each other without overlap (but for samples
// that came late, each of which lies within another version for a nanosecond), and
// first_seen <= valid_from <= last_seen <= ended_at; where a clock stepped back, valid_from and
// ended_at are moved forward to keep it so. A version is valid at t if valid_from <= t < ended_at.
struct StoredVersion {
  AgentName agent;
  std::string collector;
  std::string collector_version;
  int kind = 0;
  AssetKey asset_key{};
  Fingerprint fingerprint{};
  std::string payload;
  absl::Time collected_at;
  absl::Time received_at;
  // valid_from of the oldest version of the asset that is still kept, whether or not it was gone since.
  absl::Time first_seen;
  absl::Time valid_from;
  // The unit's last COMPLETE run that had this version, or valid_from if later.
  absl::Time last_seen;
  // Changed: when its successor was collected. Gone: when the run that missed it started. Retracted: when
  // it was retracted.
  std::optional<absl::Time> ended_at;
  pb::StoredRecord::EndReason end_reason = pb::StoredRecord::END_REASON_UNSPECIFIED;
  bool clock_suspect = false;
};

// What is known of a unit (agent, collector, scope).
struct UnitInfo {
  AgentName agent;
  std::string collector;
  pb::Scope scope;
  uint64_t epoch = 0;
  uint64_t generation = 0;
  SetDigest digest;
  pb::RunResult last_run;
  absl::Time last_run_received_at;
  std::optional<absl::Time> last_complete_at;
};

// Names a unit.
struct UnitName {
  AgentName agent;
  std::string collector;
  pb::Scope scope;
};

// Facts of a Hello, kept per agent.
struct AgentContact {
  AgentName agent;
  std::string agent_version;
  std::string host_id;
  std::string boot_id;
  std::string hosting_service;
  std::string region;
  uint64_t epoch = 0;
  absl::Duration clock_offset;
  absl::Time at;
};

struct AgentRow {
  AgentContact contact;  // with `agent` filled; the rest empty before the first contact
  bool contacted = false;
  absl::Time enrolled_at;
  absl::Time first_contact;
  absl::Time last_contact;
  // Two machines appear to use the identity: less than kCloneSuspicionPeriod before the last contact,
  // host_id or boot_id went back to a value it had left before.
  bool clone_suspected = false;
};

// A suspicion that nothing confirms for this long is over: the clone was given its own identity.
inline constexpr absl::Duration kCloneSuspicionPeriod = absl::Hours(7 * 24);

// Which versions a scan yields. Results are ordered by (agent, collector, scope, kind, asset key);
// at any instant an asset of a unit has at most one version.
struct ScanQuery {
  std::string tenant;
  // All agents of the tenant if empty.
  std::vector<std::string> agent_ids;
  // All kinds if 0.
  int kind = 0;
  // Versions valid at that instant; current versions if unset.
  std::optional<absl::Time> at;
};

struct ScanPage {
  std::vector<StoredVersion> versions;
  // Continue with this; empty at the end. Opaque; stable across processes.
  std::string next_cursor;
};

// Every method is safe to call from any thread and may be retried after Unavailable.
// Errors: Unavailable (busy, disk full), DataLoss (damaged), NotFound, InvalidArgument.
// All engines pass backend/store/store_contract_*_test.cc.
class Store {
 public:
  virtual ~Store() = default;

  // Idempotent; atomic.
  virtual absl::Status AddTenant(absl::string_view tenant, absl::Time at) = 0;
  // NotFound if the tenant is unknown.
  virtual absl::Status EnrollAgent(const AgentName& agent, absl::Time at) = 0;
  virtual absl::StatusOr<bool> IsEnrolled(const AgentName& agent) = 0;

  // Records a contact. Atomic. NotFound if the agent is not enrolled.
  virtual absl::Status RecordContact(const AgentContact& contact) = 0;

  // Applies batches in order within one transaction; durable when it returns. Idempotent on
  // (agent, epoch, collector, scope, generation, part):
  //   * epoch lower than the unit's: kResync EPOCH_BEHIND;
  //   * generation not above the unit's within its epoch: kDuplicate;
  //   * parts before the last are kept (kStaged); the last applies all, or kResync MISSING_PART;
  //   * FULL replaces the unit's set: new and changed records are written, unchanged ones are
  //     not touched, the others end as GONE (only if the run is COMPLETE);
  //   * DELTA needs `base` to equal the unit's digest, else kResync BASE_MISMATCH;
  //   * MERGE writes what is new or changed and ends nothing;
  //   * a digest that differs from `after` in the end: kResync DIGEST_MISMATCH (the records
  //     are kept; only the agent's belief was wrong).
  // A batch that needs a resync does not undo the others of the group; it leaves its unit as it was
  // (but for DIGEST_MISMATCH), so that it is answered alike when it comes again.
  // A part of a newer run drops what is staged of older ones: batches of an agent come in order.
  // A key that comes twice within a run counts once. A run that is not COMPLETE retires nothing,
  // whatever its mode.
  // An unchanged run writes one row: the unit's.
  // NotFound if an agent is not enrolled; nothing of the group is applied then.
  // A sample (KindOptions.sample) becomes the current version of its asset, and its predecessor
  // history; one older than the current version goes to the history at once, valid for a nanosecond, unless
  // a version began at that instant. Samples are in no digest, and no run retires them.
  virtual absl::StatusOr<std::vector<ApplyOutcome>> ApplyGroup(absl::Span<const PreparedBatch> batches) = 0;

  // Notes that units were found unchanged: one row per unit. Atomic, idempotent, durable when it
  // returns. One answer per confirmation: whether the unit's last run is the one it names and its
  // set has that digest; the unit's last contact, and if that run was COMPLETE its last_complete_at,
  // then move forward, never back. Otherwise nothing changes and the agent must send its complete
  // set. NotFound if the agent is not enrolled.
  virtual absl::StatusOr<std::vector<bool>> ConfirmUnits(const AgentName& agent,
                                                         absl::Span<const PreparedConfirmation> confirmations,
                                                         absl::Time received_at) = 0;

  virtual absl::StatusOr<std::vector<AgentRow>> ListAgents(absl::string_view tenant) = 0;
  // Units of one agent, or of the whole tenant if `agent_id` is empty.
  virtual absl::StatusOr<std::vector<UnitInfo>> ListUnits(absl::string_view tenant, absl::string_view agent_id) = 0;
  // Current records per (agent, kind).
  struct KindCount {
    std::string agent_id;
    int kind = 0;
    uint64_t count = 0;
  };
  virtual absl::StatusOr<std::vector<KindCount>> CountRecords(absl::string_view tenant) = 0;

  // At most `limit` versions, 1 or more. Each page is read from one snapshot. InvalidArgument for a
  // cursor that this scan did not give.
  virtual absl::StatusOr<ScanPage> Scan(const ScanQuery& query, absl::string_view cursor, size_t limit) = 0;
  // Keys of current and past assets that, in hex, begin with the digits `prefix`: the `limit` smallest,
  // in order. InvalidArgument if `prefix` is not 0 to 32 hex digits.
  virtual absl::StatusOr<std::vector<AssetKey>> FindAssets(absl::string_view tenant, absl::string_view prefix,
                                                           size_t limit) = 0;
  // All versions of an asset on every agent that has or had it, oldest first.
  virtual absl::StatusOr<std::vector<StoredVersion>> History(absl::string_view tenant, const AssetKey& key) = 0;

  // Current records of the unit that this version of its collector wrote: whose content came with one of
  // its runs. 0 if there is no such unit.
  virtual absl::StatusOr<uint64_t> CountWrittenBy(const UnitName& unit, absl::string_view collector_version) = 0;
  // Ends those records as RETRACTED at `at`, or when they were last seen if that is later, and gives their
  // number. They stay in the history; nothing that retention counts from changes. The unit's digest loses
  // them, so that a DELTA or a confirmation of the agent is answered with a resync; its last run, if COMPLETE,
  // becomes PARTIAL with a problem that says why: what is left is not the whole set any more. Of samples the
  // latest ends, and the set stays whole. Atomic; idempotent: where there is nothing to end, nothing is
  // written.
  virtual absl::StatusOr<uint64_t> Retract(const UnitName& unit, absl::string_view collector_version,
                                           absl::Time at) = 0;

  // OK if the store can be written; health checks ask this.
  virtual absl::Status CheckWritable() = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_STORE_H_

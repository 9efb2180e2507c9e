// The backend's own look for secrets in what agents sent, with rules that may be newer than theirs.
#ifndef ROLLCALL_BACKEND_INGEST_SECOND_REDACTION_H_
#define ROLLCALL_BACKEND_INGEST_SECOND_REDACTION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "backend/ingest/ingest_observer.h"
#include "backend/store/store.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "platform/log.h"
#include "rollcall/v1/options.pb.h"

namespace rollcall {

// Hashes that were met, in a table of fixed size: a new one may take an older one's place. Thread-safe
// without locks. Two values may share a hash; of 64 bits that are salted by the process this is
// nothing to count on.
class MetHashes {
 public:
  // `hash` is not 0.
  bool Has(uint64_t hash) const { return slots_[SlotOf(hash)].load(std::memory_order_relaxed) == hash; }
  void Add(uint64_t hash) { slots_[SlotOf(hash)].store(hash, std::memory_order_relaxed); }

 private:
  static size_t SlotOf(uint64_t hash) { return (hash >> 8) % kSlots; }

  static constexpr size_t kSlots = size_t{1} << 16;
  std::array<std::atomic<uint64_t>, kSlots> slots_ = {};
};

// Passes the fields of prepared records that are declared MAY_CARRY_SECRET through the redactors agents
// use, replaces in the payload what these find, and notes it in `Record.redactions`. Asset key and
// fingerprint stay those of what was sent, so that the sets of agent and backend still agree:
// docs/decisions/0016-the-backend-redacts-again.md. Values found clean are not read again while they are
// remembered, which is what most of a fleet's are.
//
// Thread-safe. Takes any bytes that ValidateBatch lets pass; time and memory are linear in their size.
class SecondRedactor {
 public:
  // Replacements beyond this in one record, or a record that would outgrow this, and the fields go as a whole.
  static constexpr size_t kMaxReplacements = 1000;
  static constexpr size_t kMaxRecordBytes = size_t{512} << 10;

  SecondRedactor();

  // Redacts the batch's records in place. Tells `observer` how many values each rule replaced, by kind, and
  // `logger` who sent them: once for an agent's collector, while that is remembered. Never a value.
  void Redact(PreparedBatch* batch, IngestObserver* observer, Logger* logger);

 private:
  // A field to read, or one whose message has such fields.
  struct FieldPlan {
    const google::protobuf::FieldDescriptor* field;
    pb::Redactor redactor;
    std::vector<FieldPlan> children;
  };
  struct KindPlan {
    std::string name;
    std::vector<FieldPlan> fields;
  };
  // The fields of a record that are to be read, within its bytes.
  struct Values {
    // 0 if there are none.
    uint64_t hash = 0;
    absl::InlinedVector<std::pair<const FieldPlan*, absl::string_view>, 16> fields;
  };
  using Notes = std::vector<pb::Redaction>;

  static std::vector<FieldPlan> PlanFor(const google::protobuf::Descriptor* message, int depth);
  static void ScrubMessage(const std::vector<FieldPlan>& plan, const std::string& path,
                           google::protobuf::Message* message, Notes* notes);
  static void ScrubStrings(const FieldPlan& plan, const std::string& path, google::protobuf::Message* message,
                           Notes* notes);
  static Values ValuesOf(const KindPlan& kind, int number, absl::string_view record);
  // Whether the redactors leave all values alone; false as well if a message has to be looked into.
  static bool AreClean(const Values& values);
  // What was replaced; the payload is rewritten if anything was.
  static Notes RedactRecord(const KindPlan& kind, std::string* payload);

  // By number of the kind; without fields for kinds that can hold no secret.
  std::vector<KindPlan> kinds_;
  const std::unique_ptr<MetHashes> clean_;
  // Whom the log has named.
  const std::unique_ptr<MetHashes> named_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_SECOND_REDACTION_H_

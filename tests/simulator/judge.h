// Compares what is in stores, archive and ledger with what the oracle says, look by look.
#ifndef ROLLCALL_TESTS_SIMULATOR_JUDGE_H_
#define ROLLCALL_TESTS_SIMULATOR_JUDGE_H_

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulator/backend.h"
#include "tests/simulator/oracle.h"

namespace rollcall::simulator {

enum class Fault {
  // Gone before its time, though an end or a request is known.
  kEarly,
  // Gone, and nothing ever allowed it.
  kLost,
  kUnderHold,
  // There after its deadline, though the engine was able to delete it.
  kLate,
  // There though it was time, and the engine thought that it had done everything.
  kLeft,
  // Where it may not be: in the archive while the service runs, in the stores after its end, settings in the archive.
  kMisplaced,
  // Back, though nobody brought it.
  kCameBack,
  // An intent or a certificate that is missing, that is there twice, that is not proven, or that says other dates.
  kCertificate,
  // There after the certificate that says it is destroyed.
  kKey,
};
std::string NameOf(Fault fault);

struct Violation {
  Fault fault;
  Second at = 0;
  std::string what;
};

struct Judged {
  uint64_t records = 0;
  uint64_t looks = 0;
  // Gone when they might.
  uint64_t deleted = 0;
  uint64_t certificates = 0;
  // Records that a copy of the store lost, which is nobody's fault here.
  uint64_t lost_with_a_copy = 0;
};

// What counts as late while the engine could not do anything: nothing. It counts from the end of its first settling
// afterwards. A record that comes late, or comes back with a copy of the store, counts from when it came.
class Judge {
 public:
  // Both outlive it.
  Judge(const Oracle* oracle, SimulatedBackend* backend) : oracle_(*oracle), backend_(*backend) {}

  // Whoever is not told of a record takes it for one that came by itself.
  void Found(const AgentOfHistory& agent, const std::string& name, Day day, Second at);
  // Before anything of it was looked for.
  void BeforeSettling(Second now);
  // What was there right after, and whether the engine had been able to do everything.
  absl::Status AfterSettling(const Sight& sight, Second now, bool able);
  // A copy that was taken then has taken the store's place.
  void CopyCameBack(const Sight& sight, Second copied_at, Second now);
  // When nothing is to be left.
  absl::Status AtTheEnd(const Sight& sight, Second now);

  // Instants to come at which, as things stand, something may change for a record that is there.
  std::vector<Second> Changes(Second now) const;
  const std::vector<Violation>& violations() const { return violations_; }
  const Judged& judged() const { return judged_; }

 private:
  struct Known {
    Fact fact;
    // When it was found, and on which days.
    std::vector<std::pair<Second, Day>> found;
    bool there = true;
    Second came_at = 0;
    // It had been deleted, and a copy of the store brought it back: nobody has to keep it.
    bool revenant = false;
    Place place;
  };

  void Say(Fault fault, Second now, const std::string& what);
  static BucketId BucketOfFact(const Fact& fact) { return {fact.kind, fact.service, fact.day}; }
  static Fact WholeOf(const BucketId& bucket) { return {bucket.kind, bucket.service, bucket.day, "", ""}; }
  // From when on it is the engine's turn.
  Second SinceWhen(const Known& known, const Verdict& verdict, Second now) const;
  void Disappeared(const std::string& name, Known* known, Second now);
  void CheckThere(const std::string& name, const Known& known, Second now);
  void CheckPlace(const std::string& name, const Known& known, const Verdict& verdict, Second now);
  void Compare(const Sight& sight, Second now);
  absl::Status ReadLedger(Second now);
  void CheckIntent(const pb::LedgerEntry& entry, const BucketId& bucket, Second now);
  absl::Status CheckCertificate(const pb::LedgerEntry& entry, const BucketId& bucket, Second now);
  absl::Status CheckCertified(const Sight& sight, Second now);

  const Oracle& oracle_;
  SimulatedBackend& backend_;
  std::map<std::string, Known> records_;
  // When the engine last had done everything.
  Second last_able_ = kAlways;
  // By bucket, when its certificate was found.
  std::map<BucketId, Second> certified_;
  // Of which something was deleted as a whole, and no certificate was seen so far.
  std::set<BucketId> to_be_certified_;
  std::set<std::pair<Fault, std::string>> said_;
  std::vector<Violation> violations_;
  Judged judged_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_JUDGE_H_

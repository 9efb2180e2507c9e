// What the default agreement wants of one record, from its sentences and from what happened to the tenant. Written to
// judge the retention engine: it shares no code with backend/retention, neither for dates nor for events.
//
//   R1  "a minimum of 180 days"
//   R2  "until you terminate your use of the relevant Hosting Service(s)"
//   R3  "delete the same (i) 30 days thereafter or (ii) after the minimum number of days required to meet the 180-days
//       minimum data retention threshold (as applicable)"
//   R4  "Stored until you request for deletion, upon which such data will be deleted within 30 working days"
//   R5  "deleted after 1 month of termination of your use of this Feature"
//   R6  "unless otherwise required by applicable data protection laws"
//   R7  "You can request deletion of such personal data"
//
// Read as docs/retention.md reads them: the day of an event does not count, a period ends at 24:00 of its last day, and
// data is deleted on the day that follows. A request waits for 72 hours, and for the 180 days.
#ifndef ROLLCALL_TESTS_SIMULATOR_ORACLE_H_
#define ROLLCALL_TESTS_SIMULATOR_ORACLE_H_

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "tests/simulator/oracle_dates.h"

namespace rollcall::simulator {

inline constexpr Second kNever = std::numeric_limits<Second>::max();
inline constexpr Second kAlways = std::numeric_limits<Second>::min();
// Data of all hosting services of the tenant.
inline constexpr char kEveryService[] = "ALL";
// As a subscription: the feature itself.
inline constexpr char kTheFeature[] = "";

enum class DataKind { kAssets, kSettings };

// A record, or a whole bucket: then host and name are empty, and what is about parts does not concern it.
struct Fact {
  DataKind kind = DataKind::kAssets;
  std::string service;
  // The day it was last observed on.
  Day day = 0;
  std::string host;
  std::string name;
};

// What a hold or a request is about. What is empty is no condition.
struct Scope {
  std::set<DataKind> kinds;
  std::set<std::string> services;
  Day from = 0;
  Day to = std::numeric_limits<Day>::max();
  // Parts of buckets: what a host said, and the record of that name.
  std::string host;
  std::string name;

  bool OfAPart() const { return !host.empty() || !name.empty(); }
};

struct Happening {
  enum What { kEnds, kStays, kReturns, kHeld, kReleased, kRequested, kTakenBack };
  What what = kEnds;
  std::string id;
  // When it became known. No two at once.
  Second at = 0;
  // Of kEnds, kStays (an end that was announced is withdrawn) and kReturns.
  std::string subscription;
  // Of kEnds.
  Second effective = 0;
  // Of kReleased and kTakenBack: the id of what is over.
  std::string about;
  // Of kHeld and kRequested.
  Scope scope;
};

struct Verdict {
  // Of the service, or the feature, the record hangs on.
  bool ended = false;
  bool held = false;
  // Gone before is too early. kNever if nothing ever lets it go.
  Second not_before = kNever;
  // Time to delete it.
  Second due_from = kNever;
  // Still there is too late.
  Second deadline = kNever;

  bool MayGo(Second now) const { return !held && now >= not_before && deadline != kNever; }
  bool IsDue(Second now) const { return !held && now >= due_from && deadline != kNever; }
};

// A value; pure but for Tell.
class Oracle {
 public:
  Oracle(WorkedDays calendar, std::vector<std::string> services)
      : calendar_(std::move(calendar)), services_(std::move(services)) {}

  // In the order they became known.
  void Tell(const Happening& happening) { happenings_.push_back(happening); }

  // With what is known at `now`. Requests for parts that were made before `parts_since` are left out.
  Verdict Ask(const Fact& fact, Second now, Second parts_since = kAlways) const;
  // When the last hold that touched it was released, kAlways if none was.
  Second LastReleased(const Fact& fact, Second now) const;
  // Whether a request for a part, among those that were not taken back, is about it.
  bool InRequestedPart(const Fact& fact, Second now) const;
  // When the subscription ended; kNever while it runs.
  Second EndOf(const std::string& subscription, Second now) const;

 private:
  struct Hold {
    Second placed;
    Second released;
  };

  Second EndFor(const Fact& fact, Second now) const;
  bool IsTakenBack(const Happening& request, Second now) const;
  Second FirstRequest(const Fact& fact, Second now, Second parts_since) const;
  std::vector<Hold> HoldsOn(const Fact& fact, Second now) const;
  void AfterTheEnd(const Fact& fact, Second end, Verdict* verdict) const;
  void AfterARequest(const Fact& fact, Second requested, Verdict* verdict) const;
  static void UnderHolds(const std::vector<Hold>& holds, Second now, Verdict* verdict);

  const WorkedDays calendar_;
  const std::vector<std::string> services_;
  std::vector<Happening> happenings_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_ORACLE_H_

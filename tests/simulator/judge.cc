#include "tests/simulator/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall::simulator {
namespace {

std::string When(Second second) {
  if (second == kNever) return "never";
  if (second == kAlways) return "ever";
  return absl::StrCat(TextOf(DayAt(second)), "+", second % kDaySeconds / 60, "min");
}

std::string TextOf(const Verdict& verdict) {
  return absl::StrCat(verdict.ended ? "ended, " : "in service, ", verdict.held ? "held, " : "", "not before ",
                      When(verdict.not_before), ", due from ", When(verdict.due_from), ", deadline ",
                      When(verdict.deadline));
}

}  // namespace

std::string NameOf(Fault fault) {
  switch (fault) {
    case Fault::kEarly:
      return "early";
    case Fault::kLost:
      return "lost";
    case Fault::kUnderHold:
      return "under hold";
    case Fault::kLate:
      return "late";
    case Fault::kLeft:
      return "left";
    case Fault::kMisplaced:
      return "misplaced";
    case Fault::kCameBack:
      return "came back";
    case Fault::kCertificate:
      return "certificate";
    case Fault::kKey:
      return "key";
  }
  return "unknown";
}

void Judge::Say(Fault fault, Second now, const std::string& what) {
  // Once: what is wrong today is wrong tomorrow.
  if (said_.emplace(fault, what).second) violations_.push_back({fault, now, what});
}

void Judge::Found(const AgentOfHistory& agent, const std::string& name, Day day, Second at) {
  Known& known = records_[name];
  if (known.found.empty()) {
    known.fact = {agent.kind, agent.service, day, agent.id, name};
    known.came_at = at;
    ++judged_.records;
  }
  known.found.emplace_back(at, day);
  known.fact.day = std::max(known.fact.day, day);
  known.there = true;
  known.revenant = false;
}

Second Judge::SinceWhen(const Known& known, const Verdict& verdict, Second now) const {
  return std::max({verdict.due_from, known.came_at, oracle_.LastReleased(known.fact, now)});
}

void Judge::BeforeSettling(Second now) {
  for (const auto& [name, known] : records_) {
    if (!known.there) continue;
    const Verdict verdict = oracle_.Ask(known.fact, now, known.came_at);
    if (!verdict.IsDue(now) || now < verdict.deadline || last_able_ < SinceWhen(known, verdict, now)) continue;
    Say(Fault::kLate, now, absl::StrCat(name, " of ", TextOf(BucketOfFact(known.fact)), ": ", TextOf(verdict)));
  }
}

void Judge::Disappeared(const std::string& name, Known* known, Second now) {
  known->there = false;
  const Verdict verdict = oracle_.Ask(known->fact, now);
  const BucketId bucket = BucketOfFact(known->fact);
  if (verdict.MayGo(now)) {
    ++judged_.deleted;
    // As a whole, unless only a request for a part allowed it.
    const bool again = certified_.count(bucket) > 0;
    if (!again && oracle_.Ask(WholeOf(bucket), now).MayGo(now) && !oracle_.InRequestedPart(known->fact, now)) {
      to_be_certified_.insert(bucket);
    }
    return;
  }
  if (known->revenant) return;
  const Fault fault = verdict.held ? Fault::kUnderHold : verdict.not_before == kNever ? Fault::kLost : Fault::kEarly;
  Say(fault, now, absl::StrCat(name, " of ", TextOf(bucket), ": ", TextOf(verdict)));
}

void Judge::Compare(const Sight& sight, Second now) {
  for (auto& [name, known] : records_) {
    const auto seen = sight.records.find(name);
    const bool there = seen != sight.records.end();
    if (known.there && !there) Disappeared(name, &known, now);
    if (!known.there && there) {
      Say(Fault::kCameBack, now, absl::StrCat(name, " of ", TextOf(BucketOfFact(known.fact))));
      known.there = true;
      known.came_at = now;
    }
    known.place = there ? seen->second : Place();
  }
  for (const auto& [name, place] : sight.records) {
    if (records_.count(name) == 0) Say(Fault::kCameBack, now, absl::StrCat(name, ", which nobody knows"));
  }
}

void Judge::CheckThere(const std::string& name, const Known& known, Second now) {
  const Verdict verdict = oracle_.Ask(known.fact, now, known.came_at);
  if (verdict.IsDue(now)) {
    if (now < SinceWhen(known, verdict, now)) return;
    Say(Fault::kLeft, now, absl::StrCat(name, " of ", TextOf(BucketOfFact(known.fact)), ": ", TextOf(verdict)));
    return;
  }
  CheckPlace(name, known, verdict, now);
}

// L1, L2: assets in the archive after the end, and only then; settings never.
void Judge::CheckPlace(const std::string& name, const Known& known, const Verdict& verdict, Second now) {
  const bool settings = known.fact.kind == DataKind::kSettings;
  const std::string what = absl::StrCat(name, " of ", TextOf(BucketOfFact(known.fact)), ": ", TextOf(verdict));
  if (settings && !known.place.in_archive.empty()) Say(Fault::kMisplaced, now, what + ", settings in the archive");
  // What came for a bucket that is certified waits where it came to.
  if (settings || known.revenant || certified_.count(BucketOfFact(known.fact)) > 0) return;
  if (verdict.ended && !known.place.in_stores.empty()) Say(Fault::kMisplaced, now, what + ", in the stores");
  if (!verdict.ended && !known.place.in_archive.empty()) Say(Fault::kMisplaced, now, what + ", in the archive");
}

absl::Status Judge::AfterSettling(const Sight& sight, Second now, bool able) {
  ++judged_.looks;
  Compare(sight, now);
  ROLLCALL_RETURN_IF_ERROR(ReadLedger(now));
  if (!able) return absl::OkStatus();
  for (const auto& [name, known] : records_) {
    if (known.there) CheckThere(name, known, now);
  }
  last_able_ = now;
  return CheckCertified(sight, now);
}

absl::Status Judge::ReadLedger(Second now) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<pb::LedgerEntry> entries, backend_.NewEntries());
  for (const pb::LedgerEntry& entry : entries) {
    BucketId bucket;
    if (entry.has_purge_intended() && BucketOf(entry.bucket(), &bucket)) CheckIntent(entry, bucket, now);
    if (!entry.has_purge_certified()) continue;
    pb::DeletionStatement statement;
    if (!statement.ParseFromString(entry.purge_certified().statement()) || !BucketOf(statement.bucket(), &bucket)) {
      Say(Fault::kCertificate, now, "a certificate cannot be read");
      continue;
    }
    ROLLCALL_RETURN_IF_ERROR(CheckCertificate(entry, bucket, now));
  }
  return absl::OkStatus();
}

void Judge::CheckIntent(const pb::LedgerEntry& entry, const BucketId& bucket, Second now) {
  const Verdict verdict = oracle_.Ask(WholeOf(bucket), now);
  const auto& intended = entry.purge_intended();
  const bool same = intended.not_before().seconds() == verdict.not_before && intended.has_deadline() &&
                    intended.deadline().seconds() == verdict.deadline;
  if (verdict.MayGo(now) && same) return;
  Say(Fault::kCertificate, now,
      absl::StrCat("intent for ", TextOf(bucket), " says not before ", When(intended.not_before().seconds()),
                   ", deadline ", When(intended.deadline().seconds()), "; ", TextOf(verdict)));
}

absl::Status Judge::CheckCertificate(const pb::LedgerEntry& entry, const BucketId& bucket, Second now) {
  ++judged_.certificates;
  if (!certified_.emplace(bucket, now).second) {
    Say(Fault::kCertificate, now, absl::StrCat("two certificates for ", TextOf(bucket)));
  }
  to_be_certified_.erase(bucket);
  const absl::Status proven = backend_.Verify(entry);
  if (!proven.ok()) {
    Say(Fault::kCertificate, now, absl::StrCat("certificate for ", TextOf(bucket), ": ", proven.message()));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const size_t keys, backend_.CountKeys(bucket));
  if (keys > 0) Say(Fault::kKey, now, TextOf(bucket));
  return absl::OkStatus();
}

absl::Status Judge::CheckCertified(const Sight& sight, Second now) {
  for (const BucketId& bucket : to_be_certified_) {
    Say(Fault::kCertificate, now, absl::StrCat("no certificate for ", TextOf(bucket)));
  }
  for (const BucketId& bucket : sight.archived) {
    if (certified_.count(bucket) == 0) continue;
    Say(Fault::kLeft, now, absl::StrCat("files in the archive of ", TextOf(bucket), ", which is certified"));
  }
  return absl::OkStatus();
}

void Judge::CopyCameBack(const Sight& sight, Second copied_at, Second now) {
  for (auto it = records_.begin(); it != records_.end();) {
    Known& known = it->second;
    const auto seen = sight.records.find(it->first);
    if (seen == sight.records.end()) {
      // Found since, or put back since: gone with the store, which is what copies cost.
      if (known.there) ++judged_.lost_with_a_copy;
      it = known.there ? records_.erase(it) : std::next(it);
      continue;
    }
    if (!known.there) {
      known.revenant = true;
      known.came_at = now;
    } else if (known.place.in_stores.empty() && !seen->second.in_stores.empty()) {
      // Part of what was moved or erased since.
      known.came_at = now;
    }
    known.there = true;
    known.place = seen->second;
    if (seen->second.in_archive.empty()) {
      // The store does not know that it was seen again.
      std::erase_if(known.found, [&](const auto& found) { return found.first > copied_at; });
      Day day = 0;
      for (const auto& [at, found_on] : known.found) day = std::max(day, found_on);
      known.fact.day = day;
    }
    ++it;
  }
}

std::vector<Second> Judge::Changes(Second now) const {
  std::set<Second> changes;
  for (const auto& [name, known] : records_) {
    if (!known.there) continue;
    const Verdict verdict = oracle_.Ask(known.fact, now);
    for (const Second time : {verdict.not_before, verdict.due_from, verdict.deadline}) {
      if (time != kNever && time > now) changes.insert(time);
    }
  }
  return {changes.begin(), changes.end()};
}

absl::Status Judge::AtTheEnd(const Sight& sight, Second now) {
  for (const auto& [name, place] : sight.records) Say(Fault::kLeft, now, absl::StrCat(name, " at the end"));
  for (const BucketId& bucket : sight.archived) {
    Say(Fault::kLeft, now, absl::StrCat("files in the archive of ", TextOf(bucket), " at the end"));
  }
  for (const auto& [bucket, at] : certified_) {
    ROLLCALL_ASSIGN_OR_RETURN(const size_t keys, backend_.CountKeys(bucket));
    if (keys > 0) Say(Fault::kKey, now, absl::StrCat(TextOf(bucket), " at the end"));
  }
  return absl::OkStatus();
}

}  // namespace rollcall::simulator

#include "agent/scheduler/due_time.h"

#include <cstdint>

namespace rollcall {
namespace {

// FNV-1a; stable over processes and versions, which absl::Hash is not.
uint64_t StableHash(uint64_t hash, absl::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return (hash ^ 0xff) * 0x100000001b3u;  // ends the text
}

// Spreads what FNV leaves in the low bits (the finalizer of MurmurHash3).
uint64_t Mix(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
  return hash ^ (hash >> 33);
}

}  // namespace

absl::Duration HostSpread(absl::string_view agent_id, absl::string_view task, absl::Duration interval) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(interval);
  if (milliseconds <= 0) return absl::ZeroDuration();
  const uint64_t hash = Mix(StableHash(StableHash(0xcbf29ce484222325u, agent_id), task));
  return absl::Milliseconds(static_cast<int64_t>(hash % static_cast<uint64_t>(milliseconds)));
}

absl::Duration NextDue(absl::Duration earliest, absl::Duration interval, absl::Duration spread) {
  absl::Duration into;
  absl::IDivDuration(earliest - spread, interval, &into);
  if (into == absl::ZeroDuration()) return earliest;
  if (into < absl::ZeroDuration()) return earliest - into;  // division is towards zero
  return earliest - into + interval;
}

absl::Duration DueAfterRun(absl::Duration now, absl::Duration interval, absl::Duration spread) {
  return NextDue(now + interval / 2, interval, spread);
}

absl::Duration InitialDue(absl::Duration start, size_t position, size_t count, absl::Duration window) {
  if (count == 0) return start;
  return start + window * static_cast<double>(position) / static_cast<double>(count);
}

}  // namespace rollcall

// Civil days of a zone for who asks about the same days again and again.
#ifndef ROLLCALL_BACKEND_RETENTION_ZONE_DAYS_H_
#define ROLLCALL_BACKEND_RETENTION_ZONE_DAYS_H_

#include <cstdint>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace rollcall {

// Answers what the functions of civil_time.h answer, and remembers when the days of 2000 to 2059 begin. Not
// thread-safe, unless it remembers nothing.
class ZoneDays {
 public:
  enum class Memory { kNone, kDays };
  explicit ZoneDays(absl::TimeZone zone, Memory memory = Memory::kNone);

  absl::TimeZone zone() const { return zone_; }
  absl::Time StartOfDay(absl::CivilDay day) const;
  absl::Time EndOfDay(absl::CivilDay day) const;
  absl::CivilDay DayOf(absl::Time time) const;
  // `count` days later.
  absl::CivilDay Add(absl::CivilDay day, int64_t count) const;

 private:
  struct Entry {
    // When the day begins, in Unix seconds. Of days that were not asked about, and of those where it cannot be told
    // from that alone which instants are theirs, less than any time.
    int64_t start;
    absl::CivilDay day;
  };
  const Entry& At(int64_t index) const;
  // Where the day is in `entries_`; -1 if it is not.
  int64_t IndexOf(absl::CivilDay day) const;

  const absl::TimeZone zone_;
  // Per day from 2000-01-01 on.
  mutable std::vector<Entry> entries_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_ZONE_DAYS_H_

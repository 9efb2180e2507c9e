// Who a reader of a damaged file tells.
#ifndef ROLLCALL_PLATFORM_DAMAGE_SINK_H_
#define ROLLCALL_PLATFORM_DAMAGE_SINK_H_

#include "absl/status/status.h"

namespace rollcall {

class DamageSink {
 public:
  virtual ~DamageSink() = default;

  // A part that could not be read; the reader goes on behind it.
  virtual void TakeDamage(const absl::Status& damage) = 0;

  // Whether to end early. Asked at least every few thousand pages.
  virtual bool stop_requested() const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_DAMAGE_SINK_H_

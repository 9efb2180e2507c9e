// How a host's resources are used: kind `resource_usage`.
#ifndef ROLLCALL_COLLECTORS_RESOURCES_RESOURCES_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_RESOURCES_RESOURCES_COLLECTOR_H_

#include <cstddef>

#include "collectors/collector.h"

namespace rollcall {

// Samples of the first record after a start, so that a new host shows something soon. The others
// have kSamplesPerRecord; each run takes one sample, and most runs emit nothing.
inline constexpr size_t kSamplesOfFirstRecord = 5;

extern const Collector::Descriptor kResourcesCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RESOURCES_RESOURCES_COLLECTOR_H_

// How a host's resources are used: kind `resource_usage`.
#ifndef ROLLCALL_COLLECTORS_RESOURCES_RESOURCES_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_RESOURCES_RESOURCES_COLLECTOR_H_

#include <cstddef>

#include "collectors/collector.h"

namespace rollcall {

// Samples of one record. Each run takes one sample and most runs emit nothing. More samples a
// record cost fewer bytes a day and reach the backend later.
inline constexpr size_t kSamplesPerRecord = 30;

// Samples of the first record after a start, so that a new host shows something soon.
inline constexpr size_t kSamplesOfFirstRecord = 5;

extern const Collector::Descriptor kResourcesCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_RESOURCES_RESOURCES_COLLECTOR_H_

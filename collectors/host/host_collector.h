// The server itself: one record.
#ifndef ROLLCALL_COLLECTORS_HOST_HOST_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_HOST_HOST_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kHostCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_HOST_HOST_COLLECTOR_H_

// Listening and unconnected sockets of every network namespace, with their owners.
#ifndef ROLLCALL_COLLECTORS_PORTS_PORTS_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_PORTS_PORTS_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

// `ports`: emits `listening_port`.
extern const Collector::Descriptor kPortsCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_PORTS_COLLECTOR_H_

// Running processes.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_PROCESSES_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_PROCESSES_PROCESSES_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kProcessesCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_PROCESSES_COLLECTOR_H_

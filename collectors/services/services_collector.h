// What starts without a person: units, init scripts, preloaded libraries, login scripts.
#ifndef ROLLCALL_COLLECTORS_SERVICES_SERVICES_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_SERVICES_SERVICES_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kServicesCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_SERVICES_COLLECTOR_H_

// Environment variables: that they are set, and of which kind.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kEnvironmentCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_ENVIRONMENT_COLLECTOR_H_

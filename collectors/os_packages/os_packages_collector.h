// Packages of the operating system's package managers.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_OS_PACKAGES_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_OS_PACKAGES_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kOsPackagesCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_OS_PACKAGES_COLLECTOR_H_

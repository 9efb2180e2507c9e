// Modules of the running kernel.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_KERNEL_MODULES_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_KERNEL_MODULES_COLLECTOR_H_

#include "collectors/collector.h"

namespace rollcall {

extern const Collector::Descriptor kKernelModulesCollector;

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_KERNEL_MODULES_COLLECTOR_H_

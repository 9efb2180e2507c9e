// What a module did to the kernel's taint, in words.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_TAINTS_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_TAINTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// Names of the letters of /proc/modules and /sys/module/NAME/taint, in their order, as in the
// kernel's admin-guide/tainted-kernels.rst. A letter that is not known stands for itself; what
// is no upper-case letter is left out. Pure.
std::vector<std::string> TaintNames(absl::string_view letters);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_TAINTS_H_

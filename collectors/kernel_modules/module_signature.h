// The signature that is appended to a module's file.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_SIGNATURE_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_SIGNATURE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/records/kernel_module.pb.h"

namespace rollcall {

// Says who signed a module, from the end of its uncompressed file: the signature, 12 bytes that
// describe it (the kernel's include/linux/module_signature.h) and a line of text. nullopt if
// there is no such line. DataLoss if there is, but what precedes it is damaged. Nothing is
// verified. Pure.
absl::StatusOr<std::optional<rollcall::v1::ModuleSignature>> ParseModuleSignature(absl::string_view file);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_SIGNATURE_H_

// All collectors there are.
#ifndef ROLLCALL_COLLECTORS_REGISTRY_H_
#define ROLLCALL_COLLECTORS_REGISTRY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collectors/collector.h"

namespace rollcall {

// Sorted by name. Constant; safe from any thread and during static initialization.
absl::Span<const Collector::Descriptor* const> AllCollectors();

// The collector with that name; nullptr if there is none.
const Collector::Descriptor* FindCollector(absl::string_view name);

// Whether a table keeps the rules: sorted, no name twice, complete descriptors, known
// kinds, and each kind emitted by one collector only. InvalidArgument names the first
// entry that does not. The composition root checks AllCollectors() at start.
absl::Status CheckCollectors(absl::Span<const Collector::Descriptor* const> collectors);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_REGISTRY_H_

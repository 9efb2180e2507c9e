#include "collectors/registry.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/accounts_collector.h"
#include "collectors/environment/environment_collector.h"
#include "collectors/host/host_collector.h"
#include "collectors/kernel_modules/kernel_modules_collector.h"
#include "collectors/os_packages/os_packages_collector.h"
#include "collectors/ports/ports_collector.h"
#include "collectors/processes/processes_collector.h"
#include "collectors/resources/resources_collector.h"
#include "collectors/scheduled_tasks/scheduled_tasks_collector.h"
#include "collectors/services/services_collector.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

// One line per collector, sorted by name.
constexpr auto kCollectors = std::to_array({
    &kAccountsCollector,
    &kEnvironmentCollector,
    &kHostCollector,
    &kKernelModulesCollector,
    &kOsPackagesCollector,
    &kPortsCollector,
    &kProcessesCollector,
    &kResourcesCollector,
    &kScheduledTasksCollector,
    &kServicesCollector,
});

absl::Status CheckDescriptor(const Collector::Descriptor& descriptor) {
  const absl::string_view name = descriptor.name;
  const auto invalid = [name](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("check collector ", name, ": ", what));
  };
  if (name.empty()) return invalid("no name");
  if (descriptor.version.empty()) return invalid("no version");
  if (descriptor.kinds.empty()) return invalid("no kinds");
  if (descriptor.interval <= absl::ZeroDuration()) return invalid("no interval");
  if (descriptor.timeout <= absl::ZeroDuration()) return invalid("no timeout");
  if (descriptor.paths_read.empty()) return invalid("no paths");
  if (descriptor.max_records == 0) return invalid("no limit");
  if (descriptor.create == nullptr) return invalid("cannot be created");
  for (absl::string_view path : descriptor.watch_paths) {
    if (path.empty() || path.front() != '/')
      return invalid(absl::StrCat("watches a path that is not absolute: ", path));
  }
  for (absl::string_view kind : descriptor.kinds) {
    if (FindKind(kind) == nullptr) return invalid(absl::StrCat("unknown kind ", kind));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Span<const Collector::Descriptor* const> AllCollectors() { return kCollectors; }

const Collector::Descriptor* FindCollector(absl::string_view name) {
  const auto found = std::find_if(kCollectors.begin(), kCollectors.end(),
                                  [name](const Collector::Descriptor* descriptor) { return descriptor->name == name; });
  return found == kCollectors.end() ? nullptr : *found;
}

absl::Status CheckCollectors(absl::Span<const Collector::Descriptor* const> collectors) {
  std::set<absl::string_view> kinds;
  absl::string_view previous;
  for (const Collector::Descriptor* descriptor : collectors) {
    if (absl::Status status = CheckDescriptor(*descriptor); !status.ok()) return status;
    const absl::string_view name = descriptor->name;
    if (name == previous) return absl::InvalidArgumentError(absl::StrCat("check collector ", name, ": listed twice"));
    if (name < previous) {
      return absl::InvalidArgumentError(absl::StrCat("check collector ", name, ": listed after ", previous));
    }
    for (absl::string_view kind : descriptor->kinds) {
      if (!kinds.insert(kind).second) {
        return absl::InvalidArgumentError(absl::StrCat("check collector ", name, ": kind ", kind, " has another"));
      }
    }
    previous = name;
  }
  return absl::OkStatus();
}

}  // namespace rollcall

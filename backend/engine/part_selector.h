// Which rows of a bucket a request for part of it selects.
#ifndef ROLLCALL_BACKEND_ENGINE_PART_SELECTOR_H_
#define ROLLCALL_BACKEND_ENGINE_PART_SELECTOR_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/retention/tenant_timeline.h"
#include "backend/store/bucket_store.h"
#include "backend/store/store.h"
#include "proto/field_path.h"
#include "proto/kind_registry.h"

namespace rollcall {

// Hosts, elements and fields of a selector, resolved; its services, categories and days are the bucket's. Immutable.
class PartSelector {
 public:
  // A host is an agent's id or the host id it gave; host names are in records, which may be gone. NotFound if no agent
  // of the tenant is called so, and InvalidArgument for a field that is none: what selects nothing because of a slip
  // must not be taken for fulfilled.
  static absl::StatusOr<PartSelector> Resolve(const pb::Selector& selector, const std::vector<AgentRow>& agents);

  // Whether the row meets every condition that is set. DataLoss if its record cannot be read; it counts for fields
  // only.
  absl::StatusOr<bool> Selects(const BucketRow& row) const;

 private:
  struct Field {
    const Kind* kind;
    FieldPath path;
    std::string value;
  };

  std::set<std::string> agent_ids_;
  bool any_agent_ = true;
  std::set<int> elements_;
  std::vector<Field> fields_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ENGINE_PART_SELECTOR_H_

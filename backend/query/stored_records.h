// Stored versions as readers see them, and what changed between two sets of them.
#ifndef ROLLCALL_BACKEND_QUERY_STORED_RECORDS_H_
#define ROLLCALL_BACKEND_QUERY_STORED_RECORDS_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "backend/query/host_directory.h"
#include "backend/store/store.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// With derived fields and host names filled, without retention dates. DataLoss if the stored
// payload does not parse. `host` may be nullptr.
absl::StatusOr<pb::StoredRecord> ToStoredRecord(const StoredVersion& version, const HostEntry* host);

// Assets that are in one set only or differ: (before, after), either nullptr. Each set holds at
// most one version per asset. In order of agent, kind and asset key. The results point into the
// arguments. Pure.
std::vector<std::pair<const StoredVersion*, const StoredVersion*>> DiffVersions(
    const std::vector<StoredVersion>& before, const std::vector<StoredVersion>& after);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_STORED_RECORDS_H_

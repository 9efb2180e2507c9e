// Reading records and their history.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_SCAN_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_SCAN_H_

#include <vector>

#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

// Each runs inside the caller's transaction and does what the Store method says.
absl::StatusOr<ScanPage> ScanVersions(Connection* db, const ScanQuery& query, absl::string_view cursor, size_t limit);
absl::StatusOr<std::vector<AssetKey>> ReadAssetKeys(Connection* db, absl::string_view tenant, absl::string_view prefix,
                                                    size_t limit);
absl::StatusOr<std::vector<StoredVersion>> ReadHistory(Connection* db, absl::string_view tenant, const AssetKey& key);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_SCAN_H_

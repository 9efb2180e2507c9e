// The SQL of a file of data keys: the store's own, and each of its backups.
#ifndef ROLLCALL_BACKEND_KEYS_KEY_DATABASE_H_
#define ROLLCALL_BACKEND_KEYS_KEY_DATABASE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// What a database knows of a key.
struct KeyRow {
  std::string tag;
  // Empty once destroyed.
  std::string wrapped;
  std::optional<absl::Time> destroyed_at;
  // The complement of the wrapping's nonce: enough to look for the wrapped key, without being a trace of it.
  std::string trace;
};

// Opens or makes a database with mode 0600, secure_delete and a write-ahead log. PermissionDenied if others may
// read it.
absl::StatusOr<std::unique_ptr<Connection>> OpenKeyDatabase(const std::string& path);

// NotFound if the key never was.
absl::StatusOr<KeyRow> FindKey(Connection* db, absl::string_view key_id);

absl::Status InsertKey(Connection* db, absl::string_view key_id, const std::string& tag, absl::string_view wrapped,
                       absl::Time now);

// One transaction: overwrites and deletes the keys that are there, and notes that they were. Then the log is written
// back and truncated. Keys that are not there are left as they are, so it can be repeated.
absl::Status DestroyKeys(Connection* db, const std::vector<std::string>& key_ids, absl::Time now);

// Writes the log back and truncates it. Unavailable if somebody reads the database.
absl::Status TruncateLog(Connection* db);

// Writes all rows anew (VACUUM) and truncates the log.
absl::Status RewriteDatabase(Connection* db);

// Whether any of `patterns`, each of kNonceBytes, is in the file. A file that is not there has none.
absl::StatusOr<bool> FileHasAny(const std::string& path, const std::vector<std::string>& patterns);

// The complement of every byte.
std::string Complement(absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_KEYS_KEY_DATABASE_H_

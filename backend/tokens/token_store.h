// The tokens people hold, as far as the backend keeps them: never a secret, only its hash.
#ifndef ROLLCALL_BACKEND_TOKENS_TOKEN_STORE_H_
#define ROLLCALL_BACKEND_TOKENS_TOKEN_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

struct TokenRow {
  std::string id;
  // Of the secret: HashOfSecret.
  std::string secret_hash;
  // Whose it is, and SAN URIs as a certificate of the same rights would have them (backend/pki/peer_identity.h).
  std::string person;
  std::vector<std::string> identities;
  absl::Time made_at;
  absl::Time ends_at;
  std::optional<absl::Time> revoked_at;
  // To the hour.
  std::optional<absl::Time> used_at;
};

// Something that is to be told in the ledger, and has not been yet.
struct TokenEvent {
  enum class What { kMade = 1, kRevoked = 2 };
  int64_t sequence = 0;
  What what = What::kMade;
  absl::Time at;
  TokenRow token;
};

// How long a token that has ended is still listed.
inline constexpr absl::Duration kKeepEndedTokens = absl::Hours(24 * 30);

// A SQLite database, mode 0600, that the running backend and the commands share. Not thread-safe. Errors beside those
// named are the database's: Unavailable for what may pass, DataLoss for damage.
class TokenStore {
 public:
  // Opens or makes it. PermissionDenied if others than its owner may read it; FailedPrecondition if it is another
  // program's or a newer version's.
  static absl::StatusOr<std::unique_ptr<TokenStore>> Open(const std::string& path);

  // Keeps a new token and the event of it; forgets those that ended kKeepEndedTokens before `token.made_at`.
  absl::Status Add(const TokenRow& token);
  // Ends a token at once, and keeps the event. NotFound if there is none; AlreadyExists, and nothing done, if it was
  // revoked before.
  absl::Status Revoke(const std::string& id, absl::Time now);
  // All, the oldest first.
  absl::StatusOr<std::vector<TokenRow>> List();

  // A number that changes when another process has changed the database.
  absl::StatusOr<int64_t> Version();
  // Notes when tokens were last used; whole hours. Tokens that are gone are left out.
  absl::Status NoteUses(const std::map<std::string, absl::Time>& used_at);

  // At most 100, in order.
  absl::StatusOr<std::vector<TokenEvent>> PendingEvents();
  absl::Status ForgetEvent(int64_t sequence);

 private:
  explicit TokenStore(std::unique_ptr<Connection> db) : db_(std::move(db)) {}

  const std::unique_ptr<Connection> db_;
};

// DATA/tokens.db.
std::string TokenDatabasePath(const std::string& data_dir);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_TOKEN_STORE_H_

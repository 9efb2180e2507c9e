// The tokens in memory, where calls are authenticated against them without waiting for a disk.
#ifndef ROLLCALL_BACKEND_TOKENS_TOKEN_BOOK_H_
#define ROLLCALL_BACKEND_TOKENS_TOKEN_BOOK_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/access/grant.h"
#include "backend/tokens/token_store.h"
#include "platform/clock.h"

namespace rollcall {

// A book that was not compared with the database for so long opens nothing: somebody may have been revoked in it.
inline constexpr absl::Duration kBookGoodFor = absl::Seconds(30);

// Thread-safe.
class TokenBook {
 public:
  // `clock` outlives the book, which is empty and good for nothing until Replace.
  explicit TokenBook(const Clock* clock) : clock_(clock) {}

  // What a token grants: as GrantOf for a certificate with the same SAN URIs that ends when the token does.
  //   Unauthenticated  it is not one, unknown or its secret is wrong, which is all one answer; it has ended; it was
  //                    revoked. The last two are said to its holder only.
  //   Unavailable      the book is not good: see kBookGoodFor.
  absl::StatusOr<Grant> Authenticate(absl::string_view token);

  // Every token there is, as the database has them now.
  void Replace(std::vector<TokenRow> rows);
  // The database was looked at, and nothing has changed.
  void Confirm();

  // When tokens were last used, of those used since this was called before.
  std::map<std::string, absl::Time> TakeUses();

 private:
  const Clock* const clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, TokenRow> tokens_;
  std::map<std::string, absl::Time> uses_;
  std::optional<absl::Duration> compared_at_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_TOKEN_BOOK_H_

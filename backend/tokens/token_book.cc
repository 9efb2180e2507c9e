#include "backend/tokens/token_book.h"

#include <utility>

#include "backend/tokens/token_text.h"

namespace rollcall {
namespace {

// Compared with where there is no token of that id, so that both take the same time. No secret has this hash.
constexpr absl::string_view kNobodysHash = "0000000000000000000000000000000000000000000000000000000000000000";

absl::Status WrongToken() { return absl::UnauthenticatedError("authenticate person: the token is not a valid one"); }

}  // namespace

absl::StatusOr<Grant> TokenBook::Authenticate(absl::string_view token) {
  const absl::StatusOr<TokenText> text = ParseToken(token);
  if (!text.ok()) return WrongToken();
  const std::string hash = HashOfSecret(text->secret);
  const absl::Time now = clock_->Now();
  const std::lock_guard lock(mutex_);
  if (!compared_at_.has_value() || clock_->Monotonic() - *compared_at_ > kBookGoodFor) {
    return absl::UnavailableError("authenticate person: the backend cannot read its tokens now; try again later");
  }
  const auto it = tokens_.find(text->id);
  const bool known = it != tokens_.end();
  if (!SameHash(hash, known ? absl::string_view(it->second.secret_hash) : kNobodysHash) || !known) return WrongToken();
  const TokenRow& row = it->second;
  if (row.revoked_at.has_value()) return absl::UnauthenticatedError("authenticate person: the token was revoked");
  if (now >= row.ends_at) return absl::UnauthenticatedError("authenticate person: the token has ended");
  absl::StatusOr<Grant> grant = GrantOf(row.identities, row.ends_at);
  if (grant.ok()) uses_[row.id] = now;
  return grant;
}

void TokenBook::Replace(std::vector<TokenRow> rows) {
  std::unordered_map<std::string, TokenRow> tokens;
  for (TokenRow& row : rows) {
    std::string id = row.id;
    tokens.emplace(std::move(id), std::move(row));
  }
  const std::lock_guard lock(mutex_);
  tokens_.swap(tokens);
  compared_at_ = clock_->Monotonic();
}

void TokenBook::Confirm() {
  const std::lock_guard lock(mutex_);
  compared_at_ = clock_->Monotonic();
}

std::map<std::string, absl::Time> TokenBook::TakeUses() {
  const std::lock_guard lock(mutex_);
  return std::exchange(uses_, {});
}

}  // namespace rollcall

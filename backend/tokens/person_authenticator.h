// From a call to the person who makes it: by the certificate of the connection, or by a token.
#ifndef ROLLCALL_BACKEND_TOKENS_PERSON_AUTHENTICATOR_H_
#define ROLLCALL_BACKEND_TOKENS_PERSON_AUTHENTICATOR_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/access/grant.h"
#include "backend/tokens/refusal_limiter.h"
#include "backend/tokens/token_book.h"
#include "platform/clock.h"

namespace rollcall {

// Metadata a token comes in, as `Bearer TOKEN`.
inline constexpr char kTokenMetadata[] = "authorization";

// Called from any thread; must not block.
class TokenObserver {
 public:
  virtual ~TokenObserver() = default;
  // A call without a certificate was not let in: `none` (no token), `invalid` (wrong, ended or revoked) or `limited`
  // (too many of those from its network).
  virtual void OnTokenRefused(absl::string_view /*reason*/) {}
};

// Thread-safe.
class PersonAuthenticator {
 public:
  // `tokens` may be nullptr: then no token is good. All outlive this.
  PersonAuthenticator(TokenBook* tokens, const Clock* clock, TokenObserver* observer)
      : tokens_(tokens), clock_(clock), observer_(observer) {}

  // What the caller is granted. Who showed a certificate is judged by it alone, and is refused with a token beside
  // it: two claims about who calls are none. Never blocks.
  //   Unauthenticated, PermissionDenied  of a certificate: see AuthenticatePerson; of a token: TokenBook::Authenticate;
  //   ResourceExhausted                  no good token, and too many such calls from its network;
  //   Unavailable                        tokens cannot be read.
  absl::StatusOr<Grant> Authenticate(const grpc::CallbackServerContext& call);

  // The same for a call without a certificate, with these values of kTokenMetadata.
  absl::StatusOr<Grant> AuthenticateToken(const std::vector<absl::string_view>& values, absl::string_view peer);

 private:
  absl::StatusOr<Grant> Lookup(const std::vector<absl::string_view>& values);

  TokenBook* const tokens_;
  const Clock* const clock_;
  TokenObserver* const observer_;
  RefusalLimiter limiter_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_PERSON_AUTHENTICATOR_H_

#include "backend/tokens/person_authenticator.h"

#include "absl/strings/strip.h"
#include "backend/ingest/peer_authentication.h"

namespace rollcall {

absl::StatusOr<Grant> PersonAuthenticator::Authenticate(const grpc::CallbackServerContext& call) {
  std::vector<absl::string_view> values;
  const auto [first, last] = call.client_metadata().equal_range(kTokenMetadata);
  for (auto it = first; it != last; ++it) values.emplace_back(it->second.data(), it->second.size());
  if (!call.auth_context()->IsPeerAuthenticated()) return AuthenticateToken(values, call.peer());
  if (values.empty()) return AuthenticatePerson(*call.auth_context());
  return absl::UnauthenticatedError("authenticate person: a token beside a certificate; show one of them");
}

absl::StatusOr<Grant> PersonAuthenticator::AuthenticateToken(const std::vector<absl::string_view>& values,
                                                             absl::string_view peer) {
  absl::StatusOr<Grant> grant = Lookup(values);
  if (grant.ok() || absl::IsUnavailable(grant.status())) return grant;
  // What is kept of a refusal is kept for good: a stranger must not be able to make it much.
  if (!limiter_.Admit(NetworkOf(peer), clock_->Monotonic())) {
    observer_->OnTokenRefused("limited");
    return absl::ResourceExhaustedError(
        "authenticate person: no valid token, and too many such calls; try again later");
  }
  observer_->OnTokenRefused(values.empty() ? "none" : "invalid");
  return grant;
}

absl::StatusOr<Grant> PersonAuthenticator::Lookup(const std::vector<absl::string_view>& values) {
  if (values.empty()) {
    return absl::UnauthenticatedError("authenticate person: neither a certificate nor a token; see `rollcall login`");
  }
  absl::string_view token = values.front();
  if (values.size() > 1 || !absl::ConsumePrefix(&token, "Bearer ") || tokens_ == nullptr) {
    return absl::UnauthenticatedError("authenticate person: the token is not a valid one");
  }
  return tokens_->Authenticate(token);
}

}  // namespace rollcall

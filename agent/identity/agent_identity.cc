#include "agent/identity/agent_identity.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kScheme = "rollcall://";
constexpr size_t kMaxTenant = 64;
constexpr size_t kUuidLength = 36;
constexpr size_t kMaxPemBytes = size_t{1} << 20;

struct Deleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

bool IsTenant(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxTenant && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' || c == '.';
  });
}

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const auto c = static_cast<unsigned char>(text[i]);
    if (hyphen ? c != '-' : !(absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

std::vector<std::string> UriNames(const X509* certificate) {
  std::vector<std::string> uris;
  const Owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

absl::Time NotAfter(const X509* certificate) {
  std::tm time = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return absl::InfinitePast();
  return absl::FromTM(time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<AgentIdentity> ParseAgentUri(absl::string_view uri) {
  absl::string_view rest = uri;
  const bool scheme = absl::ConsumePrefix(&rest, kScheme);
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, '/');
  if (!scheme || parts.size() != 3 || parts[1] != "agent" || !IsTenant(parts[0]) || !IsUuid(parts[2])) {
    return absl::InvalidArgumentError("parse agent URI: expected rollcall://TENANT/agent/UUID");
  }
  AgentIdentity identity;
  identity.tenant = std::string(parts[0]);
  identity.agent_id = std::string(parts[2]);
  return identity;
}

absl::StatusOr<AgentIdentity> IdentityFromCertificate(absl::string_view pem) {
  if (pem.size() > kMaxPemBytes) return absl::InvalidArgumentError("read agent certificate: larger than 1 MiB");
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // An empty pass phrase instead of a prompt on the terminal.
  const Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (certificate == nullptr) return absl::InvalidArgumentError("read agent certificate: no PEM certificate in it");
  absl::StatusOr<AgentIdentity> found =
      absl::InvalidArgumentError("read agent certificate: no subject alternative name rollcall://TENANT/agent/UUID");
  for (const std::string& uri : UriNames(certificate.get())) {
    absl::StatusOr<AgentIdentity> identity = ParseAgentUri(uri);
    if (!identity.ok()) continue;
    if (found.ok()) return absl::InvalidArgumentError("read agent certificate: it names more than one agent");
    found = *std::move(identity);
  }
  if (found.ok()) found->not_after = NotAfter(certificate.get());
  return found;
}

}  // namespace rollcall

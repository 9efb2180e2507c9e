#include "agent/transport/http_proxy.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kScheme = "http://";
constexpr size_t kMaxCredentials = 512;

// RFC 3986, section 2.3, and the colon between user and password.
bool NeedsNoEscape(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == ':';
}

std::string PercentEncoded(absl::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (NeedsNoEscape(c)) {
      out += static_cast<char>(c);
    } else {
      absl::StrAppendFormat(&out, "%%%02X", static_cast<unsigned int>(c));
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> ProxyUri(absl::string_view proxy, absl::string_view credentials) {
  credentials = absl::StripSuffix(absl::StripSuffix(credentials, "\n"), "\r");
  if (credentials.empty()) return std::string(proxy);
  // gRPC splits what it has decoded, so an at sign would end the credentials early.
  const bool usable = credentials.size() <= kMaxCredentials && absl::StrContains(credentials, ':') &&
                      credentials[0] != ':' && !absl::StrContains(credentials, '@') &&
                      std::none_of(credentials.begin(), credentials.end(), absl::ascii_iscntrl);
  if (!usable) {
    return absl::InvalidArgumentError(
        absl::StrCat("read the proxy's credentials: expected one line USER:PASSWORD of at most ", kMaxCredentials,
                     " bytes without '@' and control characters"));
  }
  return absl::StrCat(kScheme, PercentEncoded(credentials), "@", absl::StripPrefix(proxy, kScheme));
}

}  // namespace rollcall

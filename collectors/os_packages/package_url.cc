#include "collectors/os_packages/package_url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

// Characters the specification leaves as they are; the colon is one of them.
bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':';
}

void AppendEncoded(absl::string_view text, std::string* url) {
  constexpr absl::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (IsPlain(c)) {
      url->push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    url->push_back('%');
    url->push_back(kDigits[byte >> 4]);
    url->push_back(kDigits[byte & 0xF]);
  }
}

}  // namespace

std::string PackageUrl(absl::string_view type, const Distribution& distribution, absl::string_view name,
                       absl::string_view version, absl::string_view architecture) {
  std::string url;
  url.reserve(96);
  absl::StrAppend(&url, "pkg:", type, "/");
  AppendEncoded(distribution.id, &url);
  url.push_back('/');
  // deb names are case-insensitive and written in lower case; rpm names are not touched.
  AppendEncoded(type == "deb" ? absl::AsciiStrToLower(name) : std::string(name), &url);
  if (!version.empty()) {
    url.push_back('@');
    AppendEncoded(version, &url);
  }
  char separator = '?';
  if (!architecture.empty()) {
    absl::StrAppend(&url, "?arch=");
    AppendEncoded(architecture, &url);
    separator = '&';
  }
  url.push_back(separator);
  absl::StrAppend(&url, "distro=");
  AppendEncoded(distribution.id, &url);
  if (!distribution.version.empty()) {
    url.push_back('-');
    AppendEncoded(distribution.version, &url);
  }
  return url;
}

}  // namespace rollcall

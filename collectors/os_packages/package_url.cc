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

// The specification wants these names in lower case; those of rpm are not touched, and it says
// nothing of opkg.
bool HasLowerCaseNames(absl::string_view type) { return type == "deb" || type == "apk" || type == "alpm"; }

}  // namespace

std::string PackageUrl(absl::string_view type, const Distribution& distribution, absl::string_view name,
                       absl::string_view version, absl::string_view architecture, std::optional<uint32_t> epoch) {
  std::string url;
  url.reserve(96);
  absl::StrAppend(&url, "pkg:", type, "/");
  AppendEncoded(distribution.id, &url);
  url.push_back('/');
  AppendEncoded(HasLowerCaseNames(type) ? absl::AsciiStrToLower(name) : std::string(name), &url);
  if (!version.empty()) {
    url.push_back('@');
    AppendEncoded(version, &url);
  }
  // Sorted by name.
  char separator = '?';
  const auto append_key = [&](absl::string_view key) {
    url.push_back(separator);
    absl::StrAppend(&url, key, "=");
    separator = '&';
  };
  if (!architecture.empty()) {
    append_key("arch");
    AppendEncoded(architecture, &url);
  }
  if (type != "alpm") {
    append_key("distro");
    AppendEncoded(distribution.id, &url);
    if (!distribution.version.empty()) {
      url.push_back('-');
      AppendEncoded(distribution.version, &url);
    }
  }
  if (epoch) {
    append_key("epoch");
    absl::StrAppend(&url, *epoch);
  }
  return url;
}

}  // namespace rollcall

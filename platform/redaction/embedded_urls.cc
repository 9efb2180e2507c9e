#include "platform/redaction/embedded_urls.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "platform/redaction/byte_set.h"
#include "platform/redaction/harmless_value.h"

namespace rollcall {
namespace {

constexpr absl::string_view kUserinfo = "url.userinfo";
constexpr absl::string_view kPath = "url.path";

// What follows `host/` is a credential.
constexpr auto kWebhooks = std::to_array<absl::string_view>(
    {"hooks.slack.com/services/", "hooks.slack.com/workflows/", "discord.com/api/webhooks/",
     "discordapp.com/api/webhooks/", "api.telegram.org/bot", "outlook.office.com/webhook/",
     "chat.googleapis.com/v1/spaces/", "qyapi.weixin.qq.com/cgi-bin/webhook/", "webhook.office.com/webhookb2/"});

// Ends a URL in running text. A backslash may be part of an escaped byte.
constexpr ByteSet kUrlEnds(absl::string_view(" \t\n\v\f\r\"'`<>|\0", 13));
constexpr ByteSet kAuthorityEnds("/?#");
bool EndsUrl(char c) { return kUrlEnds.Has(c); }

bool AllDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// `name:${PORT}` and the like: what follows the colon is a port yet to be filled in.
bool MayBePort(absl::string_view text) {
  return AllDigits(text) || text.front() == '$' || text.front() == '{' || text.front() == '<' || text.front() == '%';
}

// Where the user information of [begin, end) ends: the position of its `@`, or npos.
size_t UserinfoEnd(absl::string_view text, size_t begin, size_t end) {
  const size_t authority = kAuthorityEnds.Find(text.substr(0, end), begin);
  const absl::string_view name = text.substr(begin, authority - begin);
  const size_t at = name.rfind('@');
  if (at != name.npos) return begin + at;
  // `user:pa/ss@host`: not a port, so the password goes on behind the slash.
  const size_t colon = name.find(':');
  if (colon == name.npos || name.front() == '[' || authority == end) return absl::string_view::npos;
  const absl::string_view port = name.substr(colon + 1);
  if (port.empty() || MayBePort(port)) return absl::string_view::npos;
  const size_t late_at = text.substr(authority, end - authority).rfind('@');
  return late_at == text.npos ? text.npos : authority + late_at;
}

void RedactUserinfo(absl::string_view text, size_t begin, size_t end, Rewriter* rewriter, RuleList* rules) {
  const absl::string_view info = text.substr(begin, end - begin);
  const size_t colon = info.find(':');
  const absl::string_view user = info.substr(0, colon);
  // The colon of an earlier replacement is not a separator.
  if (IsReplacement(info)) return;
  if (!IsReplacement(user) && LooksGenerated(user)) rewriter->Replace(begin, begin + user.size(), kUserinfo, rules);
  if (absl::StartsWith(info, "[REDACTED:")) {
    const size_t close = info.find(']');
    if (close == info.npos || close + 1 >= info.size() || info[close + 1] != ':') return;
    if (IsHarmlessValue(info.substr(close + 2), KeyStrength::kStrong)) return;
    rewriter->Replace(begin + close + 2, end, kUserinfo, rules);
    return;
  }
  if (colon == info.npos || IsHarmlessValue(info.substr(colon + 1), KeyStrength::kStrong)) return;
  rewriter->Replace(begin + colon + 1, end, kUserinfo, rules);
}

void RedactWebhook(absl::string_view text, size_t begin, size_t end, Rewriter* rewriter, RuleList* rules) {
  const absl::string_view url = text.substr(begin, end - begin);
  for (const absl::string_view webhook : kWebhooks) {
    const size_t at = url.find(webhook);
    // The host itself, or one of a tenant's below it.
    if (at == url.npos || at > url.find('/') || (at > 0 && url[at - 1] != '.')) continue;
    const size_t secret = at + webhook.size();
    if (absl::StartsWith(url.substr(secret), "[REDACTED:")) return;
    const size_t query = url.find('?');
    rewriter->Replace(begin + secret, begin + std::min(query, url.size()), kPath, rules);
  }
}

// What is before the user of a data source without `//`, and what is between user and password:
// `jdbc:oracle:thin:user/password@host`, `netroot=iscsi:user:password@target`.
struct UserStart {
  absl::string_view before;
  char separator;
};
constexpr auto kUserStarts =
    std::to_array<UserStart>({{"oracle:thin:", '/'}, {"oracle:oci:", '/'}, {"oracle:oci8:", '/'}, {"iscsi:", ':'}});

void RedactUsers(absl::string_view text, Rewriter* rewriter, RuleList* rules) {
  for (const UserStart& start : kUserStarts) {
    for (size_t at = text.find(start.before); at != text.npos; at = text.find(start.before, at + start.before.size())) {
      const size_t begin = at + start.before.size();
      size_t end = begin;
      while (end < text.size() && !EndsUrl(text[end]) && end - begin < 1024) ++end;
      const absl::string_view rest = text.substr(begin, end - begin);
      const size_t separator = rest.find(start.separator);
      const size_t host = rest.rfind('@');
      if (separator == rest.npos || host == rest.npos || separator >= host || separator == 0) continue;
      if (IsHarmlessValue(rest.substr(separator + 1, host - separator - 1), KeyStrength::kStrong)) continue;
      rewriter->Replace(begin + separator + 1, begin + host, kUserinfo, rules);
    }
  }
}

// `user:password@tcp(host)/database`, the data source names of Go's MySQL driver.
void RedactGoDataSources(absl::string_view text, Rewriter* rewriter, RuleList* rules) {
  constexpr auto kNetworks = std::to_array<absl::string_view>({"@tcp(", "@unix("});
  for (const absl::string_view network : kNetworks) {
    for (size_t at = text.find(network); at != text.npos; at = text.find(network, at + network.size())) {
      size_t begin = at;
      while (begin > rewriter->done() && !EndsUrl(text[begin - 1]) && at - begin < 512) --begin;
      const size_t colon = text.substr(begin, at - begin).find(':');
      if (colon == text.npos) continue;
      if (IsHarmlessValue(text.substr(begin + colon + 1, at - begin - colon - 1), KeyStrength::kStrong)) continue;
      if (absl::EndsWith(text.substr(0, at), "]")) continue;  // replaced before
      rewriter->Replace(begin + colon + 1, at, kUserinfo, rules);
    }
  }
}

// Runs a scan over the value and stores its result.
template <typename Scan>
void Apply(Scan scan, std::string* value, RuleList* rules) {
  const absl::string_view text = *value;
  Rewriter rewriter(text);
  scan(text, &rewriter, rules);
  rewriter.Finish(value);
}

void RedactUrls(absl::string_view text, Rewriter* rewriter, RuleList* rules) {
  for (size_t colon = text.find("://"); colon != text.npos;) {
    const size_t begin = colon + 3;
    const size_t next = text.find("://", begin);
    size_t end = begin;
    // In `a://b,c://d` each is a URL of its own.
    while (end < text.size() && end < next && !EndsUrl(text[end])) ++end;
    const size_t at = begin < end ? UserinfoEnd(text, begin, end) : text.npos;
    if (at != text.npos) RedactUserinfo(text, begin, at, rewriter, rules);
    RedactWebhook(text, at == text.npos ? begin : at + 1, end, rewriter, rules);
    colon = next;
  }
}

}  // namespace

void RedactEmbeddedUrls(std::string* value, RuleList* rules) {
  // All of these have one; most values do not.
  if (!absl::StrContains(*value, ':')) return;
  if (absl::StrContains(*value, "://")) Apply(RedactUrls, value, rules);
  if (absl::StrContains(*value, "oracle:") || absl::StrContains(*value, "iscsi:")) Apply(RedactUsers, value, rules);
  if (absl::StrContains(*value, "@tcp(") || absl::StrContains(*value, "@unix(")) {
    Apply(RedactGoDataSources, value, rules);
  }
}

}  // namespace rollcall

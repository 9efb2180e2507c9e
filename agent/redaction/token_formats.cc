#include "agent/redaction/token_formats.h"

#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall {
namespace {

enum class Alphabet { kUpperAlnum, kAlnum, kWord, kWordDash, kWordDashDot, kHash, kHex };

struct Format {
  absl::string_view prefix;
  Alphabet alphabet;
  // Bytes of that alphabet after the prefix.
  size_t at_least;
  absl::string_view rule;
};

constexpr auto kFormats = std::to_array<Format>({
    {"AKIA", Alphabet::kUpperAlnum, 16, "token.aws"},
    {"ASIA", Alphabet::kUpperAlnum, 16, "token.aws"},
    {"ABIA", Alphabet::kUpperAlnum, 16, "token.aws"},
    {"ACCA", Alphabet::kUpperAlnum, 16, "token.aws"},
    {"ghp_", Alphabet::kAlnum, 30, "token.github"},
    {"gho_", Alphabet::kAlnum, 30, "token.github"},
    {"ghu_", Alphabet::kAlnum, 30, "token.github"},
    {"ghs_", Alphabet::kAlnum, 30, "token.github"},
    {"ghr_", Alphabet::kAlnum, 30, "token.github"},
    {"github_pat_", Alphabet::kWord, 22, "token.github"},
    {"glpat-", Alphabet::kWordDashDot, 16, "token.gitlab"},
    {"gldt-", Alphabet::kWordDash, 16, "token.gitlab"},
    {"glrt-", Alphabet::kWordDash, 16, "token.gitlab"},
    {"glcbt-", Alphabet::kWordDash, 16, "token.gitlab"},
    {"glptt-", Alphabet::kWordDash, 16, "token.gitlab"},
    {"xoxa-", Alphabet::kWordDash, 10, "token.slack"},
    {"xoxb-", Alphabet::kWordDash, 10, "token.slack"},
    {"xoxe-", Alphabet::kWordDash, 10, "token.slack"},
    {"xoxe.", Alphabet::kWordDashDot, 10, "token.slack"},
    {"xoxo-", Alphabet::kWordDash, 10, "token.slack"},
    {"xoxp-", Alphabet::kWordDash, 10, "token.slack"},
    {"xoxr-", Alphabet::kWordDash, 10, "token.slack"},
    {"xoxs-", Alphabet::kWordDash, 10, "token.slack"},
    {"xapp-", Alphabet::kWordDash, 20, "token.slack"},
    {"sk_live_", Alphabet::kAlnum, 10, "token.stripe"},
    {"rk_live_", Alphabet::kAlnum, 10, "token.stripe"},
    {"sk_test_", Alphabet::kAlnum, 10, "token.stripe"},
    {"rk_test_", Alphabet::kAlnum, 10, "token.stripe"},
    {"whsec_", Alphabet::kAlnum, 16, "token.stripe"},
    {"sk-ant-", Alphabet::kWordDash, 20, "token.anthropic"},
    {"sk-proj-", Alphabet::kWordDash, 20, "token.openai"},
    {"sk-", Alphabet::kAlnum, 40, "token.openai"},
    {"AIza", Alphabet::kWordDash, 35, "token.google"},
    {"ya29.", Alphabet::kWordDash, 20, "token.google"},
    {"GOCSPX-", Alphabet::kWordDash, 20, "token.google"},
    {"npm_", Alphabet::kAlnum, 36, "token.npm"},
    {"pypi-", Alphabet::kWordDash, 50, "token.pypi"},
    {"hvs.", Alphabet::kWordDash, 20, "token.vault"},
    {"hvb.", Alphabet::kWordDash, 20, "token.vault"},
    {"hvr.", Alphabet::kWordDash, 20, "token.vault"},
    {"dop_v1_", Alphabet::kHex, 60, "token.digitalocean"},
    {"doo_v1_", Alphabet::kHex, 60, "token.digitalocean"},
    {"dor_v1_", Alphabet::kHex, 60, "token.digitalocean"},
    {"shpat_", Alphabet::kAlnum, 30, "token.shopify"},
    {"shpss_", Alphabet::kAlnum, 30, "token.shopify"},
    {"shpca_", Alphabet::kAlnum, 30, "token.shopify"},
    {"dckr_pat_", Alphabet::kWordDash, 20, "token.docker"},
    {"hf_", Alphabet::kAlnum, 30, "token.huggingface"},
    {"glsa_", Alphabet::kWord, 30, "token.grafana"},
    {"glc_", Alphabet::kAlnum, 40, "token.grafana"},
    {"lin_api_", Alphabet::kAlnum, 30, "token.linear"},
    {"NRAK-", Alphabet::kUpperAlnum, 25, "token.newrelic"},
    {"PMAK-", Alphabet::kWordDash, 50, "token.postman"},
    {"sqp_", Alphabet::kAlnum, 36, "token.sonar"},
    {"squ_", Alphabet::kAlnum, 36, "token.sonar"},
    {"ATATT3", Alphabet::kWordDash, 60, "token.atlassian"},
    {"tskey-", Alphabet::kWordDash, 20, "token.tailscale"},
    {"sntrys_", Alphabet::kWordDash, 40, "token.sentry"},
    {"dp.pt.", Alphabet::kAlnum, 30, "token.doppler"},
    {"pul-", Alphabet::kHex, 40, "token.pulumi"},
    {"AGE-SECRET-KEY-1", Alphabet::kUpperAlnum, 40, "token.age"},
    {"SG.", Alphabet::kWordDashDot, 40, "token.sendgrid"},
    {"key-", Alphabet::kHex, 32, "token.mailgun"},
    {"$2a$", Alphabet::kHash, 50, "token.password_hash"},
    {"$2b$", Alphabet::kHash, 50, "token.password_hash"},
    {"$2y$", Alphabet::kHash, 50, "token.password_hash"},
    {"$apr1$", Alphabet::kHash, 22, "token.password_hash"},
    {"$1$", Alphabet::kHash, 22, "token.password_hash"},
    {"$5$", Alphabet::kHash, 40, "token.password_hash"},
    {"$6$", Alphabet::kHash, 60, "token.password_hash"},
    {"$7$", Alphabet::kHash, 40, "token.password_hash"},
    {"$y$", Alphabet::kHash, 40, "token.password_hash"},
    {"$gy$", Alphabet::kHash, 40, "token.password_hash"},
    {"$argon2", Alphabet::kHash, 30, "token.password_hash"},
    {"$pbkdf2", Alphabet::kHash, 30, "token.password_hash"},
    {"{SSHA}", Alphabet::kHash, 20, "token.password_hash"},
    {"{SHA}", Alphabet::kHash, 20, "token.password_hash"},
    {"SCRAM-SHA-256$", Alphabet::kHash, 40, "token.password_hash"},
});

bool Accepts(Alphabet alphabet, char c) {
  const auto byte = static_cast<unsigned char>(c);
  switch (alphabet) {
    case Alphabet::kUpperAlnum:
      return absl::ascii_isupper(byte) || absl::ascii_isdigit(byte);
    case Alphabet::kAlnum:
      return absl::ascii_isalnum(byte);
    case Alphabet::kWord:
      return absl::ascii_isalnum(byte) || c == '_';
    case Alphabet::kWordDash:
      return absl::ascii_isalnum(byte) || c == '_' || c == '-';
    case Alphabet::kWordDashDot:
      return absl::ascii_isalnum(byte) || c == '_' || c == '-' || c == '.';
    case Alphabet::kHash:
      return absl::ascii_isalnum(byte) || absl::StrContains("./+=$,:-", absl::string_view(&c, 1));
    case Alphabet::kHex:
      return absl::ascii_isxdigit(byte);
  }
  return false;
}

// End of the longest run of the alphabet from `begin`.
size_t RunEnd(absl::string_view text, size_t begin, Alphabet alphabet) {
  while (begin < text.size() && Accepts(alphabet, text[begin])) ++begin;
  return begin;
}

// First bytes of all formats, so that most positions are passed by one table look-up.
struct FirstBytes {
  constexpr FirstBytes() {
    for (const Format& format : kFormats) starts[static_cast<unsigned char>(format.prefix[0])] = true;
    starts[static_cast<unsigned char>('e')] = true;
    starts[static_cast<unsigned char>('-')] = true;
  }
  bool starts[256] = {};
};
constexpr FirstBytes kFirstBytes;

// End of a JSON Web Token that starts at `begin`, or `begin`. The header always encodes `{"`.
size_t JsonWebTokenEnd(absl::string_view text, size_t begin) {
  if (!absl::StartsWith(text.substr(begin), "eyJ")) return begin;
  const size_t header = RunEnd(text, begin, Alphabet::kWordDash);
  if (header - begin < 12 || header == text.size() || text[header] != '.') return begin;
  const size_t payload = RunEnd(text, header + 1, Alphabet::kWordDash);
  if (payload - header < 4) return begin;
  return RunEnd(text, payload, Alphabet::kWordDashDot);
}

// End of a PEM private key that starts at `begin`, or `begin`. Without an end line, all the
// rest of the value belongs to it.
size_t PrivateKeyEnd(absl::string_view text, size_t begin) {
  constexpr absl::string_view kBegin = "-----BEGIN ";
  if (!absl::StartsWith(text.substr(begin), kBegin)) return begin;
  const size_t label = begin + kBegin.size();
  const size_t label_end = text.find("-----", label);
  const absl::string_view name = text.substr(label, label_end == text.npos ? text.npos : label_end - label);
  if (name.size() > 64 || !absl::StrContains(name, "PRIVATE KEY")) return begin;
  const size_t end = text.find("-----END ", label);
  if (end == text.npos) return text.size();
  const size_t line_end = text.find("-----", end + 9);
  return line_end == text.npos ? text.size() : line_end + 5;
}

size_t FormatEnd(absl::string_view text, size_t begin, absl::string_view* rule) {
  for (const Format& format : kFormats) {
    if (!absl::StartsWith(text.substr(begin), format.prefix)) continue;
    const size_t body = begin + format.prefix.size();
    const size_t end = RunEnd(text, body, format.alphabet);
    if (end - body < format.at_least) continue;
    *rule = format.rule;
    return end;
  }
  return begin;
}

size_t TokenEnd(absl::string_view text, size_t begin, absl::string_view* rule) {
  size_t end = begin;
  if (text[begin] == '-') {
    *rule = "token.private_key";
    return PrivateKeyEnd(text, begin);
  }
  if (text[begin] == 'e') {
    *rule = "token.jwt";
    end = JsonWebTokenEnd(text, begin);
  }
  return end > begin ? end : FormatEnd(text, begin, rule);
}

}  // namespace

void RedactTokenFormats(std::string* value, RuleList* rules) {
  const absl::string_view text = *value;
  Rewriter rewriter(text);
  bool inside_word = false;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!inside_word && kFirstBytes.starts[byte]) {
      absl::string_view rule;
      const size_t end = TokenEnd(text, i, &rule);
      if (end > i) {
        rewriter.Replace(i, end, rule, rules);
        i = end;
        continue;
      }
    }
    inside_word = absl::ascii_isalnum(byte);
    ++i;
  }
  rewriter.Finish(value);
}

}  // namespace rollcall

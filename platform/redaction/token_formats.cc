#include "platform/redaction/token_formats.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "platform/redaction/byte_set.h"

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
    {"rubygems_", Alphabet::kHex, 40, "token.rubygems"},
    {"dapi", Alphabet::kHex, 32, "token.databricks"},
    {"EAACEdEose0cBA", Alphabet::kAlnum, 20, "token.facebook"},
    {"sq0atp-", Alphabet::kWordDash, 20, "token.square"},
    {"sq0csp-", Alphabet::kWordDash, 20, "token.square"},
    {"shippo_live_", Alphabet::kHex, 30, "token.shippo"},
    {"FLWSECK-", Alphabet::kAlnum, 20, "token.flutterwave"},
    {"xkeysib-", Alphabet::kWordDash, 40, "token.brevo"},
    {"ntn_", Alphabet::kAlnum, 40, "token.notion"},
    {"figd_", Alphabet::kWordDash, 30, "token.figma"},
    {"dt0c01.", Alphabet::kWordDashDot, 60, "token.dynatrace"},
    {"ops_eyJ", Alphabet::kWordDashDot, 40, "token.onepassword"},
    {"gsk_", Alphabet::kAlnum, 40, "token.groq"},
    {"r8_", Alphabet::kAlnum, 35, "token.replicate"},
    {"pscale_tkn_", Alphabet::kWordDashDot, 30, "token.planetscale"},
    {"nfp_", Alphabet::kAlnum, 30, "token.netlify"},
    {"CCIPAT_", Alphabet::kWord, 40, "token.circleci"},
    {"sbp_", Alphabet::kHex, 40, "token.supabase"},
    {"fio-u-", Alphabet::kWordDash, 40, "token.frameio"},
    {"AKCp", Alphabet::kAlnum, 60, "token.artifactory"},
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

constexpr ByteSet BytesOf(Alphabet alphabet) {
  switch (alphabet) {
    case Alphabet::kUpperAlnum:
      return ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    case Alphabet::kAlnum:
      return ByteSet("").WithAlnum();
    case Alphabet::kWord:
      return ByteSet("_").WithAlnum();
    case Alphabet::kWordDash:
      return ByteSet("_-").WithAlnum();
    case Alphabet::kWordDashDot:
      return ByteSet("_-.").WithAlnum();
    case Alphabet::kHash:
      return ByteSet("./+=$,:-").WithAlnum();
    case Alphabet::kHex:
      break;
  }
  return ByteSet("0123456789abcdefABCDEF");
}
// By the alphabet's number.
constexpr std::array<ByteSet, 7> kAlphabets = {
    BytesOf(Alphabet::kUpperAlnum),  BytesOf(Alphabet::kAlnum), BytesOf(Alphabet::kWord), BytesOf(Alphabet::kWordDash),
    BytesOf(Alphabet::kWordDashDot), BytesOf(Alphabet::kHash),  BytesOf(Alphabet::kHex)};

// End of the longest run of the alphabet from `begin`.
size_t RunEnd(absl::string_view text, size_t begin, Alphabet alphabet) {
  return kAlphabets[static_cast<size_t>(alphabet)].FindNot(text, begin);
}

// The formats by the first byte of their prefix, so that a word is compared with few of them, and
// most with none.
class FormatsByByte {
 public:
  constexpr FormatsByByte() {
    size_t placed = 0;
    for (size_t byte = 0; byte < 256; ++byte) {
      begin_[byte] = static_cast<uint8_t>(placed);
      for (size_t i = 0; i < kFormats.size(); ++i) {
        if (static_cast<unsigned char>(kFormats[i].prefix[0]) == byte) order_[placed++] = static_cast<uint8_t>(i);
      }
    }
    begin_[256] = static_cast<uint8_t>(placed);
  }

  // Whether a credential may begin with this byte; those of JWT and PEM are `e` and `-`.
  constexpr bool Begins(unsigned char byte) const {
    return begin_[byte] != begin_[byte + 1] || byte == 'e' || byte == '-';
  }
  const uint8_t* begin(unsigned char byte) const { return order_.data() + begin_[byte]; }
  const uint8_t* end(unsigned char byte) const { return order_.data() + begin_[byte + 1]; }

 private:
  static_assert(kFormats.size() < 256);
  std::array<uint8_t, 257> begin_ = {};
  std::array<uint8_t, kFormats.size()> order_ = {};
};
constexpr FormatsByByte kFormatsByByte;

// What a byte is to the scan for the beginnings of credentials, which begin where words do.
enum class ScanByte : uint8_t { kOther, kAlnum, kMayBegin, kAlnumMayBegin };
constexpr std::array<ScanByte, 256> kScanBytes = [] {
  constexpr ByteSet kAlnum = ByteSet("").WithAlnum();
  std::array<ScanByte, 256> bytes = {};
  for (size_t i = 0; i < 256; ++i) {
    const bool alnum = kAlnum.Has(static_cast<char>(i));
    const bool begins = kFormatsByByte.Begins(static_cast<unsigned char>(i));
    bytes[i] = begins ? (alnum ? ScanByte::kAlnumMayBegin : ScanByte::kMayBegin)
                      : (alnum ? ScanByte::kAlnum : ScanByte::kOther);
  }
  return bytes;
}();

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
  const auto first = static_cast<unsigned char>(text[begin]);
  for (const uint8_t* i = kFormatsByByte.begin(first); i != kFormatsByByte.end(first); ++i) {
    const Format& format = kFormats[*i];
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

// The first credential that begins at or after `from`; an empty one if there is none.
struct Token {
  size_t begin = 0;
  size_t end = 0;
  absl::string_view rule;
};
Token NextToken(absl::string_view text, size_t from) {
  bool inside_word = false;
  for (size_t i = from; i < text.size(); ++i) {
    const ScanByte byte = kScanBytes[static_cast<unsigned char>(text[i])];
    if (!inside_word && (byte == ScanByte::kMayBegin || byte == ScanByte::kAlnumMayBegin)) {
      Token token{.begin = i, .end = i, .rule = ""};
      token.end = TokenEnd(text, i, &token.rule);
      if (token.end > i) return token;
    }
    inside_word = byte == ScanByte::kAlnum || byte == ScanByte::kAlnumMayBegin;
  }
  return Token();
}

}  // namespace

bool HoldsTokenFormat(absl::string_view value) { return !NextToken(value, 0).rule.empty(); }

void RedactTokenFormats(std::string* value, RuleList* rules) {
  const absl::string_view text = *value;
  Rewriter rewriter(text);
  for (Token token = NextToken(text, 0); token.end > 0; token = NextToken(text, token.end)) {
    rewriter.Replace(token.begin, token.end, token.rule, rules);
  }
  rewriter.Finish(value);
}

}  // namespace rollcall

#include "agent/redaction/key_words.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall {
namespace {

constexpr size_t kLongestName = 128;

// Whether the blank-separated `words` have `word`.
bool OneOf(absl::string_view word, absl::string_view words) {
  for (size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

constexpr absl::string_view kStrongWords =
    "password passwd passphrase pwd secret token credential credentials apikey storepass keypass "
    "requirepass masterauth psk passcode userpass authkey accesskey secretkey privatekey sharedkey "
    "accountkey bearer jwt bindpw rootpw passwort userpassword authtoken pw psw secrets passin passout "
    "mypassword signingkey masterkey rootpass dbpass adminpass srcstorepass deststorepass srckeypass "
    "destkeypass keystorepass truststorepass newpass";
constexpr absl::string_view kWeakWords = "pass pin tokens passkey otp";
// Anywhere in the name, case-folded.
constexpr auto kStrongParts =
    std::to_array<absl::string_view>({"password", "passwd", "passphrase", "secret", "token", "apikey", "credential"});
// `<first>key`, as two words.
constexpr absl::string_view kKeyOwners =
    "api access secret private signing encryption account storage shared master auth session license app "
    "application consumer subscription ingest ingestion write deploy client service webhook hmac join "
    "unseal recovery";
// A name that ends so is about a secret, not one.
constexpr absl::string_view kAboutLast =
    "file files path paths dir directory folder ttl length len policy policies enabled enable disabled "
    "name names type types timeout endpoint url uri id ids version count sha256 limit size stdin fd env "
    "var format mode algorithm method expiry expiration expires lifetime duration interval age min max "
    "ref source provider class prompt required require rotation period audience issuer scope scopes "
    "header field param store backend manager service server host port address addr prefix suffix "
    "pattern regex from command cmd helper script namespace label labels selector mount volume location "
    "bits alias rate bucket cache review request controller cleaner only strength quality check "
    "validation lookup authentication hint user username retries";
// A switch: what follows it is not its value.
constexpr absl::string_view kSwitchFirst =
    "no ask disable disabled without skip show prompt hide use allow with print generate list enable max "
    "min require expire num n ignore empty random is has public";
constexpr absl::string_view kQueryKeys =
    "key sig signature auth code hmac sid session sessionid hash assertion sas otp ticket "
    "x-amz-credential x-amz-security-token pw p pass sharedaccesssignature client_assertion saml_request "
    "samlresponse";
constexpr absl::string_view kHeaders =
    "authorization proxy-authorization cookie set-cookie x-api-key api-key apikey x-auth-token "
    "x-auth-key x-access-token private-token x-vault-token x-amz-security-token job-token deploy-token "
    "x-csrf-token x-xsrf-token x-goog-api-key x-gitlab-token x-functions-key ocp-apim-subscription-key "
    "x-consul-token x-nomad-token x-shopify-access-token x-figma-token x-jfrog-art-api x-subject-token "
    "dd-api-key dd-application-key circle-token x-ms-blob-key x-insert-key x-authorization x-secret "
    "x-token";
// A name without any of these is not looked at further. They cover every word above.
constexpr auto kHints = std::to_array<absl::string_view>(
    {"pass", "pw", "secret", "token", "key", "cred", "auth", "psk", "bearer", "jwt", "pin", "otp", "psw"});

bool IsSeparator(char c) { return !absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// Lowercase words: `DBPassword_v2` gives db, password, v.
std::vector<std::string> SplitWords(absl::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (IsSeparator(name[i])) {
      flush();
      continue;
    }
    const bool upper = absl::ascii_isupper(c);
    const bool after_lower = i > 0 && absl::ascii_islower(static_cast<unsigned char>(name[i - 1]));
    const bool before_lower = i + 1 < name.size() && absl::ascii_islower(static_cast<unsigned char>(name[i + 1]));
    const bool after_upper = i > 0 && absl::ascii_isupper(static_cast<unsigned char>(name[i - 1]));
    if (upper && (after_lower || (after_upper && before_lower))) flush();
    word.push_back(static_cast<char>(absl::ascii_tolower(c)));
  }
  flush();
  return words;
}

// Words that contain a strong one and mean something else.
bool IsLookalike(absl::string_view word) {
  return absl::StartsWith(word, "tokeni") || word == "tokens" || absl::StartsWith(word, "secretar") ||
         word == "passwordless" || word == "secretless" || word == "tokenreviews";
}

bool HasStrongPart(absl::string_view folded, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (IsLookalike(word)) return false;
  }
  for (const absl::string_view part : kStrongParts) {
    if (absl::StrContains(folded, part)) return true;
  }
  return false;
}

bool IsAbout(const std::vector<std::string>& words, absl::string_view folded) {
  if (words.back() == "sha" && absl::EndsWith(folded, "sha256")) return true;
  return OneOf(words.back(), kAboutLast) || OneOf(words.front(), kSwitchFirst);
}

}  // namespace

KeyStrength ClassifyKey(absl::string_view name) {
  // What stands last decides, so of a very long name its end is read.
  if (name.size() > kLongestName) name.remove_prefix(name.size() - kLongestName);
  const std::string folded = absl::AsciiStrToLower(name);
  const bool hinted = std::any_of(kHints.begin(), kHints.end(),
                                  [&](absl::string_view hint) { return absl::StrContains(folded, hint); });
  if (!hinted) return KeyStrength::kNone;
  // Vault's half of a role's credentials; elsewhere an id is a name.
  if (folded == "secret_id") return KeyStrength::kStrong;
  const std::vector<std::string> words = SplitWords(name);
  if (words.empty() || IsAbout(words, folded)) return KeyStrength::kNone;
  KeyStrength strength = KeyStrength::kNone;
  for (size_t i = 0; i < words.size(); ++i) {
    if (OneOf(words[i], kStrongWords)) return KeyStrength::kStrong;
    if (OneOf(words[i], kWeakWords)) strength = KeyStrength::kWeak;
    const bool key = words[i] == "key" || words[i] == "keys";
    if (key && i > 0 && OneOf(words[i - 1], kKeyOwners)) return KeyStrength::kStrong;
  }
  return HasStrongPart(folded, words) ? KeyStrength::kStrong : strength;
}

KeyStrength ClassifyQueryKey(absl::string_view name) {
  const KeyStrength strength = ClassifyKey(name);
  if (strength != KeyStrength::kNone || name.size() > kLongestName) return strength;
  const std::string folded = absl::AsciiStrToLower(name);
  if (OneOf(folded, kQueryKeys)) return KeyStrength::kWeak;
  return absl::EndsWith(folded, "signature") ? KeyStrength::kStrong : KeyStrength::kNone;
}

bool IsSecretHeader(absl::string_view name) {
  if (name.size() > kLongestName) return false;
  return OneOf(absl::AsciiStrToLower(name), kHeaders);
}

}  // namespace rollcall

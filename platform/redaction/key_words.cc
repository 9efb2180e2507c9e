#include "platform/redaction/key_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "platform/redaction/word_set.h"

namespace rollcall {
namespace {

constexpr size_t kLongestName = 128;

constexpr WordSet<256> kStrongWords(
    "password passwd passphrase pwd secret token credential credentials apikey storepass keypass "
    "requirepass masterauth psk passcode userpass authkey accesskey secretkey privatekey sharedkey "
    "accountkey bearer jwt bindpw rootpw passwort userpassword authtoken pw psw secrets passin passout "
    "mypassword signingkey masterkey rootpass dbpass adminpass srcstorepass deststorepass srckeypass "
    "destkeypass keystorepass truststorepass newpass remotepass localpass ldappass proxypass smtppass "
    "mailpass sshpass ftppass authpass authtok");
constexpr WordSet<16> kWeakWords("pass pin tokens passkey otp");
// Anywhere in the name, case-folded.
constexpr auto kStrongParts =
    std::to_array<absl::string_view>({"password", "passwd", "passphrase", "secret", "token", "apikey", "credential"});
// `<first>key`, as two words.
constexpr WordSet<128> kKeyOwners(
    "api access secret private signing encryption account storage shared master auth session license app "
    "application consumer subscription ingest ingestion write deploy client service webhook hmac join "
    "unseal recovery");
// A name that ends so is about a secret, not one.
constexpr WordSet<512> kAboutLast(
    "file files path paths dir directory folder ttl length len policy policies enabled enable disabled "
    "name names type types timeout endpoint url uri id ids version count sha256 limit size stdin fd env "
    "var format mode algorithm method expiry expiration expires lifetime duration interval age min max "
    "ref source provider class prompt required require rotation period audience issuer scope scopes "
    "header field param store backend manager service server host port address addr prefix suffix "
    "pattern regex from command cmd helper script namespace label labels selector mount volume location "
    "bits alias rate bucket cache review request controller cleaner only strength quality check "
    "validation lookup authentication hint user username retries");
// A switch: what follows it is not its value.
constexpr WordSet<128> kSwitchFirst(
    "no ask disable disabled without skip show prompt hide use allow with print generate list enable max "
    "min require expire num n ignore empty random is has public");
constexpr WordSet<64> kQueryKeys(
    "key sig signature auth code hmac sid session sessionid hash assertion sas otp ticket "
    "x-amz-credential x-amz-security-token pw p pass sharedaccesssignature client_assertion saml_request "
    "samlresponse");
constexpr WordSet<128> kHeaders(
    "authorization proxy-authorization cookie set-cookie x-api-key api-key apikey x-auth-token "
    "x-auth-key x-access-token private-token x-vault-token x-amz-security-token job-token deploy-token "
    "x-csrf-token x-xsrf-token x-goog-api-key x-gitlab-token x-functions-key ocp-apim-subscription-key "
    "x-consul-token x-nomad-token x-shopify-access-token x-figma-token x-jfrog-art-api x-subject-token "
    "dd-api-key dd-application-key circle-token x-ms-blob-key x-insert-key x-authorization x-secret "
    "x-token");
// A name without any of these is not looked at further. They cover every word above.
constexpr auto kHints = std::to_array<absl::string_view>(
    {"pass", "pw", "secret", "token", "key", "cred", "auth", "psk", "bearer", "jwt", "pin", "otp", "psw"});

// A name in lower case, in a place of its own: names are looked at too often to be copied to the heap.
class FoldedName {
 public:
  // Of a longer name, its end: what stands last decides.
  explicit FoldedName(absl::string_view name) {
    if (name.size() > kLongestName) name.remove_prefix(name.size() - kLongestName);
    size_ = name.size();
    for (size_t i = 0; i < size_; ++i) bytes_[i] = absl::ascii_tolower(static_cast<unsigned char>(name[i]));
  }
  absl::string_view text() const { return {bytes_, size_}; }

 private:
  char bytes_[kLongestName];
  size_t size_ = 0;
};

// First two bytes of the hints, so that most names are passed after one look at each byte.
class HintStarts {
 public:
  constexpr HintStarts() {
    for (const absl::string_view hint : kHints) starts_[Slot(hint[0], hint[1])] = true;
  }
  constexpr bool Has(char first, char second) const { return starts_[Slot(first, second)]; }

 private:
  // Five bits tell letters apart.
  static constexpr size_t Slot(char first, char second) {
    return (static_cast<size_t>(first) & 31) << 5 | (static_cast<size_t>(second) & 31);
  }
  bool starts_[1024] = {};
};
constexpr HintStarts kHintStarts;

bool HasHint(absl::string_view folded) {
  for (size_t i = 1; i < folded.size(); ++i) {
    if (!kHintStarts.Has(folded[i - 1], folded[i])) continue;
    const absl::string_view rest = folded.substr(i - 1);
    for (const absl::string_view hint : kHints) {
      if (absl::StartsWith(rest, hint)) return true;
    }
  }
  return false;
}

enum class Case : uint8_t { kNeither, kLower, kUpper };
Case CaseOf(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (absl::ascii_islower(byte)) return Case::kLower;
  return absl::ascii_isupper(byte) ? Case::kUpper : Case::kNeither;
}

// Calls `take` with every word of the name, in lower case: `DBPassword_v2` gives db, password, v.
// `folded` is the name in lower case.
template <typename Take>
void ForEachWord(absl::string_view name, absl::string_view folded, Take take) {
  size_t begin = 0;
  Case before = Case::kNeither;
  for (size_t i = 0; i < name.size(); ++i) {
    const Case here = CaseOf(name[i]);
    const bool lower_follows = i + 1 < name.size() && CaseOf(name[i + 1]) == Case::kLower;
    const bool ends = here == Case::kNeither ||
                      (here == Case::kUpper && (before == Case::kLower || (before == Case::kUpper && lower_follows)));
    if (ends) {
      if (i > begin) take(folded.substr(begin, i - begin));
      begin = here == Case::kNeither ? i + 1 : i;
    }
    before = here;
  }
  if (name.size() > begin) take(folded.substr(begin));
}

// Words that contain a strong one and mean something else.
bool IsLookalike(absl::string_view word) {
  return absl::StartsWith(word, "tokeni") || word == "tokens" || absl::StartsWith(word, "secretar") ||
         word == "passwordless" || word == "secretless" || word == "tokenreviews";
}

bool HasStrongPart(absl::string_view folded) {
  return std::any_of(kStrongParts.begin(), kStrongParts.end(),
                     [&](absl::string_view part) { return absl::StrContains(folded, part); });
}

// What the words of a name say.
struct NameWords {
  absl::string_view first;
  absl::string_view last;
  bool strong = false;
  bool weak = false;
  bool lookalike = false;

  void Take(absl::string_view word) {
    const bool key = word == "key" || word == "keys";
    strong = strong || kStrongWords.Has(word) || (key && kKeyOwners.Has(last));
    weak = weak || kWeakWords.Has(word);
    lookalike = lookalike || IsLookalike(word);
    if (first.empty()) first = word;
    last = word;
  }

  bool IsAbout(absl::string_view folded) const {
    if (last == "sha" && absl::EndsWith(folded, "sha256")) return true;
    return kAboutLast.Has(last) || kSwitchFirst.Has(first);
  }
};

}  // namespace

KeyStrength ClassifyKey(absl::string_view name) {
  const FoldedName copy(name);
  const absl::string_view folded = copy.text();
  if (!HasHint(folded)) return KeyStrength::kNone;
  // Vault's half of a role's credentials; elsewhere an id is a name.
  if (folded == "secret_id") return KeyStrength::kStrong;
  NameWords words;
  ForEachWord(name.substr(name.size() - folded.size()), folded, [&](absl::string_view word) { words.Take(word); });
  if (words.first.empty() || words.IsAbout(folded)) return KeyStrength::kNone;
  if (words.strong || (!words.lookalike && HasStrongPart(folded))) return KeyStrength::kStrong;
  return words.weak ? KeyStrength::kWeak : KeyStrength::kNone;
}

KeyStrength ClassifyQueryKey(absl::string_view name) {
  const KeyStrength strength = ClassifyKey(name);
  if (strength != KeyStrength::kNone || name.size() > kLongestName) return strength;
  const FoldedName folded(name);
  if (kQueryKeys.Has(folded.text())) return KeyStrength::kWeak;
  return absl::EndsWith(folded.text(), "signature") ? KeyStrength::kStrong : KeyStrength::kNone;
}

bool IsSecretHeader(absl::string_view name) {
  return name.size() <= kLongestName && kHeaders.Has(FoldedName(name).text());
}

}  // namespace rollcall

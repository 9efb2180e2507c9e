#include "backend/ledger/note_signer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backend/keys/private_file.h"
#include "backend/pki/credential_files.h"
#include "backend/pki/openssl_handles.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr char kEd25519 = 1;  // signature type of C2SP signed-note
constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kMaxName = 255;
constexpr absl::string_view kSecretPrefix = "PRIVATE+KEY+";

using RawKey = std::array<uint8_t, kKeyBytes>;
using ScopedDigest = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

absl::Status CheckName(absl::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxName &&
                    std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isgraph(c) && c != '+'; });
  if (!good) return absl::InvalidArgumentError("make ledger key: not a key name");
  return absl::OkStatus();
}

absl::string_view Bytes(const RawKey& key) {
  return absl::string_view(reinterpret_cast<const char*>(key.data()), key.size());
}

// The first four bytes of SHA-256(name || "\n" || type || public key).
std::string KeyId(absl::string_view name, const RawKey& public_key) {
  TreeHasher hasher;
  const LedgerHash hash = hasher.Plain(absl::StrCat(name, "\n", std::string(1, kEd25519), Bytes(public_key)));
  return std::string(HashBytes(hash).substr(0, 4));
}

std::string TypedBase64(const RawKey& key) {
  return absl::Base64Escape(absl::StrCat(std::string(1, kEd25519), Bytes(key)));
}

// Writes the public key beside its key unless it is there: a crash may have come between the two.
absl::Status KeepPublic(const std::string& path, const std::string& text) {
  const absl::StatusOr<std::string> kept = ReadSmallFile(path);
  if (kept.ok() && *kept == text) return absl::OkStatus();
  return WriteFileAtomically(path, text, 0644);
}

}  // namespace

struct NoteSigner::Key {
  ~Key() { OPENSSL_cleanse(secret.data(), secret.size()); }

  ScopedKey handle;
  RawKey secret = {};
  RawKey public_key = {};
  std::string id;
};

NoteSigner::NoteSigner(std::string name, std::unique_ptr<Key> key) : name_(std::move(name)), key_(std::move(key)) {
  key_->id = KeyId(name_, key_->public_key);
}
NoteSigner::~NoteSigner() = default;
NoteSigner::NoteSigner(NoteSigner&&) noexcept = default;
NoteSigner& NoteSigner::operator=(NoteSigner&&) noexcept = default;

absl::StatusOr<NoteSigner> NoteSigner::Generate(absl::string_view name) {
  ROLLCALL_RETURN_IF_ERROR(CheckName(name));
  auto key = std::make_unique<Key>();
  key->handle.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  size_t secret_bytes = kKeyBytes;
  size_t public_bytes = kKeyBytes;
  if (key->handle == nullptr ||
      EVP_PKEY_get_raw_private_key(key->handle.get(), key->secret.data(), &secret_bytes) != 1 ||
      EVP_PKEY_get_raw_public_key(key->handle.get(), key->public_key.data(), &public_bytes) != 1) {
    return OpensslError("generate Ed25519 key");
  }
  return NoteSigner(std::string(name), std::move(key));
}

absl::StatusOr<NoteSigner> NoteSigner::Parse(absl::string_view secret) {
  const absl::Status wrong = absl::InvalidArgumentError("read ledger key: not a private key of a signed note");
  secret = absl::StripSuffix(secret, "\n");
  if (!absl::ConsumePrefix(&secret, kSecretPrefix)) return wrong;
  const std::vector<absl::string_view> parts = absl::StrSplit(secret, absl::MaxSplits('+', 2));
  std::string typed;
  if (parts.size() != 3 || !CheckName(parts[0]).ok() || !absl::Base64Unescape(parts[2], &typed) ||
      typed.size() != 1 + kKeyBytes || typed[0] != kEd25519) {
    return wrong;
  }
  auto key = std::make_unique<Key>();
  std::copy(typed.begin() + 1, typed.end(), key->secret.begin());
  OPENSSL_cleanse(typed.data(), typed.size());
  key->handle.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key->secret.data(), kKeyBytes));
  size_t public_bytes = kKeyBytes;
  if (key->handle == nullptr ||
      EVP_PKEY_get_raw_public_key(key->handle.get(), key->public_key.data(), &public_bytes) != 1) {
    return OpensslError("read ledger key");
  }
  NoteSigner signer(std::string(parts[0]), std::move(key));
  if (parts[1] != absl::BytesToHexString(signer.key_->id)) return wrong;
  return signer;
}

absl::StatusOr<NoteSigner> NoteSigner::LoadOrCreate(const std::string& path, absl::string_view name) {
  absl::StatusOr<std::string> text = ReadPrivateFile(path);
  if (absl::IsNotFound(text.status())) {
    ROLLCALL_ASSIGN_OR_RETURN(NoteSigner fresh, Generate(name));
    ROLLCALL_RETURN_IF_ERROR(CreatePrivateFile(path, absl::StrCat(fresh.SecretText(), "\n")));
    ROLLCALL_RETURN_IF_ERROR(KeepPublic(absl::StrCat(path, ".pub"), absl::StrCat(fresh.PublicText(), "\n")));
    return fresh;
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<NoteSigner> signer = Parse(*text);
  OPENSSL_cleanse(text->data(), text->size());
  if (!signer.ok()) return absl::InvalidArgumentError(absl::StrCat(signer.status().message(), ": ", path));
  if (signer->name_ != name) {
    return absl::FailedPreconditionError(absl::StrCat("use ledger key ", path, ": it is the key of ", signer->name_));
  }
  ROLLCALL_RETURN_IF_ERROR(KeepPublic(absl::StrCat(path, ".pub"), absl::StrCat(signer->PublicText(), "\n")));
  return signer;
}

std::string NoteSigner::SecretText() const {
  return absl::StrCat(kSecretPrefix, name_, "+", absl::BytesToHexString(key_->id), "+", TypedBase64(key_->secret));
}

std::string NoteSigner::PublicText() const {
  return absl::StrCat(name_, "+", absl::BytesToHexString(key_->id), "+", TypedBase64(key_->public_key));
}

absl::StatusOr<std::string> NoteSigner::Sign(absl::string_view text) const {
  const ScopedDigest context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->handle.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1 ||
      size != signature.size()) {
    return OpensslError("sign checkpoint");
  }
  return absl::StrCat(text, "\n\u2014 ", name_, " ", absl::Base64Escape(absl::StrCat(key_->id, signature)), "\n");
}

absl::StatusOr<std::string> SignCheckpoint(const TreeHead& head, const NoteSigner& signer) {
  return signer.Sign(
      absl::StrCat(signer.name(), "\n", head.size, "\n", absl::Base64Escape(HashBytes(head.root)), "\n"));
}

}  // namespace rollcall

#include "backend/keys/aes_gcm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "backend/pki/openssl_handles.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using ScopedCipher = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

unsigned char* Data(std::string* bytes) { return reinterpret_cast<unsigned char*>(bytes->data()); }
const unsigned char* Data(absl::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

// OpenSSL counts in int.
bool Countable(absl::string_view bytes) { return bytes.size() < INT_MAX - kNonceBytes - kTagBytes; }

absl::Status NotOpened() {
  return absl::PermissionDeniedError("open sealed data: key, context or contents are not those it was sealed with");
}

}  // namespace

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) {
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
  }
  return *this;
}

SecretKey::~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

absl::StatusOr<SecretKey> SecretKey::Random() {
  SecretKey key;
  if (RAND_priv_bytes(key.bytes_.data(), kSecretKeyBytes) != 1) return OpensslError("draw key");
  return key;
}

absl::StatusOr<SecretKey> SecretKey::Take(std::string* bytes) {
  if (bytes->size() != kSecretKeyBytes) {
    Wipe(bytes);
    return absl::InvalidArgumentError("read key: it is not 32 bytes");
  }
  SecretKey key;
  std::copy(bytes->begin(), bytes->end(), key.bytes_.begin());
  Wipe(bytes);
  return key;
}

absl::StatusOr<std::string> RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(Data(&bytes), static_cast<int>(count)) != 1) return OpensslError("draw random bytes");
  return bytes;
}

void Wipe(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

absl::StatusOr<std::string> SealAesGcm(const SecretKey& key, absl::string_view context, absl::string_view plaintext) {
  if (!Countable(context) || !Countable(plaintext)) return absl::InvalidArgumentError("seal data: too large");
  ROLLCALL_ASSIGN_OR_RETURN(std::string sealed, RandomBytes(kNonceBytes));
  sealed.resize(kNonceBytes + plaintext.size() + kTagBytes);
  unsigned char* const body = Data(&sealed) + kNonceBytes;
  const ScopedCipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  int rest = 0;
  if (cipher == nullptr ||
      EVP_EncryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), Data(key.bytes()), Data(sealed), nullptr) != 1 ||
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, Data(context), static_cast<int>(context.size())) != 1 ||
      EVP_EncryptUpdate(cipher.get(), body, &size, Data(plaintext), static_cast<int>(plaintext.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), body + size, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, body + plaintext.size()) != 1) {
    return OpensslError("seal data");
  }
  return sealed;
}

absl::StatusOr<std::string> OpenAesGcm(const SecretKey& key, absl::string_view context, absl::string_view sealed) {
  if (!Countable(context) || !Countable(sealed) || sealed.size() < kNonceBytes + kTagBytes) return NotOpened();
  const absl::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plaintext(body.size(), '\0');
  const ScopedCipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  int rest = 0;
  if (cipher == nullptr ||
      EVP_DecryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), Data(key.bytes()), Data(sealed), nullptr) != 1 ||
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, Data(context), static_cast<int>(context.size())) != 1 ||
      EVP_DecryptUpdate(cipher.get(), Data(&plaintext), &size, Data(body), static_cast<int>(body.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, Data(&tag)) != 1) {
    return OpensslError("open sealed data");
  }
  if (EVP_DecryptFinal_ex(cipher.get(), Data(&plaintext) + size, &rest) != 1) {
    Wipe(&plaintext);
    return NotOpened();
  }
  return plaintext;
}

}  // namespace rollcall

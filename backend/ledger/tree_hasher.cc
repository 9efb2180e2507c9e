#include "backend/ledger/tree_hasher.h"

#include <openssl/evp.h>

#include <algorithm>

namespace rollcall {

bool HashFromBytes(absl::string_view bytes, LedgerHash* hash) {
  if (bytes.size() != hash->size()) return false;
  std::copy(bytes.begin(), bytes.end(), hash->begin());
  return true;
}

struct TreeHasher::Context {
  ~Context() {
    EVP_MD_CTX_free(digest);
    EVP_MD_free(algorithm);
  }
  // Fetched once: EVP_sha256() is looked up again by every EVP_DigestInit_ex.
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
};

TreeHasher::TreeHasher() : context_(std::make_unique<Context>()) {
  good_ = context_->algorithm != nullptr && context_->digest != nullptr;
}

TreeHasher::~TreeHasher() = default;

LedgerHash TreeHasher::Hash(absl::string_view prefix, absl::string_view first, absl::string_view second) {
  LedgerHash hash = {};
  EVP_MD_CTX* digest = context_->digest;
  good_ = good_ && EVP_DigestInit_ex2(digest, context_->algorithm, nullptr) == 1 &&
          EVP_DigestUpdate(digest, prefix.data(), prefix.size()) == 1 &&
          EVP_DigestUpdate(digest, first.data(), first.size()) == 1 &&
          EVP_DigestUpdate(digest, second.data(), second.size()) == 1 &&
          EVP_DigestFinal_ex(digest, hash.data(), nullptr) == 1;
  return hash;
}

LedgerHash TreeHasher::Empty() { return Hash("", "", ""); }

LedgerHash TreeHasher::Leaf(absl::string_view leaf) { return Hash(absl::string_view("\0", 1), leaf, ""); }

LedgerHash TreeHasher::Node(const LedgerHash& left, const LedgerHash& right) {
  return Hash("\x01", HashBytes(left), HashBytes(right));
}

LedgerHash TreeHasher::Plain(absl::string_view bytes) { return Hash("", bytes, ""); }

}  // namespace rollcall

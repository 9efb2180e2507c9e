#include "backend/archive/running_hash.h"

#include <openssl/evp.h>

namespace rollcall {

struct RunningHash::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(md); }
};

RunningHash::RunningHash() : context_(std::make_unique<Context>()) {
  good_ = context_->md != nullptr && EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) == 1;
}

RunningHash::~RunningHash() = default;

void RunningHash::Add(absl::string_view bytes) {
  good_ = good_ && EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) == 1;
}

absl::StatusOr<std::string> RunningHash::Finish() {
  std::string digest(32, '\0');
  good_ = good_ && EVP_DigestFinal_ex(context_->md, reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1;
  if (!good_) return absl::InternalError("hash bytes: the library refused");
  return digest;
}

}  // namespace rollcall

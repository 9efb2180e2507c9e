#include "proto/short_hash.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace rollcall {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeAlgorithm {
  void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
};

struct Hasher {
  std::unique_ptr<EVP_MD, FreeAlgorithm> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

}  // namespace

std::array<uint8_t, 32> ShortHash(absl::string_view bytes) {
  thread_local const Hasher hasher;
  std::array<uint8_t, 32> digest{};
  EVP_MD_CTX* context = hasher.context.get();
  if (EVP_DigestInit_ex2(context, hasher.algorithm.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context, bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest.data(), nullptr) != 1) {
    // All records would have one key, and end each other.
    std::fputs("identify record: libcrypto has no SHA-256\n", stderr);
    std::abort();
  }
  return digest;
}

}  // namespace rollcall

#include "proto/short_hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <thread>

#include "absl/strings/escaping.h"

namespace rollcall {
namespace {

TEST(ShortHashTest, IsSha256) {
  const auto hash = ShortHash("abc");
  EXPECT_EQ(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// A thread looks the algorithm up once, so another one does it.
void HashWithoutSha256() {
  EVP_set_default_properties(nullptr, "provider=none");
  std::thread([] { ShortHash("abc"); }).join();
}

TEST(ShortHashDeathTest, AHashThatIsNoneIsNotUsed) {
  EXPECT_DEATH(HashWithoutSha256(), "identify record: libcrypto has no SHA-256");
}

}  // namespace
}  // namespace rollcall

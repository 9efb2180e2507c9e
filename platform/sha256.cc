#include "platform/sha256.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"

namespace rollcall {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }
  void Add(const void* bytes, size_t size) { good_ = good_ && EVP_DigestUpdate(context_.get(), bytes, size) == 1; }
  // Empty if OpenSSL failed, which takes a lack of memory or a provider that forbids SHA-256.
  std::string Hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    good_ = good_ && EVP_DigestFinal_ex(context_.get(), digest, &size) == 1;
    return good_ ? absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size)) : "";
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool good_ = false;
};

}  // namespace

std::string Sha256Hex(absl::string_view bytes) {
  Hasher hasher;
  hasher.Add(bytes.data(), bytes.size());
  return hasher.Hex();
}

absl::StatusOr<std::string> Sha256HexOfFd(int fd, uint64_t limit, const StopToken& stop) {
  Hasher hasher;
  const auto buffer = std::make_unique<char[]>(kBufferBytes);
  for (uint64_t total = 0;;) {
    if (stop.stop_requested()) return absl::CancelledError("hash file: stopped");
    const ssize_t got = ::read(fd, buffer.get(), kBufferBytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "hash", "file");
    if (got == 0) break;
    total += static_cast<uint64_t>(got);
    if (total > limit) return absl::ResourceExhaustedError(absl::StrCat("hash file: larger than ", limit, " bytes"));
    hasher.Add(buffer.get(), static_cast<size_t>(got));
  }
  std::string hex = hasher.Hex();
  if (hex.empty()) return absl::InternalError("hash file: the library refused");
  return hex;
}

}  // namespace rollcall

// RFC 6962 section 2.1, word by word over the leaves themselves: slow, and shares nothing with what it checks.
#ifndef ROLLCALL_BACKEND_LEDGER_TESTING_RECURSIVE_MERKLE_H_
#define ROLLCALL_BACKEND_LEDGER_TESTING_RECURSIVE_MERKLE_H_

#include <openssl/sha.h>

#include <string>
#include <vector>

namespace rollcall::recursive {

using Leaves = std::vector<std::string>;

inline std::string Sha256(const std::string& bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

inline Leaves Cut(const Leaves& d, size_t from, size_t to) {
  return Leaves(d.begin() + static_cast<std::ptrdiff_t>(from), d.begin() + static_cast<std::ptrdiff_t>(to));
}

// "the largest power of two smaller than n"
inline size_t K(size_t n) {
  size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

inline std::string Mth(const Leaves& d) {
  if (d.empty()) return Sha256("");
  if (d.size() == 1) return Sha256(std::string(1, '\0') + d[0]);
  const size_t k = K(d.size());
  return Sha256(std::string(1, '\1') + Mth(Cut(d, 0, k)) + Mth(Cut(d, k, d.size())));
}

inline std::vector<std::string> Path(size_t m, const Leaves& d) {
  if (d.size() == 1) return {};
  const size_t k = K(d.size());
  std::vector<std::string> path = m < k ? Path(m, Cut(d, 0, k)) : Path(m - k, Cut(d, k, d.size()));
  path.push_back(m < k ? Mth(Cut(d, k, d.size())) : Mth(Cut(d, 0, k)));
  return path;
}

inline std::vector<std::string> Subproof(size_t m, const Leaves& d, bool b) {
  if (m == d.size()) return b ? std::vector<std::string>() : std::vector<std::string>{Mth(d)};
  const size_t k = K(d.size());
  std::vector<std::string> proof = m <= k ? Subproof(m, Cut(d, 0, k), b) : Subproof(m - k, Cut(d, k, d.size()), false);
  proof.push_back(m <= k ? Mth(Cut(d, k, d.size())) : Mth(Cut(d, 0, k)));
  return proof;
}

}  // namespace rollcall::recursive

#endif  // ROLLCALL_BACKEND_LEDGER_TESTING_RECURSIVE_MERKLE_H_

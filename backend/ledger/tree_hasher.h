// The hashes of RFC 6962: what a leaf and a node of the Merkle tree are.
#ifndef ROLLCALL_BACKEND_LEDGER_TREE_HASHER_H_
#define ROLLCALL_BACKEND_LEDGER_TREE_HASHER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// SHA-256, 32 bytes.
using LedgerHash = std::array<uint8_t, 32>;

// The bytes of a hash, as long as it lives.
inline absl::string_view HashBytes(const LedgerHash& hash) {
  return absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size());
}

// Whether `bytes` are 32, which are then copied to `hash`.
bool HashFromBytes(absl::string_view bytes, LedgerHash* hash);

// Computes hashes with one context, several times faster than with one each. Not thread-safe.
//
// SHA-256 fails only for want of memory or by a provider that forbids it. Hashes are then wrong and ok() is
// false from there on: ask it before anything is made of them.
class TreeHasher {
 public:
  TreeHasher();
  ~TreeHasher();
  TreeHasher(const TreeHasher&) = delete;
  TreeHasher& operator=(const TreeHasher&) = delete;

  // H(""), the root of no leaves.
  LedgerHash Empty();
  // H(0x00 || leaf).
  LedgerHash Leaf(absl::string_view leaf);
  // H(0x01 || left || right).
  LedgerHash Node(const LedgerHash& left, const LedgerHash& right);
  // H(bytes): no part of the tree.
  LedgerHash Plain(absl::string_view bytes);

  bool ok() const { return good_; }

 private:
  LedgerHash Hash(absl::string_view prefix, absl::string_view first, absl::string_view second);

  struct Context;
  std::unique_ptr<Context> context_;
  bool good_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_TREE_HASHER_H_

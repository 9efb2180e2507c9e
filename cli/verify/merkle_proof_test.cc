#include "cli/verify/merkle_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "absl/strings/str_cat.h"

namespace rollcall::verify {
namespace {

// RFC 6962 section 2.1 over the leaves themselves.
using Leaves = std::vector<std::string>;

std::string Hash(const std::string& bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}
Leaves Cut(const Leaves& d, size_t from, size_t to) {
  return Leaves(d.begin() + static_cast<std::ptrdiff_t>(from), d.begin() + static_cast<std::ptrdiff_t>(to));
}
size_t SplitOf(size_t n) {
  size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
std::string Root(const Leaves& d) {
  if (d.empty()) return Hash("");
  if (d.size() == 1) return Hash(std::string(1, '\0') + d[0]);
  const size_t k = SplitOf(d.size());
  return Hash(std::string(1, '\1') + Root(Cut(d, 0, k)) + Root(Cut(d, k, d.size())));
}
Leaves Inclusion(size_t m, const Leaves& d) {
  if (d.size() == 1) return {};
  const size_t k = SplitOf(d.size());
  Leaves path = m < k ? Inclusion(m, Cut(d, 0, k)) : Inclusion(m - k, Cut(d, k, d.size()));
  path.push_back(m < k ? Root(Cut(d, k, d.size())) : Root(Cut(d, 0, k)));
  return path;
}
Leaves Consistency(size_t m, const Leaves& d, bool whole) {
  if (m == d.size()) return whole ? Leaves() : Leaves{Root(d)};
  const size_t k = SplitOf(d.size());
  Leaves proof = m <= k ? Consistency(m, Cut(d, 0, k), whole) : Consistency(m - k, Cut(d, k, d.size()), false);
  proof.push_back(m <= k ? Root(Cut(d, k, d.size())) : Root(Cut(d, 0, k)));
  return proof;
}

Leaves MakeLeaves(size_t count) {
  Leaves leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(absl::StrCat("leaf ", i));
  return leaves;
}

// Calls `expect_bad` with every proof that differs from `proof` in one bit, one hash less, one more, or two swapped.
template <typename Expect>
void ForEachDamage(const Leaves& proof, Expect expect_bad) {
  for (size_t i = 0; i < proof.size(); ++i) {
    for (size_t bit = 0; bit < proof[i].size() * 8; ++bit) {
      Leaves damaged = proof;
      damaged[i][bit / 8] = static_cast<char>(damaged[i][bit / 8] ^ (1 << (bit % 8)));
      expect_bad(damaged);
    }
    Leaves dropped = proof;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    expect_bad(dropped);
    Leaves repeated = proof;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
    expect_bad(repeated);
    Leaves cut = proof;
    cut[i].pop_back();
    expect_bad(cut);
    for (size_t j = i + 1; j < proof.size(); ++j) {
      Leaves swapped = proof;
      std::swap(swapped[i], swapped[j]);
      expect_bad(swapped);
    }
  }
  Leaves longer = proof;
  longer.push_back(Hash("more"));
  expect_bad(longer);
}

TEST(MerkleProofTest, EveryInclusionUpTo33Leaves) {
  const Leaves leaves = MakeLeaves(33);
  for (size_t size = 1; size <= leaves.size(); ++size) {
    const Leaves part = Cut(leaves, 0, size);
    const std::string root = Root(part);
    for (size_t i = 0; i < size; ++i) {
      const Leaves proof = Inclusion(i, part);
      ASSERT_TRUE(VerifyInclusion(i, size, LeafHash(leaves[i]), proof, root).ok()) << i << " of " << size;
      // As any other leaf's, or of any other log.
      for (size_t j = 0; j < size; ++j) {
        if (j == i) continue;
        ASSERT_FALSE(VerifyInclusion(j, size, LeafHash(leaves[i]), proof, root).ok());
        ASSERT_FALSE(VerifyInclusion(i, size, LeafHash(leaves[j]), proof, root).ok());
      }
      ASSERT_FALSE(VerifyInclusion(i, size, LeafHash(leaves[i]), proof, Root(Cut(leaves, 0, size - 1))).ok());
    }
    EXPECT_FALSE(VerifyInclusion(size, size, LeafHash(leaves[0]), {}, root).ok());
  }
}

TEST(MerkleProofTest, EveryDamageToInclusionProofs) {
  const Leaves leaves = MakeLeaves(11);
  const std::string root = Root(leaves);
  for (size_t i = 0; i < leaves.size(); ++i) {
    ForEachDamage(Inclusion(i, leaves), [&](const Leaves& damaged) {
      ASSERT_FALSE(VerifyInclusion(i, leaves.size(), LeafHash(leaves[i]), damaged, root).ok()) << i;
    });
  }
}

TEST(MerkleProofTest, EveryConsistencyUpTo33Leaves) {
  const Leaves leaves = MakeLeaves(33);
  for (size_t size = 1; size <= leaves.size(); ++size) {
    const Leaves part = Cut(leaves, 0, size);
    const std::string root = Root(part);
    for (size_t old = 1; old <= size; ++old) {
      const std::string old_root = Root(Cut(leaves, 0, old));
      const Leaves proof = Consistency(old, part, true);
      ASSERT_TRUE(VerifyConsistency(old, size, old_root, root, proof).ok()) << old << " to " << size;
      ASSERT_FALSE(VerifyConsistency(old, size, Hash("another"), root, proof).ok());
      ASSERT_FALSE(VerifyConsistency(old, size, old_root, Hash("another"), proof).ok());
      if (old < size) ASSERT_FALSE(VerifyConsistency(size, old, root, old_root, proof).ok());
    }
  }
}

TEST(MerkleProofTest, EveryDamageToConsistencyProofs) {
  const Leaves leaves = MakeLeaves(11);
  const std::string root = Root(leaves);
  for (size_t old = 1; old <= leaves.size(); ++old) {
    const std::string old_root = Root(Cut(leaves, 0, old));
    ForEachDamage(Consistency(old, leaves, true), [&](const Leaves& damaged) {
      ASSERT_FALSE(VerifyConsistency(old, leaves.size(), old_root, root, damaged).ok()) << old;
    });
  }
}

TEST(MerkleProofTest, TheEmptyLogIsContinuedByAll) {
  EXPECT_TRUE(VerifyConsistency(0, 5, Hash(""), Hash("any"), {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 5, Hash(""), Hash("any"), {Hash("x")}).ok());
}

}  // namespace
}  // namespace rollcall::verify

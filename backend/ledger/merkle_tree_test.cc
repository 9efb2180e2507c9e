#include "backend/ledger/merkle_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/ledger/testing/recursive_merkle.h"

namespace rollcall {
namespace {

using ::testing::ElementsAreArray;

// A growing tree whose nodes are kept.
class TestTree : public NodeReader {
 public:
  void Append(const std::string& leaf) { tree_.Append(hasher_.Leaf(leaf), &hasher_, &nodes_); }
  absl::StatusOr<LedgerHash> ReadNode(uint64_t position) const override {
    if (position >= nodes_.size()) return absl::DataLossError("no such node");
    return nodes_[position];
  }
  LedgerHash Root() { return tree_.Root(&hasher_); }
  size_t node_count() const { return nodes_.size(); }

 private:
  TreeHasher hasher_;
  GrowingTree tree_;
  std::vector<LedgerHash> nodes_;
};

std::vector<std::string> Texts(const std::vector<LedgerHash>& hashes) {
  std::vector<std::string> texts;
  for (const LedgerHash& hash : hashes) texts.emplace_back(HashBytes(hash));
  return texts;
}

std::string Hex(const LedgerHash& hash) { return absl::BytesToHexString(HashBytes(hash)); }

// Leaves and roots of the reference implementation's test (google/certificate-transparency, merkle_tree_test).
TEST(MerkleTreeTest, KnownRoots) {
  const std::vector<std::pair<std::string, std::string>> kKnown = {
      {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
      {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
      {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
      {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
      {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
      {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
      {"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};
  TestTree tree;
  EXPECT_EQ(Hex(tree.Root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const auto& [leaf, root] : kKnown) {
    tree.Append(absl::HexStringToBytes(leaf));
    EXPECT_EQ(Hex(tree.Root()), root);
  }
}

TEST(MerkleTreeTest, NodesAreNumberedAsTheyAreCompleted) {
  TestTree tree;
  uint64_t expected = 0;
  for (uint64_t leaf = 0; leaf < 1000; ++leaf) {
    EXPECT_EQ(NodeCount(leaf), tree.node_count());
    for (unsigned level = 0; ((leaf + 1) >> level << level) == leaf + 1; ++level) {
      EXPECT_EQ(NodePosition(level, leaf >> level), expected++);
    }
    tree.Append(absl::StrCat(leaf));
  }
}

// Against RFC 6962 word by word: every root, every inclusion and every consistency proof up to 40 leaves.
TEST(MerkleTreeTest, ProofsAreThoseOfTheRfc) {
  constexpr size_t kLeaves = 40;
  TestTree tree;
  recursive::Leaves leaves;
  TreeHasher hasher;
  for (size_t i = 0; i < kLeaves; ++i) {
    leaves.push_back(absl::StrCat("leaf ", i));
    tree.Append(leaves.back());
  }
  for (size_t size = 0; size <= kLeaves; ++size) {
    const recursive::Leaves part = recursive::Cut(leaves, 0, size);
    ASSERT_EQ(HashBytes(*RootOf(size, tree, &hasher)), recursive::Mth(part)) << size;
    for (size_t i = 0; i < size; ++i) {
      ASSERT_THAT(Texts(*InclusionPath(i, size, tree, &hasher)), ElementsAreArray(recursive::Path(i, part)))
          << i << " of " << size;
    }
    for (size_t old = 1; old <= size; ++old) {
      ASSERT_THAT(Texts(*ConsistencyPath(old, size, tree, &hasher)),
                  ElementsAreArray(recursive::Subproof(old, part, true)))
          << old << " to " << size;
    }
  }
}

TEST(MerkleTreeTest, ProofsOfRandomLargerTreesAreThoseOfTheRfc) {
  std::mt19937_64 random(20261126);
  TestTree tree;
  recursive::Leaves leaves;
  TreeHasher hasher;
  for (size_t i = 0; i < 600; ++i) {
    leaves.push_back(std::string(random() % 100, static_cast<char>(random())));
    tree.Append(leaves.back());
  }
  for (int round = 0; round < 6; ++round) {
    const size_t size = 1 + random() % leaves.size();
    const size_t index = random() % size;
    const size_t old = 1 + random() % size;
    const recursive::Leaves part = recursive::Cut(leaves, 0, size);
    EXPECT_EQ(HashBytes(*RootOf(size, tree, &hasher)), recursive::Mth(part));
    EXPECT_THAT(Texts(*InclusionPath(index, size, tree, &hasher)), ElementsAreArray(recursive::Path(index, part)));
    EXPECT_THAT(Texts(*ConsistencyPath(old, size, tree, &hasher)),
                ElementsAreArray(recursive::Subproof(old, part, true)));
  }
}

TEST(MerkleTreeTest, ImpossibleProofsAreRefused) {
  TestTree tree;
  TreeHasher hasher;
  tree.Append("one");
  EXPECT_TRUE(absl::IsInvalidArgument(InclusionPath(1, 1, tree, &hasher).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ConsistencyPath(2, 1, tree, &hasher).status()));
  EXPECT_TRUE(ConsistencyPath(0, 1, tree, &hasher)->empty());
  // A node that is not stored is an error, not a wrong proof.
  EXPECT_TRUE(absl::IsDataLoss(InclusionPath(0, 2, tree, &hasher).status()));
}

}  // namespace
}  // namespace rollcall

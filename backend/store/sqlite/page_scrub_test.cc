#include "backend/store/sqlite/page_scrub.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace rollcall {
namespace {

using Page = std::vector<uint8_t>;

void Put(Page* page, size_t at, size_t value) {
  (*page)[at] = static_cast<uint8_t>(value >> 8);
  (*page)[at + 1] = static_cast<uint8_t>(value);
}

// A leaf of an index with two cells, a free block of ten bytes between them, and 0xee wherever nothing is.
Page Leaf(size_t header = 0) {
  Page page(4096, 0xee);
  page[header] = 10;
  Put(&page, header + 1, 4010);
  Put(&page, header + 3, 2);
  Put(&page, header + 5, 4000);
  page[header + 7] = 0;
  Put(&page, header + 8, 4020);
  Put(&page, header + 10, 4000);
  Put(&page, 4010, 0);
  Put(&page, 4012, 10);
  return page;
}

ScrubResult Scrub(Page* page, int64_t number) { return ScrubPage(absl::MakeSpan(*page), number); }

TEST(PageScrubTest, OnlyWhatHoldsNothingIsOverwritten) {
  for (const int64_t number : {1, 3}) {
    const size_t header = number == 1 ? 100 : 0;
    Page page = Leaf(header);
    Page expected = page;
    std::fill(expected.begin() + static_cast<int64_t>(header) + 12, expected.begin() + 4000, uint8_t{0});
    std::fill(expected.begin() + 4014, expected.begin() + 4020, uint8_t{0});
    EXPECT_EQ(Scrub(&page, number), ScrubResult::kScrubbed);
    EXPECT_EQ(page, expected);
    EXPECT_EQ(Scrub(&page, number), ScrubResult::kClean);
  }
}

TEST(PageScrubTest, InteriorPagesHaveALongerHeader) {
  Page page = Leaf();
  page[0] = 2;
  Put(&page, 12, 4020);
  Put(&page, 14, 4000);
  Page expected = page;
  std::fill(expected.begin() + 16, expected.begin() + 4000, uint8_t{0});
  std::fill(expected.begin() + 4014, expected.begin() + 4020, uint8_t{0});
  EXPECT_EQ(Scrub(&page, 3), ScrubResult::kScrubbed);
  EXPECT_EQ(page, expected);
}

TEST(PageScrubTest, APageWithoutCellsIsOverwrittenWhole) {
  Page page(65'536, 0xee);
  page[0] = 13;
  Put(&page, 1, 0);
  Put(&page, 3, 0);
  Put(&page, 5, 0);  // 65,536
  EXPECT_EQ(Scrub(&page, 3), ScrubResult::kScrubbed);
  EXPECT_EQ(page.back(), 0);
}

// 4,096 / 5 + 1 pages belong to a map, the first to that on page 2.
TEST(PageScrubTest, PointerMapsAndOtherPagesStay) {
  for (const int64_t number : {2, 2 + 820, 2 + 2 * 820}) {
    Page page = Leaf();
    EXPECT_EQ(Scrub(&page, number), ScrubResult::kClean) << number;
    EXPECT_EQ(page, Leaf()) << number;
    EXPECT_EQ(Scrub(&page, number + 1), ScrubResult::kScrubbed) << number;
  }
  // An overflow page begins with the number of the next one.
  Page page = Leaf();
  page[0] = 1;
  const Page before = page;
  EXPECT_EQ(Scrub(&page, 3), ScrubResult::kClean);
  EXPECT_EQ(page, before);
}

TEST(PageScrubTest, WhatIsNotAsItShouldBeStays) {
  const struct {
    const char* what;
    size_t at;
    size_t value;
  } kDamages[] = {
      {"cells before the content", 8, 3999}, {"a cell behind the page", 8, 4096},  {"too many cells", 3, 2000},
      {"content behind the page", 5, 4097},  {"a free block in the gap", 1, 3990}, {"one behind the page", 1, 4094},
      {"one too large", 4012, 100},          {"one too small", 4012, 3},           {"one over a cell", 4012, 11},
      {"one that goes back", 4010, 4010},
  };
  for (const auto& damage : kDamages) {
    Page page = Leaf();
    Put(&page, damage.at, damage.value);
    const Page before = page;
    EXPECT_EQ(Scrub(&page, 3), ScrubResult::kDamaged) << damage.what;
    EXPECT_EQ(page, before) << damage.what;
  }
}

TEST(PageScrubTest, AnyBytesAreReadWithinThePage) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    Page page = Leaf();
    page.resize(512);
    for (size_t i = 0; i < page.size(); ++i) {
      if (i > 12 || random() % 3 == 0) page[i] = static_cast<uint8_t>(random() % (i % 2 == 0 ? 3 : 256));
    }
    page[0] = round % 2 == 0 ? 10 : 5;
    const Page before = page;
    if (Scrub(&page, 3) != ScrubResult::kScrubbed) {
      ASSERT_EQ(page, before);
    } else {
      ASSERT_EQ(Scrub(&page, 3), ScrubResult::kClean);
    }
  }
}

}  // namespace
}  // namespace rollcall

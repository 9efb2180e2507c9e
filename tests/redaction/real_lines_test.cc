// Real lines of Debian's packages: what is replaced in them must be a secret, and nearly never is one.
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "platform/redaction/redactor.h"

namespace rollcall {
namespace {

struct RealLine {
  std::string redactor;
  std::string package;
  // The arguments of an argv; one string of a text.
  std::vector<std::string> value;
  std::string row;
};

// The rows of a table, without its comments.
std::vector<std::string> ReadRows(const std::string& name) {
  std::ifstream file(absl::StrCat(ROLLCALL_SOURCE_DIR, "/tests/redaction/", name));
  EXPECT_TRUE(file.good()) << name;
  std::vector<std::string> rows;
  for (std::string row; std::getline(file, row);) {
    if (!row.empty() && row.front() != '#') rows.push_back(row);
  }
  return rows;
}

std::vector<RealLine> ReadLines() {
  std::vector<RealLine> lines;
  for (const std::string& row : ReadRows("real_lines.tsv")) {
    std::vector<std::string> cells = absl::StrSplit(row, '\t');
    RealLine& line = lines.emplace_back();
    line.row = row;
    if (cells.size() < 3) {
      ADD_FAILURE() << "not a line: " << row;
      continue;
    }
    line.redactor = cells[0];
    line.package = cells[1];
    line.value.assign(cells.begin() + 2, cells.end());
  }
  return lines;
}

std::vector<std::string> Redacted(const RealLine& line) {
  std::vector<std::string> value = line.value;
  if (line.redactor == "argv") {
    RedactArgv(&value);
  } else {
    EXPECT_EQ(line.redactor, "text") << line.row;
    EXPECT_EQ(value.size(), 1u) << line.row;
    RedactText(&value[0]);
  }
  return value;
}

// Rows of real_lines.tsv that were read and found to hold a password, if only a well-known one.
std::set<std::string> LinesWithSecrets() {
  const std::vector<std::string> rows = ReadRows("real_secrets.tsv");
  return {rows.begin(), rows.end()};
}

TEST(RealLinesTest, HardlyAnythingElseIsReplaced) {
  const std::vector<RealLine> lines = ReadLines();
  ASSERT_GE(lines.size(), 10'000u);
  const std::set<std::string> with_secrets = LinesWithSecrets();
  std::set<std::string> packages;
  std::map<std::string, size_t> readers;
  size_t replaced = 0;
  for (const RealLine& line : lines) {
    packages.insert(line.package);
    ++readers[line.redactor];
    if (with_secrets.count(line.row) > 0) continue;
    const std::vector<std::string> redacted = Redacted(line);
    if (redacted == line.value) continue;
    ++replaced;
    std::cout << "replaced: " << line.row << "\n      as: " << absl::StrJoin(redacted, "\t") << "\n";
  }
  std::cout << lines.size() << " lines of " << packages.size() << " packages, " << replaced << " replaced wrongly ("
            << 100.0 * static_cast<double>(replaced) / static_cast<double>(lines.size()) << " %)\n";
  EXPECT_GE(packages.size(), 80u);
  EXPECT_GE(readers["argv"], 200u);
  EXPECT_LE(replaced * 1000, lines.size() * 5) << "more than 0.5 %";
}

TEST(RealLinesTest, NoneHoldsACredentialOfAVendor) {
  for (const RealLine& line : ReadLines()) EXPECT_FALSE(HoldsKnownToken(absl::StrJoin(line.value, " "))) << line.row;
}

TEST(RealLinesTest, SecretsAmongThemAreReplaced) {
  std::set<std::string> missing = LinesWithSecrets();
  for (const RealLine& line : ReadLines()) {
    if (missing.erase(line.row) == 0) continue;
    EXPECT_NE(Redacted(line), line.value) << line.row;
  }
  EXPECT_TRUE(missing.empty()) << "not a row of real_lines.tsv: " << *missing.begin();
}

TEST(RealLinesTest, TwiceIsOnce) {
  for (const RealLine& line : ReadLines()) {
    RealLine again = line;
    again.value = Redacted(line);
    EXPECT_EQ(Redacted(again), again.value) << line.row;
  }
}

}  // namespace
}  // namespace rollcall

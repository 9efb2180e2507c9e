// Reads the tables beside the tests.
#ifndef ROLLCALL_TESTS_REDACTION_READ_TABLE_H_
#define ROLLCALL_TESTS_REDACTION_READ_TABLE_H_

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace rollcall {

// All of `tests/redaction/NAME`. Fails the test, and is empty, if the file cannot be read.
inline std::string ReadRedactionTable(const std::string& name) {
  std::ifstream file(absl::StrCat(ROLLCALL_SOURCE_DIR, "/tests/redaction/", name));
  EXPECT_TRUE(file.good()) << name;
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_REDACTION_READ_TABLE_H_

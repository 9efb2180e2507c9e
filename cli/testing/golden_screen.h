// What a command puts on the screen, whole, against a text that was looked at.
#ifndef ROLLCALL_CLI_TESTING_GOLDEN_SCREEN_H_
#define ROLLCALL_CLI_TESTING_GOLDEN_SCREEN_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {

// Fails the test unless `text` is cli/testdata/screens/NAME.txt, to the byte. With ROLLCALL_REGENERATE_GOLDEN set the
// file is written first: look at the difference.
inline void ExpectGoldenScreen(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(ROLLCALL_SOURCE_DIR "/cli/testdata/screens/", name, ".txt");
  if (getenv("ROLLCALL_REGENERATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  const std::string expected((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, expected) << name << ": if the change is meant, regenerate it";
}

}  // namespace rollcall

#endif  // ROLLCALL_CLI_TESTING_GOLDEN_SCREEN_H_

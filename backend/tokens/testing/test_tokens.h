// Tokens and a folder to keep them in, for tests.
#ifndef ROLLCALL_BACKEND_TOKENS_TESTING_TEST_TOKENS_H_
#define ROLLCALL_BACKEND_TOKENS_TESTING_TEST_TOKENS_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "backend/tokens/token_store.h"
#include "backend/tokens/token_text.h"

namespace rollcall {

// Token number `number`: a text that parses, and is always the same.
inline std::string TestToken(int number) { return absl::StrFormat("rct1.%016x.%064x", number, number + 1000); }

// As it is kept, for a person with these SAN URIs.
inline TokenRow TestTokenRow(int number, std::vector<std::string> identities, absl::Time made_at,
                             absl::Duration lifetime = absl::Hours(8)) {
  const TokenText text = ParseToken(TestToken(number)).value();
  TokenRow row;
  row.id = text.id;
  row.secret_hash = HashOfSecret(text.secret);
  row.person = "alice";
  row.identities = std::move(identities);
  row.made_at = made_at;
  row.ends_at = made_at + lifetime;
  return row;
}

// A folder that goes with its object.
class TokenFolder {
 public:
  TokenFolder() : path_((std::filesystem::temp_directory_path() / "tokens_test_XXXXXX").string()) {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ~TokenFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TokenFolder(const TokenFolder&) = delete;
  TokenFolder& operator=(const TokenFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string database() const { return TokenDatabasePath(path_); }

 private:
  std::string path_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_TESTING_TEST_TOKENS_H_

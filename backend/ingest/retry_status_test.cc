#include "backend/ingest/retry_status.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

// The bytes a client library of any language expects, written out by hand:
// Status{code: 14, message: "later", details: [Any{RetryInfo{retry_delay{seconds: 90}}}]}.
TEST(RetryStatus, EncodesGoogleRpcStatus) {
  const std::string retry_info("\x0a\x02\x08\x5a", 4);
  std::string any("\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04");
  any += retry_info;
  const std::string expected = std::string("\x08\x0e\x12\x05later\x1a") + static_cast<char>(any.size()) + any;
  EXPECT_EQ(RetryDetails(absl::UnavailableError("later"), absl::Seconds(90)), expected);
}

TEST(RetryStatus, OnlyWhoMayComeBackIsTold) {
  const grpc::Status later = ToRetryStatus(absl::UnavailableError("full"), absl::Seconds(1));
  EXPECT_EQ(later.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(later.error_message(), "full");
  EXPECT_FALSE(later.error_details().empty());
  const grpc::Status final = ToRetryStatus(absl::ResourceExhaustedError("too much"), absl::ZeroDuration());
  EXPECT_EQ(final.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(final.error_details().empty());
  EXPECT_TRUE(ToRetryStatus(absl::OkStatus(), absl::ZeroDuration()).ok());
}

}  // namespace
}  // namespace rollcall

#include "agent/transport/retry_info.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"

namespace rollcall {
namespace {

// A length-delimited field below 128 bytes.
std::string Field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}

std::string Details(const std::string& type, int64_t seconds, int32_t nanos) {
  google::protobuf::Duration delay;
  delay.set_seconds(seconds);
  delay.set_nanos(nanos);
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/" + type);
  any.set_value(Field(1, delay.SerializeAsString()));
  return std::string("\x08\x08", 2) + Field(2, "busy") + Field(3, any.SerializeAsString());
}

TEST(RetryDelayOfTest, FindsTheDelay) {
  EXPECT_EQ(RetryDelayOf(Details("google.rpc.RetryInfo", 30, 500000000)), absl::Milliseconds(30500));
}

TEST(RetryDelayOfTest, PassesOverOtherDetails) {
  google::protobuf::Any other;
  other.set_type_url("type.googleapis.com/google.rpc.DebugInfo");
  EXPECT_EQ(RetryDelayOf(Field(3, other.SerializeAsString()) + Details("google.rpc.RetryInfo", 5, 0)),
            absl::Seconds(5));
  EXPECT_EQ(RetryDelayOf(Details("google.rpc.DebugInfo", 5, 0)), std::nullopt);
}

TEST(RetryDelayOfTest, IsBounded) {
  EXPECT_EQ(RetryDelayOf(Details("google.rpc.RetryInfo", int64_t{1} << 60, 0)), absl::Hours(24));
  EXPECT_EQ(RetryDelayOf(Details("google.rpc.RetryInfo", -5, 0)), absl::ZeroDuration());
}

TEST(RetryDelayOfTest, MalformedBytesAskForNothing) {
  const std::string good = Details("google.rpc.RetryInfo", 30, 0);
  EXPECT_EQ(RetryDelayOf(""), std::nullopt);
  EXPECT_EQ(RetryDelayOf("\xff\xff\xff\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(RetryDelayOf(std::string(1 << 20, 'x')), std::nullopt);
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_EQ(RetryDelayOf(good.substr(0, cut)), std::nullopt) << cut;
}

TEST(PushbackDelayOfTest, IsANumberWithinBounds) {
  EXPECT_EQ(PushbackDelayOf("1500"), absl::Milliseconds(1500));
  EXPECT_EQ(PushbackDelayOf("-1"), absl::ZeroDuration());
  EXPECT_EQ(PushbackDelayOf("86400001"), absl::Hours(24));
  EXPECT_EQ(PushbackDelayOf("9223372036854775807"), absl::Hours(24));
  for (const char* none : {"", "soon", "1.5", "9223372036854775808", "10 s"}) {
    EXPECT_EQ(PushbackDelayOf(none), std::nullopt) << none;
  }
}

TEST(RetryDelayOfTest, TheSeedOfTheCorpusIsOne) {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/agent/transport/testdata/retry_info_corpus/retry_30s.bin", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(RetryDelayOf(bytes), absl::Seconds(30));
}

}  // namespace
}  // namespace rollcall

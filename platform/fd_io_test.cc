#include "platform/fd_io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

// A pipe whose writer stays: who asks whether there is more is told to wait.
class ReadFdTest : public ::testing::Test {
 protected:
  ReadFdTest() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader_ = ScopedFd(ends[0]);
    writer_ = ScopedFd(ends[1]);
  }
  void Write(const std::string& bytes) {
    EXPECT_EQ(::write(writer_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  ScopedFd reader_;
  ScopedFd writer_;
  std::string out_ = "old";
  bool truncated_ = true;
};

TEST_F(ReadFdTest, AShortReadMayBeTheEnd) {
  Write("one record");
  EXPECT_EQ(ReadFd(reader_.get(), 0, 4096, &out_, &truncated_, /*short_read_is_end=*/true), 0);
  EXPECT_EQ(out_, "one record");
  EXPECT_FALSE(truncated_);
}

TEST_F(ReadFdTest, OtherwiseItIsAskedForMore) {
  Write("a part");
  EXPECT_EQ(ReadFd(reader_.get(), 0, 4096, &out_, &truncated_), EAGAIN);
  EXPECT_EQ(out_, "");
}

TEST_F(ReadFdTest, AReadThatFillsTheRoomIsNotShort) {
  const std::string large(50'000, 'x');
  Write(large);
  EXPECT_EQ(ReadFd(reader_.get(), 0, 60'000, &out_, &truncated_, /*short_read_is_end=*/true), 0);
  EXPECT_EQ(out_, large);
  EXPECT_FALSE(truncated_);
}

TEST_F(ReadFdTest, WhatIsAboveTheLimitIsCutAndSaid) {
  Write("0123456789");
  EXPECT_EQ(ReadFd(reader_.get(), 0, 9, &out_, &truncated_, /*short_read_is_end=*/true), 0);
  EXPECT_EQ(out_, "012345678");
  EXPECT_TRUE(truncated_);
}

}  // namespace
}  // namespace rollcall

#include "agent/status/status_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace rollcall {
namespace {

namespace fs = std::filesystem;

class StatusSocketTest : public ::testing::Test {
 protected:
  StatusSocketTest() : dir_(fs::temp_directory_path() / ("rollcall_status_" + std::to_string(getpid()))) {
    fs::remove_all(dir_);
    path_ = dir_ / "run" / "agent.sock";
    fs::create_directory(dir_);
  }
  ~StatusSocketTest() override { fs::remove_all(dir_); }

  absl::StatusOr<std::unique_ptr<StatusServer>> Start() {
    return StatusServer::Start(path_, [this](absl::string_view question) {
      ++questions_;
      return question == "long" ? std::string(1 << 20, 'x') : "you asked " + std::string(question);
    });
  }

  // A connection that says only what the test writes.
  ScopedFd Connect() const {
    ScopedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

  fs::path dir_;
  std::string path_;
  std::atomic<int> questions_{0};
};

TEST_F(StatusSocketTest, AnswersOneQuestionPerConnection) {
  const auto server = Start();
  ASSERT_EQ(server.status(), absl::OkStatus());
  EXPECT_EQ(*AskAgent(path_, "status", absl::Seconds(5)), "you asked status");
  EXPECT_EQ(*AskAgent(path_, "health", absl::Seconds(5)), "you asked health");
  EXPECT_EQ(AskAgent(path_, "long", absl::Seconds(5))->size(), size_t{1} << 20);
}

TEST_F(StatusSocketTest, OnlyTheOwnerMayConnect) {
  const auto server = Start();
  struct stat info = {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StatusSocketTest, AHangingClientDelaysOthersButDoesNotStopThem) {
  const auto server = Start();
  const ScopedFd silent = Connect();
  const ScopedFd babbling = Connect();
  const std::string garbage(10000, 'g');
  send(babbling.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL);
  EXPECT_EQ(*AskAgent(path_, "status", absl::Seconds(10)), "you asked status");
  EXPECT_EQ(questions_, 1);  // neither of the others asked one
}

TEST_F(StatusSocketTest, ReplacesAStaleSocketButNothingElse) {
  fs::create_directory(dir_ / "run");
  {
    const ScopedFd stale(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(stale.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_EQ(AskAgent(path_, "status", absl::Seconds(1)).status().code(), absl::StatusCode::kUnavailable);
  {
    const auto server = Start();
    ASSERT_EQ(server.status(), absl::OkStatus());
    EXPECT_EQ(Start().status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(AskAgent(path_, "still there", absl::Seconds(5)).ok());
  }
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(AskAgent(path_, "status", absl::Seconds(1)).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(path_) << "precious";
  EXPECT_EQ(Start().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(StatusSocketTest, PathsThatDoNotFitAreRefused) {
  path_ = "/" + std::string(200, 'x');
  EXPECT_EQ(Start().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AskAgent(path_, "status", absl::Seconds(1)).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall

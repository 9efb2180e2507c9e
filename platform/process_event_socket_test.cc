// Against the running kernel.
#include "platform/process_event_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "platform/clock.h"
#include "platform/testing/child_process.h"

namespace rollcall {
namespace {

using Type = ProcessEvent::Type;

// Starts `/bin/sh -c exit 3` and waits for it; returns its pid.
uint32_t RunShell() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl("/bin/sh", "sh", "-c", "exit 3", nullptr);
    ::_exit(127);
  }
  ::waitpid(pid, nullptr, 0);
  return static_cast<uint32_t>(pid);
}

// What the socket tells of one process.
std::vector<ProcessEvent> EventsOf(ProcessEventSocket* socket, uint32_t pid) {
  std::vector<ProcessEvent> events;
  pollfd readable = {socket->fd(), POLLIN, 0};
  while (::poll(&readable, 1, 2000) > 0) {
    ProcessEventBatch batch;
    bool lost = false;
    if (!socket->Receive(&batch, &lost).ok()) break;
    for (const ProcessEvent& event : batch.events) {
      if (event.pid == pid) events.push_back(event);
    }
    if (!events.empty() && events.back().type == Type::kExit) break;
  }
  return events;
}

class ProcessEventSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "process events take root";
  }
};

TEST_F(ProcessEventSocketTest, TellsOfTheLifeOfAProcess) {
  const auto socket = ProcessEventSocket::Open({});
  ASSERT_EQ(socket.status(), absl::OkStatus());
  const std::vector<ProcessEvent> events = EventsOf(socket->get(), RunShell());
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].type, Type::kFork);
  EXPECT_EQ(events[1].type, Type::kExec);
  EXPECT_EQ(events[2].type, Type::kExit);
  EXPECT_EQ(events[2].wait_status, 3u << 8);
  EXPECT_LE(events[0].at, events[1].at);
  EXPECT_LT(events[1].at, events[2].at);
}

TEST_F(ProcessEventSocketTest, ThreadsAreFilteredOut) {
  const auto socket = ProcessEventSocket::Open({});
  ASSERT_EQ(socket.status(), absl::OkStatus());
  for (int i = 0; i < 50; ++i) std::thread([] {}).join();
  ProcessEventBatch batch;
  bool lost = false;
  ASSERT_EQ((*socket)->Receive(&batch, &lost), absl::OkStatus());
  const auto own = static_cast<uint32_t>(::getpid());
  EXPECT_TRUE(std::none_of(batch.events.begin(), batch.events.end(),
                           [own](const ProcessEvent& event) { return event.pid == own; }));
}

TEST_F(ProcessEventSocketTest, AFullBufferIsALoss) {
  ProcessEventSocket::Options options;
  options.receive_bytes = 1;  // the kernel makes it about 2 KiB
  const auto socket = ProcessEventSocket::Open(options);
  ASSERT_EQ(socket.status(), absl::OkStatus());
  for (int i = 0; i < 50; ++i) RunShell();
  ProcessEventBatch batch;
  bool lost = false;
  EXPECT_EQ((*socket)->Receive(&batch, &lost), absl::OkStatus());
  EXPECT_TRUE(lost);
  const uint32_t later = RunShell();
  EXPECT_FALSE(EventsOf(socket->get(), later).empty()) << "the loss is over";
}

TEST_F(ProcessEventSocketTest, AnotherNetworkNamespaceHasNone) {
  const ChildProcess child(
      [] { return ::unshare(CLONE_NEWNET) == 0 && absl::IsUnimplemented(ProcessEventSocket::Open({}).status()); });
  EXPECT_TRUE(child.ready());
}

TEST_F(ProcessEventSocketTest, AnotherPidNamespaceGetsNoAnswer) {
  const ChildProcess child([] {
    if (::unshare(CLONE_NEWPID) != 0) return false;
    const ChildProcess inside([] {
      ProcessEventSocket::Options options;
      options.patience = absl::Milliseconds(100);
      return absl::IsUnavailable(ProcessEventSocket::Open(options).status());
    });
    return inside.ready();
  });
  EXPECT_TRUE(child.ready());
}

// What others send, and the kernel's events for other listeners, are no answer.
TEST_F(ProcessEventSocketTest, WhatIsNoAnswerDoesNotDrawOutTheWaitForOne) {
  const ChildProcess sender([] {
    if (::fork() != 0) return true;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const ScopedFd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR));
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_pid = 1;  // the first socket of the first process of a pid namespace
    const std::string event(76, '\0');
    for (int i = 0; i < 600; ++i) {
      ::sendto(fd.get(), event.data(), event.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
      ::usleep(50'000);
    }
    ::_exit(0);
  });
  ASSERT_TRUE(sender.ready());
  const ChildProcess child([] {
    if (::unshare(CLONE_NEWPID) != 0) return false;
    const ChildProcess inside([] {
      ProcessEventSocket::Options options;
      options.patience = absl::Milliseconds(300);
      const SystemClock clock;
      const absl::Duration begin = clock.Monotonic();
      const bool refused = absl::IsUnavailable(ProcessEventSocket::Open(options).status());
      return refused && clock.Monotonic() - begin < absl::Seconds(3);
    });
    return inside.ready();
  });
  EXPECT_TRUE(child.ready());
}

// The kernel tells every listener of every answer.
TEST_F(ProcessEventSocketTest, AnAnswerToAnotherIsNone) {
  const ChildProcess others([] {
    if (::fork() != 0) return true;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < 1'000; ++i) {
      ProcessEventSocket::Open({}).status().IgnoreError();
      ::usleep(20'000);
    }
    ::_exit(0);
  });
  ASSERT_TRUE(others.ready());
  const ChildProcess child([] {
    if (::unshare(CLONE_NEWPID) != 0) return false;
    const ChildProcess inside([] {
      ProcessEventSocket::Options options;
      options.patience = absl::Milliseconds(500);
      return absl::IsUnavailable(ProcessEventSocket::Open(options).status());
    });
    return inside.ready();
  });
  EXPECT_TRUE(child.ready());
}

TEST_F(ProcessEventSocketTest, WithoutThePrivilegeItIsPermissionDeniedOrGranted) {
  const ChildProcess child([] {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return false;
    const absl::Status status = ProcessEventSocket::Open({}).status();
    return status.ok() || absl::IsPermissionDenied(status);  // Linux 6.6 grants it to everybody
  });
  EXPECT_TRUE(child.ready());
}

}  // namespace
}  // namespace rollcall

// Backends that keep a stream open and do not do their part of it: none of them holds the agent, nor
// keeps it busy.
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/string_view.h"
#include "agent/transport/testing/grpc_session_fixture.h"
#include "platform/testing/sockets.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = SessionProgress::State;

// How often anybody asked for the time: a loop that does not wait asks all the time.
class CountingClock : public FakeClock {
 public:
  absl::Duration Monotonic() const override {
    ++asked_;
    return FakeClock::Monotonic();
  }
  int asked() const { return asked_; }

 private:
  mutable std::atomic<int> asked_{0};
};

class SilenceTest : public TimedSessionTest {
 protected:
  // The attempt that is made or was made last failed because of what `message` says.
  bool LeftBecause(const std::string& message) {
    return Eventually([&] {
      const absl::Status error = session_->Status().last_error;
      return error.code() == absl::StatusCode::kDeadlineExceeded && error.message() == message;
    });
  }
  // A backend has greeted the agent and does not take all of a batch.
  void StartBlockedWrite(const Clock* clock) {
    backend_.stops_reading = true;
    StartServer(pki_);
    StartSession(clock);
    Append(2, 100'000);  // more than HTTP/2's first window, and soon sent again by a slow machine
    ASSERT_TRUE(Eventually([&] { return session_->Status().progress.in_flight_batches > 0; }));
  }
};

TEST_F(SilenceTest, ABackendThatReadsNothingIsLeft) {
  StartBlockedWrite(&time_);
  Pass(UploadSession::kAckTimeout - absl::Seconds(1));
  StopToken().WaitFor(absl::Milliseconds(50));
  EXPECT_EQ(session_->Status().last_error, absl::OkStatus()) << "it has its time";
  Pass(absl::Seconds(1));
  EXPECT_TRUE(LeftBecause("wait for acknowledgement: the backend did not answer")) << session_->Status().last_error;
  backend_.stops_reading = false;
  EXPECT_TRUE(Passing(absl::Milliseconds(100), [&] { return spool_.Entries().empty(); }))
      << session_->Status().last_error << " after " << session_->Status().attempts << " attempts";
}

TEST_F(SilenceTest, ABackendThatAcknowledgesWhatItDoesNotReadIsLeft) {
  StartBlockedWrite(&time_);
  backend_.acknowledge_unread = spool_.Entries().front().sequence;
  ASSERT_TRUE(Eventually([&] { return session_->Status().progress.in_flight_batches == 0; }));
  Pass(UploadSession::kAckTimeout);
  EXPECT_TRUE(LeftBecause("write message: the backend does not take it")) << session_->Status().last_error;
}

TEST_F(SilenceTest, WaitingForAWriteIsNoWork) {
  CountingClock clock;
  StartBlockedWrite(&clock);
  clock.Advance(absl::Minutes(2));  // a heartbeat is due, and cannot be sent
  session_->Wake();
  StopToken().WaitFor(absl::Milliseconds(50));
  const int before = clock.asked();
  StopToken().WaitFor(absl::Milliseconds(300));
  EXPECT_LT(clock.asked() - before, 20);
  session_.reset();
}

TEST_F(SilenceTest, AListenerThatSaysNothingIsLeft) {
  const ScopedFd listener = BindTestSocket({});
  ASSERT_TRUE(listener.valid());
  options_.addresses = {Address(PortOf(listener))};
  StartSession(&time_);
  ASSERT_TRUE(Eventually([&] {
    session_->Wake();  // shows where it stands
    return session_->Status().progress.state == State::kGreeting;
  }));
  Pass(UploadSession::kWelcomeTimeout);
  EXPECT_TRUE(LeftBecause("wait for Welcome: the backend did not answer")) << session_->Status().last_error;
  session_.reset();
}

// Answers the first message with bytes that are no message, and never ends a call.
class GibberishService : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    class Reactor : public grpc::ServerGenericBidiReactor {
     public:
      explicit Reactor(std::atomic<int>* answers) : answers_(answers) { StartRead(&read_); }

     private:
      void OnReadDone(bool ok) override {
        if (!ok) return;
        const grpc::Slice bytes("\xff");
        written_ = grpc::ByteBuffer(&bytes, 1);
        StartWrite(&written_);
      }
      void OnWriteDone(bool) override { ++*answers_; }
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }

      std::atomic<int>* const answers_;
      grpc::ByteBuffer read_;
      grpc::ByteBuffer written_;
    };
    return new Reactor(&answers);
  }

  std::atomic<int> answers{0};
};

TEST_F(SilenceTest, ABackendWhoseMessagesDoNotParseIsLeft) {
  GibberishService gibberish;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(Address(0), ServerCredentials(pki_, "DNS:backend.test"), &port_);
  builder.RegisterCallbackGenericService(&gibberish);
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
  options_.addresses = {Address(port_)};
  StartSession(&time_);
  ASSERT_TRUE(Eventually([&] { return gibberish.answers == 1; }));
  const absl::string_view left = "end session: the backend did not end it";
  StopToken().WaitFor(absl::Milliseconds(100));  // until the answer is read
  ASSERT_TRUE(Eventually([&] {
    Pass(absl::Seconds(1));
    return session_->Status().last_error.message() == left;
  }));
  EXPECT_TRUE(Passing(absl::Seconds(1), [&] { return gibberish.answers > 1; })) << "it comes back";
  EXPECT_THAT(logger_.lines(), ElementsAre(HasSubstr(left)));
  session_.reset();
  StopServer();
}

}  // namespace
}  // namespace rollcall

// Questions and answers on the agent's unix socket: one word and a newline, answered by one
// line, after which the connection ends.
#ifndef ROLLCALL_AGENT_STATUS_STATUS_SOCKET_H_
#define ROLLCALL_AGENT_STATUS_STATUS_SOCKET_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// Largest answer.
inline constexpr size_t kMaxAnswerBytes = size_t{4} << 20;

// Answers on a thread of its own, one connection at a time, which sleeps while nobody asks.
// A slow or silent client is dropped after a second.
class StatusServer {
 public:
  // Gives the answer to a question, without the newline. Called on the server's thread.
  using Handler = std::function<std::string(absl::string_view question)>;

  // Makes the socket with mode 0600, in a directory that is made if it is missing, and starts.
  // A socket that nobody listens on is replaced; FailedPrecondition if another process
  // answers there, or if something else is in the way.
  static absl::StatusOr<std::unique_ptr<StatusServer>> Start(const std::string& path, Handler handler);
  // Ends the thread and removes the socket.
  ~StatusServer();

 private:
  StatusServer(std::string path, Handler handler, ScopedFd listener, ScopedFd stop);
  void Run();
  void Serve(int connection) const;

  const std::string path_;
  const Handler handler_;
  ScopedFd listener_;
  // eventfd(2) that ends the thread.
  ScopedFd stop_;
  std::thread thread_;
};

// Asks the agent behind the socket. NotFound or Unavailable if none answers, DeadlineExceeded
// after `timeout`.
absl::StatusOr<std::string> AskAgent(const std::string& path, absl::string_view question, absl::Duration timeout);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_STATUS_STATUS_SOCKET_H_

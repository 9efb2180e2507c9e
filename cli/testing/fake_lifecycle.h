// A backend's Lifecycle in this process that answers with what a test gave it, and remembers what it was asked.
#ifndef ROLLCALL_CLI_TESTING_FAKE_LIFECYCLE_H_
#define ROLLCALL_CLI_TESTING_FAKE_LIFECYCLE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rollcall/v1/lifecycle_service.grpc.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

class FakeLifecycle {
 public:
  // One call as it came in.
  struct Call {
    std::string method;
    // Textproto in one line.
    std::string request;
    // Of the metadata; empty if it was not there.
    std::string tenant;
    std::string ticket;
  };

  FakeLifecycle();
  ~FakeLifecycle();

  // What the next calls of a method answer, in order; the last again and again, an empty message if there is none.
  // Textproto.
  void AddAnswer(const std::string& method, const std::string& response) { answers_[method].push_back(response); }
  void AddAnswer(const std::string& method, const google::protobuf::Message& response);
  // Calls of a method fail from now on.
  void Fail(const std::string& method, const grpc::Status& status) { failures_[method] = status; }

  pb::Lifecycle::StubInterface* stub() { return stub_.get(); }
  const std::vector<Call>& calls() const { return calls_; }

 private:
  class Impl;
  std::map<std::string, std::vector<std::string>> answers_;
  std::map<std::string, grpc::Status> failures_;
  std::vector<Call> calls_;
  std::unique_ptr<Impl> impl_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<pb::Lifecycle::StubInterface> stub_;
};

}  // namespace rollcall

#endif  // ROLLCALL_CLI_TESTING_FAKE_LIFECYCLE_H_

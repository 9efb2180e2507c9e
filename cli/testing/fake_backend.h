// A backend in this process that answers with what a test gave it.
#ifndef ROLLCALL_CLI_TESTING_FAKE_BACKEND_H_
#define ROLLCALL_CLI_TESTING_FAKE_BACKEND_H_

#include <memory>
#include <string>
#include <vector>

#include "rollcall/v1/operate.grpc.pb.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Keeps nothing but current records; filters as the real one does. Fill it before the first call.
class FakeBackend {
 public:
  FakeBackend();
  ~FakeBackend();

  // Textproto. Fail the test if it is wrong.
  void AddHost(const std::string& host_summary);
  void AddCoverage(const std::string& unit_coverage);
  // False, and nothing added, if this program does not have the kind called `kind`.
  bool AddRecord(const std::string& kind, const std::string& stored_record);
  // What a call of Retract with this page token answers.
  void AddRetractAnswer(const std::string& page_token, const std::string& retract_response);
  // Calls of Retract with this page token fail with UNAVAILABLE.
  void FailRetract(const std::string& page_token);

  pb::Query::StubInterface* query() { return query_.get(); }
  pb::Operate::StubInterface* operate() { return operate_.get(); }
  // Requests of Retract, in order.
  const std::vector<pb::RetractRequest>& retract_requests() const;

 private:
  class QueryImpl;
  class OperateImpl;

  std::unique_ptr<QueryImpl> query_impl_;
  std::unique_ptr<OperateImpl> operate_impl_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<pb::Query::StubInterface> query_;
  std::unique_ptr<pb::Operate::StubInterface> operate_;
};

}  // namespace rollcall

#endif  // ROLLCALL_CLI_TESTING_FAKE_BACKEND_H_

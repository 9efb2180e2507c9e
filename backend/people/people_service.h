// The gRPC side of what people ask about themselves.
#ifndef ROLLCALL_BACKEND_PEOPLE_PEOPLE_SERVICE_H_
#define ROLLCALL_BACKEND_PEOPLE_PEOPLE_SERVICE_H_

#include "backend/query/operator_call.h"
#include "backend/query/query_service.h"
#include "platform/log.h"
#include "rollcall/v1/people.grpc.pb.h"

namespace rollcall {

// The message that says what a grant says; tenants and roles in order. Pure.
pb::WhoAmIResponse DescribeGrant(const Grant& grant);

// Thread-safe, as gRPC demands.
class PeopleService final : public pb::People::CallbackService {
 public:
  // Everything pointed to must outlive the service.
  PeopleService(const OperatorServing& serving, Logger* logger, QueryObserver* observer)
      : serving_(serving), logger_(logger), observer_(observer) {}

  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* call, const pb::WhoAmIRequest* request,
                                   pb::WhoAmIResponse* response) override;

 private:
  const OperatorServing serving_;
  Logger* const logger_;
  QueryObserver* const observer_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PEOPLE_PEOPLE_SERVICE_H_

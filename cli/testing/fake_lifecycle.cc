#include "cli/testing/fake_lifecycle.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace rollcall {
namespace {

std::string OneLine(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(message, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string Metadata(const grpc::ServerContext& call, const char* key) {
  const auto found = call.client_metadata().find(key);
  return found == call.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
}

}  // namespace

class FakeLifecycle::Impl : public pb::Lifecycle::Service {
 public:
  explicit Impl(FakeLifecycle* fake) : fake_(fake) {}

  grpc::Status ListServices(grpc::ServerContext* call, const pb::ListServicesRequest* request,
                            pb::ListServicesResponse* response) override {
    return Answer("ListServices", *call, *request, response);
  }
  grpc::Status AddService(grpc::ServerContext* call, const pb::AddServiceRequest* request,
                          pb::OperationAnswer* response) override {
    return Answer("AddService", *call, *request, response);
  }
  grpc::Status ScheduleTermination(grpc::ServerContext* call, const pb::ScheduleTerminationRequest* request,
                                   pb::OperationAnswer* response) override {
    return Answer("ScheduleTermination", *call, *request, response);
  }
  grpc::Status ChangeTermination(grpc::ServerContext* call, const pb::ChangeTerminationRequest* request,
                                 pb::OperationAnswer* response) override {
    return Answer("ChangeTermination", *call, *request, response);
  }
  grpc::Status CancelTermination(grpc::ServerContext* call, const pb::CancelTerminationRequest* request,
                                 pb::OperationAnswer* response) override {
    return Answer("CancelTermination", *call, *request, response);
  }
  grpc::Status Resume(grpc::ServerContext* call, const pb::ResumeRequest* request,
                      pb::OperationAnswer* response) override {
    return Answer("Resume", *call, *request, response);
  }
  grpc::Status PlaceHold(grpc::ServerContext* call, const pb::PlaceHoldRequest* request,
                         pb::OperationAnswer* response) override {
    return Answer("PlaceHold", *call, *request, response);
  }
  grpc::Status ApproveHold(grpc::ServerContext* call, const pb::ApproveHoldRequest* request,
                           pb::OperationAnswer* response) override {
    return Answer("ApproveHold", *call, *request, response);
  }
  grpc::Status AskRelease(grpc::ServerContext* call, const pb::AskReleaseRequest* request,
                          pb::OperationAnswer* response) override {
    return Answer("AskRelease", *call, *request, response);
  }
  grpc::Status ApproveRelease(grpc::ServerContext* call, const pb::ApproveReleaseRequest* request,
                              pb::OperationAnswer* response) override {
    return Answer("ApproveRelease", *call, *request, response);
  }
  grpc::Status ListHolds(grpc::ServerContext* call, const pb::ListHoldsRequest* request,
                         pb::ListHoldsResponse* response) override {
    return Answer("ListHolds", *call, *request, response);
  }
  grpc::Status RequestDeletion(grpc::ServerContext* call, const pb::RequestDeletionRequest* request,
                               pb::OperationAnswer* response) override {
    return Answer("RequestDeletion", *call, *request, response);
  }
  grpc::Status CancelDeletion(grpc::ServerContext* call, const pb::CancelDeletionRequest* request,
                              pb::OperationAnswer* response) override {
    return Answer("CancelDeletion", *call, *request, response);
  }
  grpc::Status RequestExport(grpc::ServerContext* call, const pb::RequestExportRequest* request,
                             pb::OperationAnswer* response) override {
    return Answer("RequestExport", *call, *request, response);
  }
  grpc::Status ListRequests(grpc::ServerContext* call, const pb::ListRequestsRequest* request,
                            pb::ListRequestsResponse* response) override {
    return Answer("ListRequests", *call, *request, response);
  }
  grpc::Status ListCertificates(grpc::ServerContext* call, const pb::ListCertificatesRequest* request,
                                pb::ListCertificatesResponse* response) override {
    return Answer("ListCertificates", *call, *request, response);
  }
  grpc::Status GetCertificate(grpc::ServerContext* call, const pb::GetCertificateRequest* request,
                              pb::DeletionCertificate* response) override {
    return Answer("GetCertificate", *call, *request, response);
  }
  grpc::Status GetRetentionStatus(grpc::ServerContext* call, const pb::GetRetentionStatusRequest* request,
                                  pb::GetRetentionStatusResponse* response) override {
    return Answer("GetRetentionStatus", *call, *request, response);
  }
  grpc::Status MakeDryRun(grpc::ServerContext* call, const pb::MakeDryRunRequest* request,
                          pb::MakeDryRunResponse* response) override {
    return Answer("MakeDryRun", *call, *request, response);
  }
  grpc::Status AcknowledgeDryRun(grpc::ServerContext* call, const pb::AcknowledgeDryRunRequest* request,
                                 pb::AcknowledgeDryRunResponse* response) override {
    return Answer("AcknowledgeDryRun", *call, *request, response);
  }
  grpc::Status ConfirmClock(grpc::ServerContext* call, const pb::ConfirmClockRequest* request,
                            pb::ConfirmClockResponse* response) override {
    return Answer("ConfirmClock", *call, *request, response);
  }

 private:
  grpc::Status Answer(const std::string& method, const grpc::ServerContext& call,
                      const google::protobuf::Message& request, google::protobuf::Message* response) {
    fake_->calls_.push_back(
        {method, OneLine(request), Metadata(call, "rollcall-tenant"), Metadata(call, "rollcall-ticket")});
    if (const auto failure = fake_->failures_.find(method); failure != fake_->failures_.end()) return failure->second;
    std::vector<std::string>& answers = fake_->answers_[method];
    if (answers.empty()) return grpc::Status::OK;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(answers.front(), response)) << answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return grpc::Status::OK;
  }

  FakeLifecycle* const fake_;
};

FakeLifecycle::FakeLifecycle() : impl_(std::make_unique<Impl>(this)) {
  grpc::ServerBuilder builder;
  builder.RegisterService(impl_.get());
  server_ = builder.BuildAndStart();
  stub_ = pb::Lifecycle::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
}

FakeLifecycle::~FakeLifecycle() { server_->Shutdown(); }

void FakeLifecycle::AddAnswer(const std::string& method, const google::protobuf::Message& response) {
  AddAnswer(method, OneLine(response));
}

}  // namespace rollcall

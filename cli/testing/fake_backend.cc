#include "cli/testing/fake_backend.h"

#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "google/protobuf/text_format.h"
#include "proto/enum_word.h"
#include "proto/field_path.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

bool Holds(const pb::StoredRecord& stored, const pb::Filter& filter) {
  const auto path = ResolveFieldPath(KindOf(stored.record())->message, filter.field());
  if (!path.ok()) return false;
  const auto* type = path->back()->enum_type();
  std::string wanted = filter.value() == "yes" ? "true" : filter.value() == "no" ? "false" : filter.value();
  if (type != nullptr && filter.op() == pb::Filter::EQUALS) wanted = FindEnumValue(type, wanted)->name();
  const std::vector<std::string> values = FieldValues(PayloadOf(stored.record()), *path);
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return filter.op() == pb::Filter::MATCHES ? RE2::PartialMatch(value, "(?i)" + wanted) : value == wanted;
  });
}

}  // namespace

class FakeBackend::QueryImpl : public pb::Query::Service {
 public:
  grpc::Status ListHosts(grpc::ServerContext*, const pb::ListHostsRequest*, pb::ListHostsResponse* response) override {
    *response = hosts;
    return grpc::Status::OK;
  }
  grpc::Status ListRecords(grpc::ServerContext*, const pb::ListRecordsRequest* request,
                           pb::ListRecordsResponse* response) override {
    for (const pb::StoredRecord& stored : records) {
      const bool asked =
          request->host().empty() || request->host() == stored.agent_id() || request->host() == stored.hostname();
      const bool kind = KindOf(stored.record())->options->name() == request->kind();
      const bool holds = kind && std::all_of(request->filters().begin(), request->filters().end(),
                                             [&](const pb::Filter& filter) { return Holds(stored, filter); });
      if (asked && holds) *response->add_records() = stored;
    }
    return grpc::Status::OK;
  }
  grpc::Status GetCoverage(grpc::ServerContext*, const pb::GetCoverageRequest* request,
                           pb::GetCoverageResponse* response) override {
    for (const pb::UnitCoverage& unit : coverage) {
      if (request->host().empty() || request->host() == unit.agent_id()) *response->add_units() = unit;
    }
    return grpc::Status::OK;
  }

  pb::ListHostsResponse hosts;
  std::vector<pb::UnitCoverage> coverage;
  std::vector<pb::StoredRecord> records;
};

class FakeBackend::OperateImpl : public pb::Operate::Service {
 public:
  grpc::Status Retract(grpc::ServerContext*, const pb::RetractRequest* request,
                       pb::RetractResponse* response) override {
    requests.push_back(*request);
    if (failures.count(request->page_token()) > 0) return {grpc::StatusCode::UNAVAILABLE, "the store is away"};
    *response = answers[request->page_token()];
    return grpc::Status::OK;
  }

  std::map<std::string, pb::RetractResponse> answers;
  std::set<std::string> failures;
  std::vector<pb::RetractRequest> requests;
};

FakeBackend::FakeBackend()
    : query_impl_(std::make_unique<QueryImpl>()), operate_impl_(std::make_unique<OperateImpl>()) {
  grpc::ServerBuilder builder;
  builder.RegisterService(query_impl_.get());
  builder.RegisterService(operate_impl_.get());
  server_ = builder.BuildAndStart();
  const auto channel = server_->InProcessChannel(grpc::ChannelArguments());
  query_ = pb::Query::NewStub(channel);
  operate_ = pb::Operate::NewStub(channel);
}

FakeBackend::~FakeBackend() { server_->Shutdown(); }

void FakeBackend::AddHost(const std::string& host_summary) {
  *query_impl_->hosts.add_hosts() = Parsed<pb::HostSummary>(host_summary);
}

void FakeBackend::AddCoverage(const std::string& unit_coverage) {
  query_impl_->coverage.push_back(Parsed<pb::UnitCoverage>(unit_coverage));
}

bool FakeBackend::AddRecord(const std::string& kind, const std::string& stored_record) {
  if (FindKind(kind) == nullptr) return false;
  query_impl_->records.push_back(Parsed<pb::StoredRecord>(stored_record));
  return true;
}

void FakeBackend::AddRetractAnswer(const std::string& page_token, const std::string& retract_response) {
  operate_impl_->answers[page_token] = Parsed<pb::RetractResponse>(retract_response);
}

void FakeBackend::FailRetract(const std::string& page_token) { operate_impl_->failures.insert(page_token); }

const std::vector<pb::RetractRequest>& FakeBackend::retract_requests() const { return operate_impl_->requests; }

}  // namespace rollcall

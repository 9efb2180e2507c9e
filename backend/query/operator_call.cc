#include "backend/query/operator_call.h"

#include <iterator>

namespace rollcall {
namespace {

// The metadata's one value; a name given twice means nothing that can be granted.
std::string Metadata(const grpc::CallbackServerContext& call, const char* key) {
  const auto [first, last] = call.client_metadata().equal_range(key);
  if (first == last) return "";
  if (std::next(first) != last) return "\n";
  return std::string(first->second.data(), first->second.size());
}

}  // namespace

CallFacts ReadCallFacts(const grpc::CallbackServerContext& call, const OperatorServing& serving,
                        const google::protobuf::Descriptor* request, pb::Purpose purpose) {
  return {serving.people->Authenticate(call),
          {MethodTaking(request), purpose, Metadata(call, kTenantMetadata), Metadata(call, kTicketMetadata)}};
}

CallerName CallerOf(const CallFacts& facts, const absl::StatusOr<Access>& access) {
  if (access.ok()) return {access->tenant(), access->person()};
  if (!facts.grant.ok()) return {};
  return {facts.grant->tenants.size() == 1 ? facts.grant->tenants.begin()->first : "", facts.grant->person};
}

}  // namespace rollcall

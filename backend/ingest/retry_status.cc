#include "backend/ingest/retry_status.h"

#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedOutputStream;
using ::google::protobuf::io::StringOutputStream;

// google/rpc/status.proto and error_details.proto, which the distributions do not package.
constexpr int kStatusCode = 1;
constexpr int kStatusMessage = 2;
constexpr int kStatusDetails = 3;
constexpr int kRetryDelay = 1;
constexpr char kRetryInfoType[] = "type.googleapis.com/google.rpc.RetryInfo";

std::string RetryInfo(absl::Duration retry_after) {
  std::string bytes;
  {
    StringOutputStream stream(&bytes);
    CodedOutputStream out(&stream);
    WireFormatLite::WriteBytes(kRetryDelay, ToWire(retry_after).SerializeAsString(), &out);
  }
  return bytes;
}

}  // namespace

std::string RetryDetails(const absl::Status& status, absl::Duration retry_after) {
  google::protobuf::Any detail;
  detail.set_type_url(kRetryInfoType);
  detail.set_value(RetryInfo(retry_after));
  std::string bytes;
  {
    StringOutputStream stream(&bytes);
    CodedOutputStream out(&stream);
    WireFormatLite::WriteInt32(kStatusCode, static_cast<int>(status.code()), &out);
    WireFormatLite::WriteBytes(kStatusMessage, std::string(status.message()), &out);
    WireFormatLite::WriteBytes(kStatusDetails, detail.SerializeAsString(), &out);
  }
  return bytes;
}

grpc::Status ToRetryStatus(const absl::Status& status, absl::Duration retry_after) {
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message());
  if (retry_after <= absl::ZeroDuration()) return grpc::Status(code, message);
  return grpc::Status(code, message, RetryDetails(status, retry_after));
}

void AddRetryTrailer(grpc::CallbackServerContext* call, absl::Duration retry_after) {
  if (retry_after <= absl::ZeroDuration()) return;
  call->AddTrailingMetadata("grpc-retry-pushback-ms", std::to_string(absl::ToInt64Milliseconds(retry_after)));
}

}  // namespace rollcall

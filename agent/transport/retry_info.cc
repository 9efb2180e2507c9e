#include "agent/transport/retry_info.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace rollcall {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr absl::Duration kLongest = absl::Hours(24);
// google/rpc/status.proto: `repeated google.protobuf.Any details = 3`;
// google/rpc/error_details.proto: RetryInfo `google.protobuf.Duration retry_delay = 1`.
constexpr int kDetailsField = 3;
constexpr int kRetryDelayField = 1;

// Calls `visit` with every length-delimited field `number` until it returns true.
template <typename Visitor>
bool VisitMessages(absl::string_view bytes, int number, Visitor visit) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  const uint32_t wanted = WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  while (const uint32_t tag = in.ReadTag()) {
    if (tag != wanted) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    uint32_t size = 0;
    std::string message;
    if (!in.ReadVarint32(&size) || size > bytes.size() || !in.ReadString(&message, static_cast<int>(size)))
      return false;
    if (visit(message)) return true;
  }
  return false;
}

}  // namespace

std::optional<absl::Duration> RetryDelayOf(absl::string_view status_details) {
  constexpr size_t kMaxTrailer = 64 << 10;
  if (status_details.size() > kMaxTrailer) return std::nullopt;
  std::optional<absl::Duration> delay;
  VisitMessages(status_details, kDetailsField, [&](const std::string& detail) {
    google::protobuf::Any any;
    if (!any.ParseFromString(detail) || !absl::EndsWith(any.type_url(), "/google.rpc.RetryInfo")) return false;
    return VisitMessages(any.value(), kRetryDelayField, [&](const std::string& text) {
      google::protobuf::Duration duration;
      if (!duration.ParseFromString(text)) return false;
      delay = std::clamp(absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos()), absl::ZeroDuration(),
                         kLongest);
      return true;
    });
  });
  return delay;
}

std::optional<absl::Duration> PushbackDelayOf(absl::string_view milliseconds) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(milliseconds, &number)) return std::nullopt;
  return std::clamp(absl::Milliseconds(number), absl::ZeroDuration(), kLongest);
}

}  // namespace rollcall

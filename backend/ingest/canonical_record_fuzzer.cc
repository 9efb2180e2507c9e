// Any bytes as a record: what is read from them is what parsing gives, and nothing is read that parsing refuses or
// serializing changes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "backend/ingest/testing/parsed_record.h"
#include "google/protobuf/stubs/logging.h"

namespace {

constexpr size_t kMaxString = 64;

void Check(absl::string_view bytes, const rollcall::pb::Scope& scope) {
  rollcall::CanonicalRecordReader reader(scope, kMaxString);
  rollcall::CanonicalRecord read;
  if (!reader.Read(bytes, &read)) return;
  const std::optional<rollcall::CanonicalRecord> parsed = rollcall::ReadByParsing(bytes, scope, kMaxString);
  if (!parsed.has_value() || !rollcall::SameRecord(read, *parsed)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer of_what_is_no_utf8;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  rollcall::pb::Scope scope;
  scope.set_type(rollcall::pb::Scope::HOST);
  Check(bytes, scope);
  scope.set_type(rollcall::pb::Scope::CONTAINER);
  scope.set_id("c1");
  Check(bytes, scope);
  return 0;
}

// Conditions on records, compiled once per request.
#ifndef ROLLCALL_BACKEND_QUERY_RECORD_FILTER_H_
#define ROLLCALL_BACKEND_QUERY_RECORD_FILTER_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"
#include "proto/kind_registry.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {

// All conditions of a request; a record must meet each. Immutable, thread-safe.
class RecordFilter {
 public:
  ~RecordFilter();
  RecordFilter(RecordFilter&&) noexcept;
  RecordFilter& operator=(RecordFilter&&) noexcept;

  // A path is looked up in the kind's message, then in Record, then in StoredRecord.
  // InvalidArgument for an unknown field (naming near ones), a bad expression, more than 32
  // conditions or values over 1 KiB.
  static absl::StatusOr<RecordFilter> Compile(const Kind& kind,
                                              const google::protobuf::RepeatedPtrField<pb::Filter>& filters);

  // `stored.record()` must be of the kind. Values compare as the text FieldValues gives; on a
  // repeated field one matching element is enough. EQUALS with an empty value finds fields
  // that are empty or not set.
  bool Matches(const pb::StoredRecord& stored) const;

 private:
  struct Condition;
  RecordFilter();

  std::vector<std::unique_ptr<Condition>> conditions_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_RECORD_FILTER_H_

// What the message options say about each kind, looked up by payload case, name or record.
#ifndef ROLLCALL_PROTO_KIND_REGISTRY_H_
#define ROLLCALL_PROTO_KIND_REGISTRY_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "rollcall/v1/options.pb.h"
#include "rollcall/v1/record.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// A kind of record: one case of `Record.payload`.
struct Kind {
  // Number of the oneof case; stable, also the kind's number in stores.
  int number;
  // The case's field in Record.
  const google::protobuf::FieldDescriptor* field;
  const google::protobuf::Descriptor* message;
  const pb::KindOptions* options;
  // Identity fields of the message in field-number order.
  std::vector<const google::protobuf::FieldDescriptor*> identity;
};

// All kinds, ordered by number. Built from the descriptors at first use; immutable and
// safe to read from any thread.
const std::vector<Kind>& AllKinds();

// The kind with that name (`os_package`) or oneof number; nullptr if there is none.
const Kind* FindKind(absl::string_view name);
const Kind* FindKind(int number);

// Whether the kind's records are samples (KindOptions.sample); false for an unknown number.
bool IsSampleKind(int number);

// The kind of the record's payload; nullptr if the payload is not set.
const Kind* KindOf(const pb::Record& record);

// The record's payload message. REQUIRES: payload is set.
const google::protobuf::Message& PayloadOf(const pb::Record& record);
google::protobuf::Message* MutablePayloadOf(pb::Record* record);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_KIND_REGISTRY_H_

// Whether a message's bytes are the ones that parsing and serializing it again would give, told from the bytes.
#ifndef ROLLCALL_BACKEND_INGEST_CANONICAL_WIRE_H_
#define ROLLCALL_BACKEND_INGEST_CANONICAL_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace rollcall {

// A serializer has choices that a parser does not see: fields in any order, numbers longer than they need be, a field
// that is overwritten by a later one, an empty string in place of none. protobuf's own makes one choice of each,
// and bytes with just these are canonical. Format: protobuf.dev/programming-guides/encoding.
//
// What follows errs to one side: it may call canonical bytes unproven, never others canonical. Of what no kind of
// record has (maps, groups, floating point, numbers of fixed width) it knows nothing, and proves nothing.

struct CanonicalType;

// What the bytes of a field must be.
struct CanonicalField {
  enum class Form : uint8_t {
    kBool,
    kUint32,
    kInt32,
    kUint64,
    kInt64,
    kSint32,
    kSint64,
    kEnum,
    kText,
    kBytes,
    kMessage,
    kUnknown
  };

  const google::protobuf::FieldDescriptor* field = nullptr;
  uint32_t tag = 0;
  Form form = Form::kUnknown;
  bool repeated = false;
  // Its numbers stand in one run of bytes.
  bool packed = false;
  // Written though it has the default value: because it is there, or one of many.
  bool keeps_default = false;
  // A bit for the oneof it is of; 0 if of none.
  uint64_t oneof = 0;
  // Of an enum: a bit for each number that its type names.
  uint64_t values = 0;
  // Of a message.
  const CanonicalType* message = nullptr;
};

struct CanonicalType {
  std::vector<CanonicalField> fields;  // ascending by number
  // By number: index in `fields` plus 1; 0 where there is none.
  std::vector<uint8_t> by_number;
};

// The types that a message and all within it are of. Immutable; safe to read from any thread.
class CanonicalTypes {
 public:
  explicit CanonicalTypes(const google::protobuf::Descriptor* root) { Add(root); }

  // nullptr if it is not within the root.
  const CanonicalType* Of(const google::protobuf::Descriptor* type) const;

 private:
  const CanonicalType* Add(const google::protobuf::Descriptor* type);
  CanonicalField MakeField(const google::protobuf::FieldDescriptor* field);

  std::map<const google::protobuf::Descriptor*, std::unique_ptr<CanonicalType>> types_;
};

// One field as it was found.
struct FoundField {
  const CanonicalField* rule = nullptr;
  // Its place in CanonicalType::fields.
  size_t index = 0;
  // The number, unless it is packed or has a length.
  uint64_t number = 0;
  // Text, bytes, a message, packed numbers.
  absl::string_view content;
  // Where the field begins, with its tag, and ends.
  size_t begin = 0;
  size_t end = 0;
};

// Goes through the fields of one message, in order, with no recursion: `messages` within it are for the caller to look
// into. Does not allocate.
class CanonicalFields {
 public:
  // `bytes` must outlive this.
  CanonicalFields(const CanonicalType& type, absl::string_view bytes, size_t max_string_bytes)
      : type_(type),
        begin_(reinterpret_cast<const uint8_t*>(bytes.data())),
        at_(begin_),
        end_(begin_ + bytes.size()),
        max_string_bytes_(max_string_bytes) {}

  // The next field. False at the end, and at what is not proven canonical.
  bool Next(FoundField* found);
  // After Next was false: all bytes are proven.
  bool proven() const { return proven_ && at_ == end_; }

 private:
  bool Take(FoundField* found);
  const CanonicalField* TakeTag();
  bool TakeVarint(uint64_t* value);
  bool TakeContent(absl::string_view* content);
  bool TakePacked(const CanonicalField& field, absl::string_view* content);

  const CanonicalType& type_;
  const uint8_t* const begin_;
  const uint8_t* at_;
  const uint8_t* const end_;
  const size_t max_string_bytes_;
  // The first of type_.fields that may still come.
  size_t next_ = 0;
  uint64_t oneofs_ = 0;
  bool proven_ = true;
};

// Whether the whole message, at most `depth` levels deep, is proven canonical and within CheckMessageBounds.
bool IsCanonical(const CanonicalType& type, absl::string_view bytes, size_t max_string_bytes, int depth);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_CANONICAL_WIRE_H_

// Walks DER, the encoding of certificates and signatures; ITU-T X.690.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_DER_READER_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_DER_READER_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace rollcall {

// Identifier octets of what is read here.
enum DerTag : uint8_t {
  kDerInteger = 0x02,
  kDerObjectId = 0x06,
  kDerSequence = 0x30,
  kDerSet = 0x31,
  // [0], primitive and constructed.
  kDerContext0Primitive = 0x80,
  kDerContext0 = 0xA0,
  kDerContext1 = 0xA1,
};

// Reads the elements of one constructed element one after another. Lengths are checked against
// the bytes there are; indefinite lengths and tags of more than one octet are not DER's here and
// end the walk. Never descends by itself. Lives as long as the bytes.
class DerReader {
 public:
  explicit DerReader(absl::string_view bytes) : rest_(bytes) {}

  // Tag of the next element; nullopt at the end.
  std::optional<uint8_t> PeekTag() const;
  // Content of the next element, which is passed; nullopt, and nothing passed, if it has another
  // tag or is damaged.
  std::optional<absl::string_view> Read(uint8_t tag);
  // Passes the next element if it has that tag.
  bool Skip(uint8_t tag) { return Read(tag).has_value(); }

 private:
  absl::string_view rest_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_DER_READER_H_

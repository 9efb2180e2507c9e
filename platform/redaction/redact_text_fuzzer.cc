#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/redaction/redaction_fuzzer_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string value(reinterpret_cast<const char*>(data), size);
  rollcall::CheckRedactor(value, rollcall::RedactText);
  return 0;
}

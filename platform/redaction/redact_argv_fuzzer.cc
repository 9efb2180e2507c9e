#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "platform/redaction/redaction_fuzzer_body.h"

// Arguments are separated by zero bytes, as in /proc/PID/cmdline.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::string> argv =
      absl::StrSplit(absl::string_view(reinterpret_cast<const char*>(data), size), '\0');
  std::vector<std::string> once = argv;
  const bool reported = !rollcall::RedactArgv(&once).empty();
  rollcall::Require(once.size() == argv.size(), "arguments keep their places");
  rollcall::Require(reported == (once != argv), "a change is reported, and only a change");
  std::vector<std::string> twice = once;
  rollcall::Require(rollcall::RedactArgv(&twice).empty() && twice == once, "twice is once");
  return 0;
}

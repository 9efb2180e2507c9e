// What must hold for every value a fuzzer can think of.
#ifndef ROLLCALL_PLATFORM_REDACTION_REDACTION_FUZZER_BODY_H_
#define ROLLCALL_PLATFORM_REDACTION_REDACTION_FUZZER_BODY_H_

#include <cstdio>
#include <cstdlib>
#include <string>

#include "platform/redaction/redactor.h"

namespace rollcall {

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// `redact` takes a std::string* and returns the list of rules that matched.
template <typename Redact>
void CheckRedactor(const std::string& value, Redact redact) {
  std::string once = value;
  const bool reported = !redact(&once).empty();
  Require(reported == (once != value), "a change is reported, and only a change");
  std::string twice = once;
  Require(redact(&twice).empty() && twice == once, "twice is once");
}

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_REDACTION_FUZZER_BODY_H_

// How a record says what was redacted of it: the same words on the host and in the backend.
#ifndef ROLLCALL_PROTO_REDACTION_NOTE_H_
#define ROLLCALL_PROTO_REDACTION_NOTE_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/common.pb.h"

namespace rollcall {

// Deeper nesting has no place in a record; the bound keeps a recursive message from looping.
inline constexpr int kMaxRedactedDepth = 8;

// `owners` and `pid` become `owners.pid`; at the top of a record `path` is empty.
inline std::string ChildPath(const std::string& path, const std::string& name) {
  return path.empty() ? name : absl::StrCat(path, ".", name);
}

inline void NoteRedaction(const std::string& path, absl::string_view rule,
                          std::vector<::rollcall::v1::Redaction>* redactions) {
  ::rollcall::v1::Redaction& redaction = redactions->emplace_back();
  redaction.set_field(path);
  redaction.set_rule(std::string(rule));
}

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_REDACTION_NOTE_H_

// Replaces parts of a value while it is read from left to right.
#ifndef ROLLCALL_PLATFORM_REDACTION_REWRITER_H_
#define ROLLCALL_PLATFORM_REDACTION_REWRITER_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Names of the rules that matched, each once, in order of their first match. The names are
// literals.
using RuleList = std::vector<absl::string_view>;

inline void AddRule(absl::string_view rule, RuleList* rules) {
  if (std::find(rules->begin(), rules->end(), rule) == rules->end()) rules->push_back(rule);
}

// What a secret is replaced by: the rule's name and nothing that depends on the secret, not
// even its length; a hash could be guessed offline.
inline std::string Replacement(absl::string_view rule) { return absl::StrCat("[REDACTED:", rule, "]"); }

// Copies nothing until the first replacement. The text must outlive it.
class Rewriter {
 public:
  explicit Rewriter(absl::string_view text) : text_(text) {}

  // Replaces [begin, end). What lies before the end of the last replacement is left alone.
  void Replace(size_t begin, size_t end, absl::string_view rule, RuleList* rules) {
    if (begin < copied_ || begin >= end) return;
    absl::StrAppend(&out_, text_.substr(copied_, begin - copied_), Replacement(rule));
    copied_ = end;
    changed_ = true;
    AddRule(rule, rules);
  }

  // End of the last replacement in the text.
  size_t done() const { return copied_; }

  // Writes the rewritten text to `*value`, which may be what the text views. True if anything
  // was replaced.
  bool Finish(std::string* value) {
    if (!changed_) return false;
    absl::StrAppend(&out_, text_.substr(copied_));
    *value = std::move(out_);
    return true;
  }

 private:
  absl::string_view text_;
  std::string out_;
  size_t copied_ = 0;
  bool changed_ = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_REWRITER_H_

#include "platform/redaction/redactor.h"

#include <utility>

#include "platform/redaction/argv_scrubber.h"
#include "platform/redaction/byte_set.h"
#include "platform/redaction/embedded_urls.h"
#include "platform/redaction/harmless_value.h"
#include "platform/redaction/key_values.h"
#include "platform/redaction/named_values.h"
#include "platform/redaction/rewriter.h"
#include "platform/redaction/token_formats.h"

namespace rollcall {
namespace {

constexpr absl::string_view kSize = "size";
constexpr absl::string_view kLimit = "limit";

// A pass may uncover what the next one replaces. More passes than this happen only to values
// made for it.
constexpr int kMaxPasses = 6;

// Shorter than any token of a known form.
constexpr size_t kShortestToken = 15;
// One of these stands between a secret and its name, user or program.
constexpr ByteSet kTelling(" \t\n\v\f\r=:'\"<>@/;|&(){},\\");

// What all kinds of secrets need at least one of; without them there is nothing to do.
bool MayHoldSecret(absl::string_view text) {
  return text.size() >= kShortestToken || kTelling.Find(text, 0) < text.size();
}

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

void LimitSize(std::string* value, RuleList* rules) {
  if (value->size() <= kMaxRedactedValueBytes) return;
  const std::string marker = Replacement(kSize);
  size_t end = kMaxRedactedValueBytes - marker.size();
  for (int back = 0; back < 3 && end > 0 && IsContinuationByte((*value)[end]); ++back) --end;
  value->resize(end);
  value->append(marker);
  AddRule(kSize, rules);
}

void MergeRules(const RuleList& more, RuleList* rules) {
  for (const absl::string_view rule : more) AddRule(rule, rules);
}

// Repeats `pass` until it finds nothing more.
template <typename Pass>
RuleList RedactValue(std::string* value, Pass pass) {
  RuleList rules;
  if (!MayHoldSecret(*value)) return rules;
  for (int i = 0; i < kMaxPasses; ++i) {
    RuleList found;
    const std::string before = *value;
    LimitSize(value, &found);
    pass(value, &found);
    if (*value == before) return rules;
    MergeRules(found, &rules);
  }
  *value = Replacement(kLimit);
  AddRule(kLimit, &rules);
  return rules;
}

void UrlPass(std::string* url, RuleList* rules) {
  RedactTokenFormats(url, rules);
  RedactEmbeddedUrls(url, rules);
  RedactKeyValues(ValueContext::kArgument, url, rules);
}

void TextPass(std::string* text, RuleList* rules) {
  RedactTokenFormats(text, rules);
  RedactEmbeddedUrls(text, rules);
  RedactKeyValues(ValueContext::kText, text, rules);
  RedactNamedValues(text, rules);
  ScrubShellLine(0, true, text, rules);
}

// One pass over all arguments; true if any changed.
bool ArgvPass(std::vector<std::string>* argv, std::vector<RuleList>* rules) {
  const std::vector<std::string> before = *argv;
  std::vector<RuleList> found(argv->size());
  for (size_t i = 0; i < argv->size(); ++i) LimitSize(&(*argv)[i], &found[i]);
  ScrubArgv(0, false, argv, &found);
  bool changed = false;
  for (size_t i = 0; i < argv->size(); ++i) {
    if ((*argv)[i] == before[i]) continue;
    MergeRules(found[i], &(*rules)[i]);
    changed = true;
  }
  return changed;
}

// Replaces all arguments from `first` on.
void ReplaceFrom(size_t first, std::vector<std::string>* argv, std::vector<RuleList>* rules) {
  for (size_t i = first; i < argv->size(); ++i) {
    if (IsReplacement((*argv)[i])) continue;
    (*argv)[i] = Replacement(kLimit);
    AddRule(kLimit, &(*rules)[i]);
  }
}

}  // namespace

std::vector<ArgvRedaction> RedactArgv(std::vector<std::string>* argv) {
  std::vector<RuleList> rules(argv->size());
  ReplaceFrom(kMaxRedactedArguments, argv, &rules);
  bool changing = true;
  for (int i = 0; i < kMaxPasses && changing; ++i) changing = ArgvPass(argv, &rules);
  if (changing) ReplaceFrom(0, argv, &rules);
  std::vector<ArgvRedaction> redactions;
  for (size_t i = 0; i < rules.size(); ++i) {
    for (const absl::string_view rule : rules[i]) redactions.push_back({i, rule});
  }
  return redactions;
}

bool HoldsKnownToken(absl::string_view value) { return HoldsTokenFormat(value); }

std::vector<absl::string_view> RedactUrl(std::string* url) { return RedactValue(url, UrlPass); }

std::vector<absl::string_view> RedactText(std::string* text) { return RedactValue(text, TextPass); }

}  // namespace rollcall

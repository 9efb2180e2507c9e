#include "platform/redaction/named_values.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "platform/redaction/byte_set.h"
#include "platform/redaction/harmless_value.h"
#include "platform/redaction/key_words.h"

namespace rollcall {
namespace {

constexpr absl::string_view kStatement = "text.statement";
constexpr absl::string_view kCall = "text.call";
constexpr absl::string_view kElement = "text.element";
constexpr absl::string_view kNamed = "text.named_value";

constexpr size_t kLongestKey = 64;
// Between a name and its value stand a few quotes, blanks and commas.
constexpr size_t kLongestGap = 16;

constexpr ByteSet kKeyBytes = ByteSet("_-.").WithAlnum();
constexpr ByteSet kQuotes("'\"");
constexpr ByteSet kEscapedQuotes("'\"\\");
constexpr ByteSet kBeforeString(" \t(");
constexpr ByteSet kBetweenArguments(" \t,");
constexpr ByteSet kBetweenMembers(" \t\r\n,-");
constexpr ByteSet kAssigns("=: \t");
constexpr ByteSet kAfterBareValue(" \t\r\n,}'\"\\/>");

// Where the run of bytes of the set that ends at `end` begins; no more than `most` bytes back.
size_t RunBegin(absl::string_view text, size_t end, const ByteSet& set, size_t most) {
  const size_t stop = end > most ? end - most : 0;
  while (end > stop && set.Has(text[end - 1])) --end;
  return end;
}

absl::string_view WordBefore(absl::string_view text, size_t end) {
  const size_t begin = RunBegin(text, end, kKeyBytes, kLongestKey);
  return text.substr(begin, end - begin);
}

// Whether a string that begins at `quote` is a password by the words before it: `PASSWORD 'x'` and
// `IDENTIFIED BY 'x'` of SQL, `secret "x";` of BIND's and its relatives' settings.
bool IsStatement(absl::string_view text, size_t quote) {
  const size_t end = RunBegin(text, quote, kBeforeString, kLongestGap);
  if (end == quote) return false;
  const absl::string_view word = WordBefore(text, end);
  const size_t before = RunBegin(text, end - word.size(), kBeforeString, kLongestGap);
  const absl::string_view verb = WordBefore(text, before);
  if (word == "secret") {
    const size_t close = text.find(text[quote], quote + 1);
    return close != text.npos && absl::StartsWith(text.substr(close + 1), ";");
  }
  if (absl::EqualsIgnoreCase(word, "by")) return absl::EqualsIgnoreCase(verb, "identified");
  if (!absl::EqualsIgnoreCase(word, "password") || text[quote] != '\'') return false;
  // Running text has passwords in quotes too.
  return word == "PASSWORD" || text[end] == '(' || absl::EqualsIgnoreCase(verb, "with") ||
         absl::EqualsIgnoreCase(verb, "encrypted");
}

// Whether the string that begins at `quote` is the value in `f('DB_PASSWORD', 'x')`.
bool IsCall(absl::string_view text, size_t quote) {
  const size_t end = RunBegin(text, quote, kBetweenArguments, kLongestGap);
  if (end == quote || end < 2 || !kQuotes.Has(text[end - 1])) return false;
  const absl::string_view name = WordBefore(text, end - 1);
  const size_t begin = end - 1 - name.size();
  if (name.empty() || begin < 2 || text[begin - 1] != text[end - 1] || text[begin - 2] != '(') return false;
  return ClassifyKey(name) == KeyStrength::kStrong;
}

void Replace(absl::string_view text, size_t begin, size_t end, absl::string_view rule, Rewriter* rewriter,
             RuleList* rules) {
  if (begin >= end || begin < rewriter->done()) return;
  if (IsHarmlessValue(text.substr(begin, end - begin), KeyStrength::kStrong)) return;
  rewriter->Replace(begin, end, rule, rules);
}

void RedactStrings(absl::string_view text, Rewriter* rewriter, RuleList* rules) {
  for (size_t i = kQuotes.Find(text, 0); i < text.size(); i = kQuotes.Find(text, i + 1)) {
    const bool statement = IsStatement(text, i);
    if (!statement && !IsCall(text, i)) continue;
    const size_t end = std::min(text.find(text[i], i + 1), text.size());
    // A shell's `'\''` is a quote of the string.
    const size_t value_end = end > i + 1 && text[end - 1] == '\\' ? end - 1 : end;
    Replace(text, i + 1, value_end, statement ? kStatement : kCall, rewriter, rules);
    i = end;
  }
}

void RedactElements(absl::string_view text, Rewriter* rewriter, RuleList* rules) {
  for (size_t close = text.find("</"); close != text.npos; close = text.find("</", close + 2)) {
    const size_t name_end = kKeyBytes.FindNot(text, close + 2);
    const absl::string_view name = text.substr(close + 2, name_end - close - 2);
    if (name.empty() || name.size() > kLongestKey || ClassifyKey(name) != KeyStrength::kStrong) continue;
    // The value has no tags of its own, so the one before it opens the element.
    const size_t from = rewriter->done();
    const size_t open_end = text.substr(from, close - from).rfind('>');
    if (open_end == text.npos) continue;
    const size_t open = text.substr(from, open_end).rfind('<');
    if (open == text.npos || !absl::StartsWith(text.substr(from + open + 1), name)) continue;
    Replace(text, from + open_end + 1, close, kElement, rewriter, rules);
  }
}

// The name in `name="password" value=`, `{"name":"X","value":` or `name: X value:`, where `end` is
// where `value` stands. Empty if there is none.
absl::string_view NameBeforeValue(absl::string_view text, size_t end) {
  end = RunBegin(text, end, kEscapedQuotes, kLongestGap);
  const size_t between = RunBegin(text, end, kBetweenMembers, kLongestGap);
  if (between == end) return {};
  end = RunBegin(text, between, kEscapedQuotes, kLongestGap);
  const absl::string_view name = WordBefore(text, end);
  size_t begin = RunBegin(text, end - name.size(), kEscapedQuotes, kLongestGap);
  const size_t assigned = RunBegin(text, begin, kAssigns, kLongestGap);
  if (assigned == begin) return {};
  begin = RunBegin(text, assigned, kEscapedQuotes, kLongestGap);
  const absl::string_view label = WordBefore(text, begin);
  return absl::EqualsIgnoreCase(label, "name") || absl::EqualsIgnoreCase(label, "key") ? name : absl::string_view();
}

void RedactPairs(absl::string_view text, Rewriter* rewriter, RuleList* rules) {
  constexpr absl::string_view kValue = "value";
  for (size_t at = text.find(kValue); at != text.npos; at = text.find(kValue, at + kValue.size())) {
    const size_t after = kEscapedQuotes.FindNot(text, at + kValue.size());
    const size_t begin = kAssigns.FindNot(text, after);
    if (begin == after || at == 0) continue;
    if (ClassifyKey(NameBeforeValue(text, at)) != KeyStrength::kStrong) continue;
    if (absl::StartsWith(text.substr(begin), "${")) continue;
    const size_t opened = kEscapedQuotes.FindNot(text, begin);
    const size_t end = opened == begin ? kAfterBareValue.Find(text, begin) : kEscapedQuotes.Find(text, opened);
    Replace(text, opened, end, kNamed, rewriter, rules);
  }
}

// Runs a scan over the value and stores its result.
template <typename Scan>
void Apply(Scan scan, std::string* value, RuleList* rules) {
  const absl::string_view text = *value;
  Rewriter rewriter(text);
  scan(text, &rewriter, rules);
  rewriter.Finish(value);
}

}  // namespace

void RedactNamedValues(std::string* value, RuleList* rules) {
  if (kQuotes.Find(*value, 0) < value->size()) Apply(RedactStrings, value, rules);
  if (absl::StrContains(*value, "</")) Apply(RedactElements, value, rules);
  if (absl::StrContains(*value, "value")) Apply(RedactPairs, value, rules);
}

}  // namespace rollcall

#include "platform/redaction/key_values.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "platform/redaction/byte_set.h"
#include "platform/redaction/harmless_value.h"
#include "platform/redaction/key_words.h"

namespace rollcall {
namespace {

constexpr absl::string_view kAssignment = "text.assignment";
constexpr absl::string_view kParameter = "url.query";
constexpr absl::string_view kConnection = "text.connection_string";
constexpr absl::string_view kMember = "text.member";
constexpr absl::string_view kHeader = "text.header";

constexpr size_t kLongestKey = 64;

constexpr ByteSet kSeparators("=:");
constexpr ByteSet kKeyBytes = ByteSet("_-.").WithAlnum();
// What ends a value, by what stands before its key.
constexpr ByteSet kAfterParameter("& \t\r\n\"'#<>");
constexpr ByteSet kAfterFragment("& \t\r\n\"'<>");
constexpr ByteSet kAfterConnection(";\"'\r\n");
constexpr ByteSet kAfterOption(", \t\r\n\"';");
constexpr ByteSet kAfterListed(",) \t\r\n\"'");
constexpr ByteSet kAfterWord(" \t\r\n\"'");
constexpr ByteSet kAfterLine("\r\n\"'");
constexpr ByteSet kAfterMember(" \t\r\n,}]\"'");
constexpr ByteSet kBlanks(" \t");
constexpr ByteSet kDelimiters(" \t\n\v\f\r&;,");

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsQuote(char c) { return c == '"' || c == '\''; }
bool IsKeyByte(char c) { return kKeyBytes.Has(c); }

// The name before a `=` or `:`.
struct Key {
  absl::string_view name;
  size_t begin = 0;
  bool quoted = false;
  // Byte before the key, opening quote included; '\0' at the start.
  char before = '\0';
};

Key KeyBefore(absl::string_view text, size_t separator) {
  Key key;
  size_t end = separator;
  for (int blanks = 0; blanks < 2 && end > 0 && text[end - 1] == ' '; ++blanks) --end;
  // `\"password\":` is JSON inside a string.
  if (end > 0 && IsQuote(text[end - 1])) {
    key.quoted = true;
    --end;
    if (end > 0 && text[end - 1] == '\\') --end;
  } else if (end > 0 && text[end - 1] == ']') {
    --end;  // `user[password]=x`, `$user['password'] = 'x'`
    if (end > 0 && IsQuote(text[end - 1])) --end;
  }
  size_t begin = end;
  while (begin > 0 && end - begin < kLongestKey && IsKeyByte(text[begin - 1])) --begin;
  key.begin = begin;
  key.name = text.substr(begin, end - begin);
  // `-Dapi.key=x`, `-Papi.key=x`: properties of Java and Gradle.
  if (key.name.size() > 2 && key.name[0] == '-' && (key.name[1] == 'D' || key.name[1] == 'P'))
    key.name.remove_prefix(2);
  if (key.quoted && begin > 0 && IsQuote(text[begin - 1])) --begin;
  key.before = begin == 0 ? '\0' : text[begin - 1];
  return key;
}

// End of a quoted string whose content begins at `begin`.
size_t QuotedEnd(absl::string_view text, size_t begin, char quote, bool escaped) {
  for (size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '\\' && !escaped && i + 1 < text.size()) {
      ++i;
    } else if (text[i] == quote) {
      return escaped && i > begin && text[i - 1] == '\\' ? i - 1 : i;
    }
  }
  return text.size();
}

// Whether `name=` begins at `begin`: another assignment rather than more of the value.
bool BeginsAssignment(absl::string_view text, size_t begin) {
  size_t end = begin;
  while (end < text.size() && end - begin < kLongestKey && IsKeyByte(text[end])) ++end;
  return end > begin && end < text.size() && text[end] == '=' && end + 1 < text.size() && text[end + 1] != '=';
}

// All of an argument belongs to its first value, except for assignments that follow.
size_t ArgumentValueEnd(absl::string_view text, size_t begin) {
  for (size_t i = begin; i < text.size(); ++i) {
    if (kDelimiters.Has(text[i]) && BeginsAssignment(text, i + 1)) return i;
  }
  return text.size();
}

struct Extent {
  size_t begin;
  size_t end;
  absl::string_view rule;
};

Extent AssignedValue(absl::string_view text, const Key& key, size_t separator, ValueContext context) {
  size_t begin = separator + 1;
  if (begin < text.size() && text[begin] == '>') ++begin;  // `password => "x"`
  const bool spaced = separator > 0 && text[separator - 1] == ' ';
  while (begin < text.size() && text[begin] == ' ' && spaced) ++begin;
  const bool escaped = begin + 1 < text.size() && text[begin] == '\\' && IsQuote(text[begin + 1]);
  if (escaped) ++begin;
  if (begin < text.size() && IsQuote(text[begin])) {
    return {begin + 1, QuotedEnd(text, begin + 1, text[begin], escaped), kAssignment};
  }
  switch (key.before) {
    case '?':
    case '&':
      return {begin, kAfterParameter.Find(text, begin), kParameter};
    case '#':
      return {begin, kAfterFragment.Find(text, begin), kParameter};
    case ';':
      return {begin, kAfterConnection.Find(text, begin), kConnection};
    case ',':
      return {begin, kAfterOption.Find(text, begin), kAssignment};
    case '(':
      return {begin, kAfterListed.Find(text, begin), kAssignment};
    case '"':
    case '\'':
      return {begin, std::min(text.find(key.before, begin), text.size()), kAssignment};
    default:
      break;
  }
  const bool first = absl::StrContains("-", text.substr(0, 1)) || key.begin == 0;
  const bool whole = context == ValueContext::kArgument && first &&
                     text.substr(0, key.begin).find_first_not_of('-') == absl::string_view::npos;
  return {begin, whole ? ArgumentValueEnd(text, begin) : kAfterWord.Find(text, begin), kAssignment};
}

// Value of a header: the credentials behind the scheme, up to the end of the line or quote.
Extent HeaderValue(absl::string_view text, const Key& key, size_t separator, ValueContext context) {
  size_t begin = separator + 1;
  while (begin < text.size() && text[begin] == ' ') ++begin;
  size_t end = kAfterLine.Find(text, begin);
  const bool cookie = absl::EndsWithIgnoreCase(key.name, "cookie");
  if (context == ValueContext::kText && !cookie) {
    // At most two words: scheme and credentials.
    const size_t scheme = kBlanks.Find(text, begin);
    if (scheme < end) end = std::min(end, kBlanks.Find(text, scheme + 1));
  }
  const size_t blank = text.find(' ', begin);
  if (!cookie && blank != text.npos && blank + 1 < end) begin = blank + 1;
  return {begin, end, kHeader};
}

// `"password": "x"`, `password: x`.
Extent MemberValue(absl::string_view text, size_t separator, ValueContext context) {
  size_t begin = separator + 1;
  while (begin < text.size() && text[begin] == ' ') ++begin;
  const bool escaped = begin + 1 < text.size() && text[begin] == '\\' && IsQuote(text[begin + 1]);
  if (escaped) ++begin;
  if (begin < text.size() && IsQuote(text[begin])) {
    return {begin + 1, QuotedEnd(text, begin + 1, text[begin], escaped), kMember};
  }
  const bool argument = context == ValueContext::kArgument && text.find_first_of("{[,") == text.npos;
  return {begin, (argument ? kAfterLine : kAfterMember).Find(text, begin), kMember};
}

// Whether a strong name with a colon and no blank is followed by its value. Volumes, images
// and targets (`secret:/run`, `token:1.2`) look alike, so only passwords count.
bool ColonAssigns(absl::string_view text, const Key& key, size_t separator) {
  if (separator + 1 >= text.size()) return false;
  const char next = text[separator + 1];
  if (next == ' ' || key.quoted) return true;
  if (next == '/' || next == ':' || next == '=') return false;
  return absl::StartsWithIgnoreCase(key.name, "x-") || absl::EndsWithIgnoreCase(key.name, "password") ||
         absl::EndsWithIgnoreCase(key.name, "passwd");
}

// The shell's variables, not passwords of data sources.
bool IsWorkingDirectory(absl::string_view text, const Key& key, size_t separator) {
  return (key.name == "PWD" || key.name == "OLDPWD") && (key.before == '\0' || IsBlank(key.before)) &&
         absl::StartsWith(text.substr(separator + 1), "/");
}

KeyStrength StrengthOf(absl::string_view text, const Key& key, bool in_url) {
  const bool parameter = key.before == '?' || (key.before == '&' && in_url) || (key.before == '#' && in_url);
  return parameter ? ClassifyQueryKey(key.name) : ClassifyKey(key.name);
}

// Finds the value that belongs to the separator; an empty extent if it is no secret.
Extent SecretAt(absl::string_view text, size_t separator, bool in_url, ValueContext context, KeyStrength* strength) {
  const Extent none{0, 0, kAssignment};
  const Key key = KeyBefore(text, separator);
  if (key.name.empty()) return none;
  const bool header = text[separator] == ':' ? IsSecretHeader(key.name) : key.name == "Authorization";
  if (header) {
    *strength = KeyStrength::kStrong;
    return key.quoted ? MemberValue(text, separator, context) : HeaderValue(text, key, separator, context);
  }
  if (IsWorkingDirectory(text, key, separator)) return none;
  *strength = StrengthOf(text, key, in_url);
  if (*strength == KeyStrength::kNone) return none;
  if (text[separator] == '=') return AssignedValue(text, key, separator, context);
  if (*strength == KeyStrength::kWeak || !ColonAssigns(text, key, separator)) return none;
  return MemberValue(text, separator, context);
}

}  // namespace

void RedactKeyValues(ValueContext context, std::string* value, RuleList* rules) {
  const absl::string_view text = *value;
  size_t i = kSeparators.Find(text, 0);
  if (i == text.size()) return;
  const bool in_url = text.find('?') != text.npos || absl::StrContains(text, "://");
  Rewriter rewriter(text);
  for (; i < text.size(); i = kSeparators.Find(text, i)) {
    KeyStrength strength = KeyStrength::kNone;
    const Extent secret = SecretAt(text, i, in_url, context, &strength);
    ++i;
    if (secret.end <= secret.begin || secret.begin < rewriter.done()) continue;
    if (ReplacementEnd(text, secret.begin) >= secret.end) continue;
    if (IsHarmlessValue(text.substr(secret.begin, secret.end - secret.begin), strength)) continue;
    rewriter.Replace(secret.begin, secret.end, secret.rule, rules);
    i = std::max(i, secret.end);
  }
  rewriter.Finish(value);
}

}  // namespace rollcall

#include "platform/systemd/unit_words.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void AppendUtf8(uint32_t character, std::string* out) {
  const auto byte = [out](uint32_t value) { out->push_back(static_cast<char>(value)); };
  if (character < 0x80) {
    byte(character);
  } else if (character < 0x800) {
    byte(0xC0 | character >> 6);
    byte(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    byte(0xE0 | character >> 12);
    byte(0x80 | (character >> 6 & 0x3F));
    byte(0x80 | (character & 0x3F));
  } else {
    byte(0xF0 | character >> 18);
    byte(0x80 | (character >> 12 & 0x3F));
    byte(0x80 | (character >> 6 & 0x3F));
    byte(0x80 | (character & 0x3F));
  }
}

// The number of exactly `count` digits to `base` at the start of `text`.
std::optional<uint32_t> Digits(absl::string_view text, size_t count, uint32_t base) {
  if (text.size() < count) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, count)) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    const uint32_t digit = lower >= '0' && lower <= '9'   ? static_cast<uint32_t>(lower - '0')
                           : lower >= 'a' && lower <= 'f' ? static_cast<uint32_t>(lower - 'a') + 10
                                                          : base;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

// Appends the byte or character of a numeric escape; its length in `rest`, 0 if it is none. An
// escape for NUL is none: it would end the string.
size_t NumericEscape(absl::string_view rest, std::string* out) {
  constexpr uint32_t kLastCharacter = 0x10FFFF;
  const auto character = [&](size_t count) -> size_t {
    const std::optional<uint32_t> value = Digits(rest.substr(1), count, 16);
    if (!value || *value == 0 || *value > kLastCharacter || (*value >= 0xD800 && *value <= 0xDFFF)) return 0;
    AppendUtf8(*value, out);
    return count + 1;
  };
  if (rest[0] == 'u') return character(4);
  if (rest[0] == 'U') return character(8);
  const bool hex = rest[0] == 'x';
  const std::optional<uint32_t> byte = hex ? Digits(rest.substr(1), 2, 16) : Digits(rest, 3, 8);
  if (!byte || *byte == 0 || *byte > 0xFF) return 0;
  out->push_back(static_cast<char>(*byte));
  return 3;
}

// Appends what the escape after a backslash means, and returns its length in `rest`, which is not
// empty. One that means nothing stays, with its backslash.
size_t Unescape(absl::string_view rest, std::string* out) {
  constexpr absl::string_view kNames = "abfnrtv\\\"'s";
  constexpr absl::string_view kMeanings = "\a\b\f\n\r\t\v\\\"' ";
  if (const size_t at = kNames.find(rest[0]); at != absl::string_view::npos) {
    out->push_back(kMeanings[at]);
    return 1;
  }
  if (const size_t length = NumericEscape(rest, out); length > 0) return length;
  out->push_back('\\');
  out->push_back(rest[0]);
  return 1;
}

enum class Next { kWord, kEnd, kOpenQuote };

// Takes the next word off `text`.
Next TakeWord(absl::string_view* text, std::string* word) {
  word->clear();
  while (!text->empty() && IsSpace(text->front())) text->remove_prefix(1);
  if (text->empty()) return Next::kEnd;
  char quote = '\0';
  while (!text->empty()) {
    const char c = text->front();
    if (quote == '\0' && IsSpace(c)) break;
    text->remove_prefix(1);
    if (c == '\\') {
      if (text->empty()) {
        word->push_back(c);
      } else {
        text->remove_prefix(Unescape(*text, word));
      }
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else {
      word->push_back(c);
    }
  }
  return quote == '\0' ? Next::kWord : Next::kOpenQuote;
}

absl::Status OpenQuote() { return absl::InvalidArgumentError("a quote without its end"); }
absl::Status TooManyWords() {
  return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxUnitWords, " words"));
}

// Whether `text` starts with the word `word`, and takes it off.
bool TakeLiteral(absl::string_view word, absl::string_view* text) {
  while (!text->empty() && IsSpace(text->front())) text->remove_prefix(1);
  if (text->substr(0, word.size()) != word) return false;
  if (text->size() > word.size() && !IsSpace((*text)[word.size()])) return false;
  text->remove_prefix(word.size());
  return true;
}

// Takes the special characters off the first word of a command.
void SplitPrefixes(absl::string_view word, UnitCommand* command) {
  const size_t end = std::min(word.find_first_not_of("-@:+!|"), word.size());
  command->prefixes = std::string(word.substr(0, end));
  command->program = std::string(word.substr(end));
}

}  // namespace

UnitWords SplitUnitWords(absl::string_view value) {
  UnitWords result;
  std::string word;
  Next next = Next::kEnd;
  while ((next = TakeWord(&value, &word)) == Next::kWord) {
    if (result.words.size() >= kMaxUnitWords) {
      result.problem = TooManyWords();
      return result;
    }
    result.words.push_back(std::move(word));
  }
  if (next == Next::kOpenQuote) result.problem = OpenQuote();
  return result;
}

UnitCommands SplitUnitCommands(absl::string_view value) {
  UnitCommands result;
  UnitCommand command;
  size_t words_of_command = 0;
  size_t words = 0;
  std::string word;
  const auto finish = [&] {
    if (words_of_command > 0) result.commands.push_back(std::exchange(command, UnitCommand()));
    words_of_command = 0;
  };
  while (true) {
    if (TakeLiteral(";", &value)) {
      finish();
      continue;
    }
    const bool semicolon = TakeLiteral("\\;", &value);
    const Next next = semicolon ? Next::kWord : TakeWord(&value, &word);
    if (semicolon) word = ";";
    if (next == Next::kEnd) break;
    if (next == Next::kOpenQuote) {
      result.problem = OpenQuote();
      break;
    }
    if (++words > kMaxUnitWords) {
      result.problem = TooManyWords();
      break;
    }
    if (words_of_command == 0) {
      SplitPrefixes(word, &command);
    } else if (words_of_command > 1 || command.prefixes.find('@') == std::string::npos) {
      command.arguments.push_back(std::exchange(word, std::string()));
    }
    ++words_of_command;
  }
  finish();
  return result;
}

std::vector<std::string> UnitEnvironmentNames(absl::string_view value) {
  std::vector<std::string> names;
  for (const std::string& word : SplitUnitWords(value).words) {
    const std::string name = word.substr(0, word.find('='));
    const bool valid =
        !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
    if (valid) names.push_back(name);
  }
  return names;
}

}  // namespace rollcall

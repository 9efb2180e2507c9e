#include "platform/redaction/argv_scrubber.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/redaction/embedded_urls.h"
#include "platform/redaction/harmless_value.h"
#include "platform/redaction/key_values.h"
#include "platform/redaction/key_words.h"
#include "platform/redaction/named_values.h"
#include "platform/redaction/program_rules.h"
#include "platform/redaction/shell_words.h"
#include "platform/redaction/token_formats.h"

namespace rollcall {
namespace {

constexpr absl::string_view kLongOption = "argv.long_option";
constexpr absl::string_view kShortOption = "argv.short_option";
constexpr absl::string_view kPositional = "argv.positional";
constexpr absl::string_view kPair = "argv.user_secret";
constexpr absl::string_view kCookie = "argv.cookie";
constexpr absl::string_view kPiped = "argv.piped";
constexpr absl::string_view kLimit = "limit";

constexpr ProgramRules kNoRules{.names = ""};
// Before the program of a line of text is found, as in `0 4 * * * root mysqldump`.
constexpr ProgramRules kTextRules{.names = "", .wrapper = true};

// Options of many programs whose value is `user:secret` if it has a colon.
constexpr auto kPairOptions =
    std::to_array<absl::string_view>({"auth", "basic-auth", "basicauth", "http-auth", "proxy-auth", "http-user"});
// Positional words that are followed by their value, such as in `mysqladmin password x`.
constexpr auto kBareKeys = std::to_array<absl::string_view>({"password", "passwd", "passphrase", "Password"});

// Whether the blank-separated `list` has `word`.
bool Lists(absl::string_view list, absl::string_view word) {
  while (!list.empty()) {
    const size_t blank = list.find(' ');
    if (list.substr(0, blank) == word) return true;
    if (blank == list.npos) return false;
    list.remove_prefix(blank + 1);
  }
  return false;
}

bool HasLetter(absl::string_view letters, char letter) { return letters.find(letter) != letters.npos; }

// `-/bin/x` is how a unit says that a command may fail.
bool IsOption(absl::string_view argument) {
  return argument.size() > 1 && argument.front() == '-' && argument[1] != '/';
}

// Lower case letters only, perhaps with punctuation behind them.
bool IsWord(absl::string_view text) {
  while (!text.empty() && absl::ascii_ispunct(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); });
}

bool MatchesWord(absl::string_view pattern, absl::string_view word) {
  if (absl::ConsumeSuffix(&pattern, "*")) return absl::StartsWith(word, pattern);
  return word == pattern;
}

// How the value of an option is to be read.
enum class ValueUse { kNone, kPlain, kSecret, kWeakSecret, kSecretUnlessWord, kPair, kCookie };

// Reads one command's arguments from left to right.
class ArgvScrubber {
 public:
  ArgvScrubber(int depth, bool in_text, std::vector<std::string>* argv, std::vector<RuleList>* rules)
      : depth_(depth), argv_(*argv), rules_(*rules), program_(in_text ? &kTextRules : &kNoRules) {}

  void Run() {
    size_t first = 0;
    if (program_ == &kNoRules) first = BeginCommand();
    for (index_ = first; index_ < argv_.size(); ++index_) TakeArgument();
  }

 private:
  std::string& argument() { return argv_[index_]; }
  RuleList* found() { return &rules_[index_]; }
  const std::string& positional(size_t place) const { return argv_[positional_[place]]; }

  // Passes `NAME=value` before the program, and the program. Returns the first argument's index.
  size_t BeginCommand() {
    for (index_ = 0; index_ < argv_.size(); ++index_) {
      const bool assignment = absl::StrContains(argument(), '=') && argument().front() != '-';
      if (!assignment) break;
      ScrubEmbedded();
    }
    if (index_ == argv_.size()) return index_;
    SetProgram();
    ScrubEmbedded();
    return index_ + 1;
  }

  void SetProgram() {
    const ProgramRules* rules = FindProgramRules(argument());
    program_ = rules == nullptr ? &kNoRules : rules;
    positional_.clear();
    letters_seen_.clear();
  }

  void TakeArgument() {
    const ValueUse use = next_;
    const absl::string_view name_rule = next_rule_;
    next_ = ValueUse::kNone;
    const bool after_long = std::exchange(after_long_, false);
    if (TakeAsValue(use, name_rule)) return;
    if (IsOption(argument())) {
      TakeOption();
    } else if (program_->slash_options && absl::StartsWith(argument(), "/")) {
      TakeSlashOption();
    } else {
      TakePositional(after_long);
    }
    ScrubEmbedded();
  }

  // The argument as the value of the option before it; false if it is not.
  bool TakeAsValue(ValueUse use, absl::string_view rule) {
    if (use == ValueUse::kNone) return false;
    // An option that asks for its secret is followed by the next option. A secret may begin
    // with a dash, but then programs want it attached.
    if (IsOption(argument()) && use != ValueUse::kPlain) return false;
    if (shell_line_next_) {
      shell_line_next_ = false;
      ScrubLine(false);
    } else {
      Apply(use, 0, rule);
    }
    ScrubEmbedded();
    return true;
  }

  void Expect(ValueUse use, absl::string_view rule) {
    next_ = use;
    next_rule_ = rule;
  }

  // Replaces what is secret of the value that begins at `begin` of the argument.
  void Apply(ValueUse use, size_t begin, absl::string_view rule) {
    const absl::string_view value = absl::string_view(argument()).substr(begin);
    switch (use) {
      case ValueUse::kNone:
      case ValueUse::kPlain:
        return;
      case ValueUse::kSecret:
        return ReplaceTail(absl::StartsWith(value, "pass:") ? begin + 5 : begin, KeyStrength::kStrong, rule);
      case ValueUse::kWeakSecret:
        return ReplaceTail(absl::StartsWith(value, "pass:") ? begin + 5 : begin, KeyStrength::kWeak, rule);
      case ValueUse::kSecretUnlessWord:
        if (!IsWord(value)) ReplaceTail(begin, KeyStrength::kStrong, rule);
        return;
      case ValueUse::kPair:
        return ApplyPair(begin);
      case ValueUse::kCookie:
        if (absl::StrContains(value, '=')) ReplaceTail(begin, KeyStrength::kStrong, kCookie);
        return;
    }
  }

  void ApplyPair(size_t begin) {
    const absl::string_view value = absl::string_view(argument()).substr(begin);
    const size_t separator = value.find(program_->pair_separator);
    if (separator == value.npos || absl::StartsWith(value, "[REDACTED:")) return;
    if (program_->pair_separator != '/') return ReplaceTail(begin + separator + 1, KeyStrength::kStrong, kPair);
    // `user/secret@database`; without a user, `/` asks for the system's authentication.
    if (separator == 0) return;
    const size_t at = value.rfind('@');
    const size_t end = at == value.npos || at < separator ? value.size() : at;
    Replace(begin + separator + 1, begin + end, KeyStrength::kStrong, kPair);
  }

  void ReplaceTail(size_t begin, KeyStrength strength, absl::string_view rule) {
    Replace(begin, argument().size(), strength, rule);
  }

  void Replace(size_t begin, size_t end, KeyStrength strength, absl::string_view rule) {
    if (IsHarmlessValue(absl::string_view(argument()).substr(begin, end - begin), strength)) return;
    argument().replace(begin, end - begin, Replacement(rule));
    AddRule(rule, found());
  }

  bool LettersCount() const {
    return program_->subcommand.empty() || std::any_of(positional_.begin(), positional_.end(), [&](size_t index) {
             return argv_[index] == program_->subcommand;
           });
  }

  ValueUse UseOf(absl::string_view name, bool attached) const {
    if (Lists(program_->secret_options, name)) return ValueUse::kSecret;
    if (Lists(program_->pair_options, name)) return ValueUse::kPair;
    if (Lists(program_->cookie_options, name)) return ValueUse::kCookie;
    if (Lists(program_->attached_options, name)) return attached ? ValueUse::kSecret : ValueUse::kNone;
    if (std::find(kPairOptions.begin(), kPairOptions.end(), name) != kPairOptions.end()) return ValueUse::kPair;
    switch (ClassifyKey(name)) {
      case KeyStrength::kStrong:
        return ValueUse::kSecret;
      case KeyStrength::kWeak:
        return ValueUse::kWeakSecret;
      case KeyStrength::kNone:
        break;
    }
    return ValueUse::kNone;
  }

  void TakeOption() {
    const absl::string_view text = argument();
    const size_t dashes = text[1] == '-' ? 2 : 1;
    const size_t equals = text.find('=');
    const absl::string_view name = text.substr(dashes, equals == text.npos ? text.npos : equals - dashes);
    if (name.empty()) return;  // `--`
    const bool plain_name = name.find_first_of(" \t:/@") == name.npos;
    if (dashes == 2 || (plain_name && name.size() > 2) || program_->clusters == false) {
      const ValueUse use = plain_name ? UseOf(name, equals != text.npos) : ValueUse::kNone;
      if (use != ValueUse::kNone && !IsCluster(name, dashes, equals != text.npos)) {
        if (equals == text.npos) return Expect(use, kLongOption);
        return Apply(use, equals + 1, kLongOption);
      }
      after_long_ = dashes == 2 && equals == text.npos;
      if (dashes == 2) return;
    }
    TakeLetters();
  }

  // `-psecret` of a program that takes secrets behind letters is not an option named `psecret`.
  bool IsCluster(absl::string_view name, size_t dashes, bool has_value) const {
    if (dashes == 2) return false;
    const char letter = name.front();
    const bool listed = Lists(program_->secret_options, name) || Lists(program_->pair_options, name);
    if (listed) return false;
    if (HasLetter(program_->attached_letters, letter)) return true;
    return LettersCount() && (HasLetter(program_->secret_letters, letter) || HasLetter(program_->pair_letters, letter));
  }

  void TakeLetters() {
    const std::string text = argument();
    const bool count = LettersCount();
    for (size_t i = 1; i < text.size() && absl::ascii_isalpha(static_cast<unsigned char>(text[i])); ++i) {
      const char letter = text[i];
      letters_seen_.push_back(letter);
      if (TakeLetter(letter, i + 1, count)) return;
      if (!program_->clusters) return;
    }
  }

  // True if the letter takes a value, so that no more letters follow.
  bool TakeLetter(char letter, size_t rest, bool count) {
    if (program_->shell && letter == 'c') {
      shell_line_next_ = true;
      Expect(ValueUse::kPlain, kShortOption);
      return false;  // `-ceu` is as good as `-euc`
    }
    if (HasLetter(program_->attached_letters, letter)) {
      Apply(ValueUse::kSecret, rest, kShortOption);
      return true;
    }
    ValueUse use = ValueUse::kNone;
    if (HasLetter(program_->secret_letters, letter)) use = count ? ValueUse::kSecret : ValueUse::kPlain;
    if (HasLetter(program_->pair_letters, letter)) use = count ? ValueUse::kPair : ValueUse::kPlain;
    if (Lists(program_->cookie_options, absl::string_view(&letter, 1))) use = ValueUse::kCookie;
    if (use == ValueUse::kNone && HasLetter(program_->value_letters, letter)) use = ValueUse::kPlain;
    if (use == ValueUse::kNone) return false;
    if (rest == argument().size()) {
      Expect(use, kShortOption);
    } else {
      Apply(use, argument()[rest] == '=' ? rest + 1 : rest, kShortOption);
    }
    return true;
  }

  void TakeSlashOption() {
    const absl::string_view text = argument();
    const size_t colon = text.find(':');
    if (colon == text.npos) return;
    Apply(UseOf(text.substr(1, colon - 1), true), colon + 1, kLongOption);
  }

  void TakePositional(bool after_long) {
    if (program_->wrapper && !after_long && TakeCommand()) return;
    positional_.push_back(index_);
    ApplyPositions();
    const absl::string_view text = argument();
    const bool bare = std::find(kBareKeys.begin(), kBareKeys.end(), text) != kBareKeys.end();
    if (bare && !program_->text_tool) Expect(UseOfBareKey(), kPositional);
    if (text == "Authorization" && !program_->text_tool) Expect(ValueUse::kSecret, kPositional);
    if (IsSettingName(text)) Expect(ValueUse::kSecret, kPositional);
  }

  // Running text speaks about passwords; netrc(5) names them.
  ValueUse UseOfBareKey() const {
    if (program_ != &kTextRules) return ValueUse::kSecret;
    const size_t before = positional_.size() - 1;
    const bool netrc = before >= 2 && positional(before - 2) == "login";
    return netrc ? ValueUse::kSecret : ValueUse::kSecretUnlessWord;
  }

  // `config set NAME value` and the like.
  bool IsSettingName(absl::string_view text) const {
    if (absl::StrContains(text, '=') || absl::StrContains(text, ' ')) return false;
    if (program_->key_positionals) return ClassifyKey(text) != KeyStrength::kNone;
    if (positional_.size() < 2) return false;
    const std::string& verb = positional(positional_.size() - 2);
    const bool set = verb == "set" || verb == "config";
    return set && !IsWord(text) && ClassifyKey(text) == KeyStrength::kStrong;
  }

  // An argument that is a command of its own, or begins one. True if it was.
  bool TakeCommand() {
    if (absl::StrContains(argument(), ' ')) {
      ScrubLine(true);
      return true;
    }
    if (absl::StrContains(argument(), '=') || FindProgramRules(argument()) == nullptr) return false;
    SetProgram();
    return true;
  }

  void ScrubLine(bool in_text) {
    if (depth_ >= kMaxShellDepth) {
      argument() = Replacement(kLimit);
      AddRule(kLimit, found());
      return;
    }
    ScrubShellLine(depth_ + 1, in_text, &argument(), found());
  }

  bool LeadsWith(absl::string_view words) const {
    size_t at = 0;
    for (const absl::string_view word : absl::StrSplit(words, ' ', absl::SkipEmpty())) {
      if (at == positional_.size() || !MatchesWord(word, positional(at))) return false;
      ++at;
    }
    return true;
  }

  void ApplyPositions() {
    const absl::string_view text = argument();
    if (!program_->assignments_after.empty() && absl::StrContains(text, '=')) {
      for (const absl::string_view words : absl::StrSplit(program_->assignments_after, ';')) {
        if (LeadsWith(words)) return ReplaceTail(text.find('=') + 1, KeyStrength::kStrong, kPositional);
      }
    }
    if (program_->positions.empty()) return;
    if (program_->positions_letter != '\0' && !HasLetter(letters_seen_, program_->positions_letter)) return;
    for (const absl::string_view rule : absl::StrSplit(program_->positions, ';')) {
      const size_t blank = rule.rfind(' ');
      const absl::string_view words = blank == rule.npos ? absl::string_view() : rule.substr(0, blank);
      if (IsAt(rule.substr(blank + 1)) && LeadsWith(words)) return ApplyPosition();
    }
  }

  // Whether the argument is at the index that ends a rule for positions.
  bool IsAt(absl::string_view index) const {
    if (index == "$") return index_ + 1 == argv_.size() && positional_.size() > 1;
    size_t wanted = 0;
    return absl::SimpleAtoi(index, &wanted) && positional_.size() == wanted + 1;
  }

  void ApplyPosition() {
    const absl::string_view text = argument();
    if (program_->pair_separator == '/') return ApplyPair(0);
    // Options of Windows' programs, and shares.
    if (program_->pair_separator == '%' && (absl::StartsWith(text, "/") || absl::StartsWith(text, "\\"))) return;
    // `vault login method=x`: an assignment says itself what it is.
    if (absl::StrContains(text, '=') && program_->assignments_after.size() > 1) return;
    ReplaceTail(0, KeyStrength::kStrong, kPositional);
  }

  void ScrubEmbedded() {
    RedactTokenFormats(&argument(), found());
    RedactEmbeddedUrls(&argument(), found());
    RedactKeyValues(ValueContext::kArgument, &argument(), found());
    RedactNamedValues(&argument(), found());
  }

  const int depth_;
  std::vector<std::string>& argv_;
  std::vector<RuleList>& rules_;
  const ProgramRules* program_;
  size_t index_ = 0;
  // How the next argument is to be read, and under which rule.
  ValueUse next_ = ValueUse::kNone;
  absl::string_view next_rule_;
  bool shell_line_next_ = false;
  // The last argument was `--name` and may have taken this one as its value.
  bool after_long_ = false;
  // Indices of the arguments that are neither options nor their values.
  absl::InlinedVector<size_t, 16> positional_;
  std::string letters_seen_;
};

// Whether the command reads a secret that is piped into it.
bool ReadsSecret(const ShellCommand& command) {
  size_t position = 0;
  for (const ShellWord& word : command.words) {
    if (word.text == "--password-stdin" || word.text == "--passphrase-fd" || word.text == "--with-token") return true;
    if (position > 0 && command.words[0].text == "sudo" && word.text == "-S") return true;
    const ProgramRules* rules = position < 4 ? FindProgramRules(word.text) : nullptr;
    if (rules != nullptr && rules->reads_secret) return true;
    ++position;
  }
  return false;
}

// Where what is printed begins: behind `echo`, which may itself stand behind `/bin/sh -c`. 0 for a
// command that prints nothing.
size_t PrintedWords(const ShellCommand& command) {
  for (size_t i = 0; i < command.words.size() && i < 4; ++i) {
    if (command.words[i].text == "echo" || command.words[i].text == "printf") return i + 1;
  }
  return 0;
}

// `echo secret | chpasswd`.
void ScrubPrinted(size_t first, std::vector<std::string>* words, std::vector<RuleList>* rules) {
  for (size_t i = first; i < words->size(); ++i) {
    std::string& word = (*words)[i];
    if (IsOption(word) || IsHarmlessValue(word, KeyStrength::kStrong)) continue;
    word = Replacement(kPiped);
    AddRule(kPiped, &(*rules)[i]);
  }
}

}  // namespace

void ScrubArgv(int depth, bool in_text, std::vector<std::string>* argv, std::vector<RuleList>* rules) {
  rules->resize(argv->size());
  ArgvScrubber(depth, in_text, argv, rules).Run();
}

void ScrubShellLine(int depth, bool in_text, std::string* line, RuleList* rules) {
  std::vector<ShellCommand> commands = SplitShell(*line);
  std::string out;
  size_t copied = 0;
  for (size_t c = 0; c < commands.size(); ++c) {
    std::vector<std::string> words;
    const bool piped = commands[c].piped && c + 1 < commands.size();
    const size_t printed = piped ? PrintedWords(commands[c]) : 0;
    const bool secret = printed > 0 && ReadsSecret(commands[c + 1]);
    words.reserve(commands[c].words.size());
    for (ShellWord& word : commands[c].words) words.push_back(std::move(word.text));
    std::vector<RuleList> found(words.size());
    if (secret) ScrubPrinted(printed, &words, &found);
    ScrubArgv(depth, in_text, &words, &found);
    for (size_t i = 0; i < words.size(); ++i) {
      if (found[i].empty()) continue;
      const ShellWord& word = commands[c].words[i];
      absl::StrAppend(&out, line->substr(copied, word.begin - copied), QuoteShellWord(words[i]));
      copied = word.end;
      for (const absl::string_view rule : found[i]) AddRule(rule, rules);
    }
  }
  if (copied > 0) *line = absl::StrCat(out, line->substr(copied));
}

}  // namespace rollcall

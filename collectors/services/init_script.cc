#include "collectors/services/init_script.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxValueBytes = 4096;

absl::string_view TakeLine(absl::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  absl::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return absl::StripSuffix(line, "\r");
}

// If `line` is `# KEY: value`, its value.
bool TakeKeyword(absl::string_view line, absl::string_view key, absl::string_view* value) {
  if (!absl::ConsumePrefix(&line, "#")) return false;
  line = absl::StripLeadingAsciiWhitespace(line);
  if (line.size() <= key.size() || line[key.size()] != ':' ||
      !absl::EqualsIgnoreCase(line.substr(0, key.size()), key)) {
    return false;
  }
  *value = absl::StripAsciiWhitespace(line.substr(key.size() + 1)).substr(0, kMaxValueBytes);
  return true;
}

bool IsOpenRcShebang(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "#!")) return false;
  line = absl::StripAsciiWhitespace(line);
  const absl::string_view program = line.substr(0, line.find_first_of(" \t"));
  return absl::EndsWith(program, "/openrc-run") || absl::EndsWith(program, "/runscript");
}

bool IsVariableName(absl::string_view name) {
  return !name.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

class Parser {
 public:
  InitScript Parse(absl::string_view text) {
    while (!text.empty() && line_ < kMaxInitScriptLines) {
      const absl::string_view line = TakeLine(&text);
      if (++line_ == 1) script_.openrc = IsOpenRcShebang(line);
      if (joining_) {
        Join(line);
      } else if (absl::StartsWith(line, "#")) {
        TakeComment(line);
      } else if (script_.openrc) {
        TakeAssignment(line);
      }
    }
    if (in_header_) AddProblem("a header without its end");
    if (joining_) AddProblem("a quote without its end");
    if (script_.description.empty()) script_.description = std::move(chkconfig_description_);
    if (const auto named = script_.variables.find("description");
        script_.description.empty() && named != script_.variables.end()) {
      script_.description = named->second;
    }
    return std::move(script_);
  }

 private:
  void TakeComment(absl::string_view line) {
    if (absl::StartsWith(line, "### BEGIN INIT INFO")) {
      in_header_ = script_.has_header = true;
    } else if (absl::StartsWith(line, "### END INIT INFO")) {
      in_header_ = false;
    } else if (in_header_) {
      TakeHeaderLine(line);
    } else {
      TakeChkconfigLine(line);
    }
  }

  void TakeHeaderLine(absl::string_view line) {
    absl::string_view value;
    if (TakeKeyword(line, "Default-Start", &value)) {
      script_.default_start = absl::StrSplit(value, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    } else if (TakeKeyword(line, "Short-Description", &value)) {
      script_.description = std::string(value);
    } else if (TakeKeyword(line, "Description", &value) && script_.description.empty()) {
      script_.description = std::string(value);
    }
  }

  // `# chkconfig: 2345 55 25`; `-` for no runlevel. A description may go on over lines.
  void TakeChkconfigLine(absl::string_view line) {
    absl::string_view value;
    if (TakeKeyword(line, "chkconfig", &value)) {
      script_.has_header = true;
      if (!script_.default_start.empty()) return;
      for (const char level : value.substr(0, value.find_first_of(" \t"))) {
        if (absl::ascii_isdigit(static_cast<unsigned char>(level))) script_.default_start.emplace_back(1, level);
      }
    } else if (TakeKeyword(line, "description", &value) || in_description_) {
      if (value.empty()) value = absl::StripAsciiWhitespace(absl::StripPrefix(line, "#")).substr(0, kMaxValueBytes);
      in_description_ = absl::ConsumeSuffix(&value, "\\") && chkconfig_description_.size() < kMaxValueBytes;
      value = absl::StripAsciiWhitespace(value);
      absl::StrAppend(&chkconfig_description_, chkconfig_description_.empty() ? "" : " ", value);
    }
  }

  // `name=value`, where the value may be quoted and then go on over lines.
  void TakeAssignment(absl::string_view line) {
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos || !IsVariableName(line.substr(0, equals))) return;
    constexpr std::array<absl::string_view, 5> kWanted = {"command", "command_args", "command_user", "description",
                                                          "directory"};
    name_ = std::string(line.substr(0, equals));
    wanted_ = std::find(kWanted.begin(), kWanted.end(), name_) != kWanted.end();
    value_.clear();
    quote_ = '\0';
    line.remove_prefix(equals + 1);
    if (!line.empty() && (line[0] == '"' || line[0] == '\'')) {
      quote_ = line[0];
      line.remove_prefix(1);
      return Join(line);
    }
    value_ = std::string(line.substr(0, line.find_first_of(" \t;#")).substr(0, kMaxValueBytes));
    FinishAssignment();
  }

  // Takes a line of a quoted value.
  void Join(absl::string_view line) {
    size_t end = 0;
    while (end < line.size() && line[end] != quote_) end += quote_ == '"' && line[end] == '\\' ? 2 : 1;
    end = std::min(end, line.size());
    joining_ = end == line.size();
    absl::string_view part = line.substr(0, end);
    if (joining_) absl::ConsumeSuffix(&part, "\\");
    if (value_.size() + part.size() <= kMaxValueBytes) {
      absl::StrAppend(&value_, value_.empty() ? "" : " ", absl::StripAsciiWhitespace(part));
    }
    if (!joining_) FinishAssignment();
  }

  void FinishAssignment() {
    if (wanted_) script_.variables[name_] = value_;
  }

  void AddProblem(absl::string_view what) {
    script_.problems.push_back(absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", what)));
  }

  InitScript script_;
  size_t line_ = 0;
  bool in_header_ = false;
  bool in_description_ = false;
  std::string chkconfig_description_;
  // The assignment being read.
  std::string name_;
  std::string value_;
  bool wanted_ = false;
  char quote_ = '\0';
  bool joining_ = false;
};

// Shell words that say nothing on a line of their own.
bool IsControl(absl::string_view line) {
  constexpr std::array<absl::string_view, 11> kWords = {"fi", "done", "esac", "else", "then", "do",
                                                        "{",  "}",    ";;",   ":",    "exit"};
  return std::find(kWords.begin(), kWords.end(), line) != kWords.end() || absl::StartsWith(line, "exit ");
}

}  // namespace

InitScript ParseInitScript(absl::string_view text) { return Parser().Parse(text); }

std::vector<std::string> ScriptCommands(absl::string_view text) {
  std::vector<std::string> commands;
  std::string joined;
  while (!text.empty() && commands.size() < kMaxScriptCommands) {
    absl::string_view line = absl::StripAsciiWhitespace(TakeLine(&text));
    if (joined.empty() && absl::StartsWith(line, "#")) continue;
    const bool continued = absl::ConsumeSuffix(&line, "\\") && !text.empty();
    line = absl::StripTrailingAsciiWhitespace(line);
    if (joined.size() + line.size() <= kMaxValueBytes) absl::StrAppend(&joined, joined.empty() ? "" : " ", line);
    if (continued) continue;
    if (!joined.empty() && !IsControl(joined)) commands.push_back(joined);
    joined.clear();
  }
  return commands;
}

}  // namespace rollcall

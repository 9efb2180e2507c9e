#include "collectors/services/xinetd_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxLineBytes = 16 << 10;
constexpr size_t kMaxAttributes = 200;
constexpr size_t kMaxValues = 1'000;

std::vector<std::string> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

class Parser {
 public:
  XinetdConfig Parse(absl::string_view text) {
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      ++line_;
      line = absl::StripAsciiWhitespace(line);
      if (line.empty() || line[0] == '#') continue;
      if (line.size() > kMaxLineBytes) {
        AddProblem(absl::StrCat("longer than ", kMaxLineBytes, " bytes"));
      } else if (where_ == Where::kInside) {
        TakeInside(line);
      } else {
        TakeOutside(line);
      }
    }
    if (where_ != Where::kOutside) {
      AddProblem("an entry without its `}`");
      FinishEntry();
    }
    return std::move(config_);
  }

 private:
  enum class Where { kOutside, kBeforeBrace, kInside };

  void TakeOutside(absl::string_view line) {
    const bool opens = absl::ConsumeSuffix(&line, "{");
    const std::vector<std::string> words = Words(line);
    if (where_ == Where::kBeforeBrace && words.empty()) {
      where_ = Where::kInside;
      return;
    }
    if (where_ == Where::kBeforeBrace) {
      AddProblem("an entry without its `{`");
      FinishEntry();
    }
    if (words.empty()) return AddProblem("a brace without an entry");
    if (words[0] == "service" && words.size() == 2) return StartEntry(words[1], opens);
    if (words[0] == "defaults" && words.size() == 1) return StartEntry("", opens);
    if (words[0] == "include" && words.size() == 2 && !opens) return AddInclude(words[1], &config_.includes);
    if (words[0] == "includedir" && words.size() == 2 && !opens) return AddInclude(words[1], &config_.include_folders);
    AddProblem("neither an entry nor an include");
    // What is in its braces is not known to be of any service.
    if (opens) StartEntry("", opens);
    discard_ = opens;
  }

  void StartEntry(std::string service, bool opens) {
    entry_ = XinetdEntry();
    entry_.service = std::move(service);
    discard_ = false;
    where_ = opens ? Where::kInside : Where::kBeforeBrace;
  }

  void TakeInside(absl::string_view line) {
    if (line == "}") return FinishEntry();
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos || equals == 0) return AddProblem("neither an assignment nor a `}`");
    const char before = line[equals - 1];
    const bool changes = before == '+' || before == '-';
    const std::string key =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(line.substr(0, equals - (changes ? 1 : 0))));
    if (key.empty()) return AddProblem("no attribute before `=`");
    if (entry_.attributes.size() >= kMaxAttributes) return AddProblem("too many attributes");
    std::vector<std::string>& values = entry_.attributes[key];
    if (!changes) values.clear();
    for (std::string& word : Words(line.substr(equals + 1))) {
      if (before == '-') {
        values.erase(std::remove(values.begin(), values.end(), word), values.end());
      } else if (values.size() < kMaxValues) {
        values.push_back(std::move(word));
      }
    }
  }

  void FinishEntry() {
    where_ = Where::kOutside;
    if (discard_) return;
    if (config_.entries.size() >= kMaxXinetdEntries) return AddProblem("too many entries");
    config_.entries.push_back(std::move(entry_));
  }

  void AddInclude(std::string path, std::vector<std::string>* list) {
    if (list->size() >= kMaxValues) return AddProblem("too many includes");
    list->push_back(std::move(path));
  }

  void AddProblem(absl::string_view what) {
    if (config_.problems.size() >= kMaxXinetdProblems) return;
    config_.problems.push_back(absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", what)));
  }

  XinetdConfig config_;
  XinetdEntry entry_;
  Where where_ = Where::kOutside;
  bool discard_ = false;
  size_t line_ = 0;
};

}  // namespace

std::string XinetdEntry::Value(absl::string_view attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? "" : absl::StrJoin(found->second, " ");
}

bool XinetdEntry::Has(absl::string_view attribute, absl::string_view value) const {
  const auto found = attributes.find(attribute);
  return found != attributes.end() &&
         std::find(found->second.begin(), found->second.end(), value) != found->second.end();
}

XinetdConfig ParseXinetd(absl::string_view text) { return Parser().Parse(text); }

}  // namespace rollcall

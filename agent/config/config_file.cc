#include "agent/config/config_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/yaml_document.h"

namespace rollcall {
namespace {

constexpr size_t kMaxErrors = 20;
// Scalars longer than this are quoted cut in messages.
constexpr size_t kMaxQuoted = 64;

// Walks the document along the table of settings.
class Walker {
 public:
  Walker(absl::string_view file_name, const std::vector<Setting>& settings)
      : file_name_(file_name), settings_(settings) {}

  void WalkMap(const YAML::Node& map, const std::string& prefix) {
    std::set<std::string> seen;
    for (const auto& item : map) {
      if (errors_.size() >= kMaxErrors) return;
      if (!item.first.IsScalar()) {
        AddError(YamlLine(item.first), prefix, "expected the name of a setting");
        continue;
      }
      const std::string& key = item.first.Scalar();
      const std::string name = prefix.empty() ? key : absl::StrCat(prefix, ".", key);
      if (!seen.insert(key).second) {
        AddError(YamlLine(item.first), name, "given twice");
      } else if (const Setting* setting = Find(name)) {
        TakeValue(*setting, item.second, YamlLine(item.first));
      } else {
        Descend(name, prefix, item.first, item.second);
      }
    }
  }

  void AddError(int line, absl::string_view name, absl::string_view what) {
    errors_.push_back(absl::StrCat(file_name_, ":", line, ": ", name, name.empty() ? "" : ": ", what));
  }

  absl::StatusOr<std::vector<FileSetting>> Finish() {
    if (!errors_.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
    return std::move(found_);
  }

 private:
  const Setting* Find(absl::string_view name) const {
    const auto it = std::find_if(settings_.begin(), settings_.end(), [&](const Setting& s) { return s.name == name; });
    return it == settings_.end() ? nullptr : &*it;
  }

  // Names that may follow `prefix`.
  std::vector<std::string> Children(const std::string& prefix) const {
    const std::string start = prefix.empty() ? "" : absl::StrCat(prefix, ".");
    std::set<std::string> names;
    for (const Setting& setting : settings_) {
      if (!absl::StartsWith(setting.name, start)) continue;
      names.insert(setting.name.substr(start.size(), setting.name.find('.', start.size()) - start.size()));
    }
    return {names.begin(), names.end()};
  }

  void Descend(const std::string& name, const std::string& prefix, const YAML::Node& key, const YAML::Node& value) {
    const std::string& word = key.Scalar();
    if (Children(name).empty()) {
      const std::string nearest = NearestWord(word, Children(prefix));
      AddError(YamlLine(key), name.substr(0, kMaxQuoted),
               absl::StrCat("no such setting", nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?")));
    } else if (value.IsMap()) {
      WalkMap(value, name);
    } else if (!value.IsNull()) {
      AddError(YamlLine(key), name, "expected settings below it, got a value");
    }
  }

  void TakeValue(const Setting& setting, const YAML::Node& value, int line) {
    FileSetting found = {&setting, line, {}};
    if (value.IsScalar()) {
      found.values.push_back(value.Scalar());
    } else if (value.IsSequence()) {
      for (const auto& item : value) {
        if (!item.IsScalar()) return AddError(line, setting.name, "expected a list of plain values");
        found.values.push_back(item.Scalar());
      }
    } else {
      return AddError(line, setting.name,
                      value.IsNull() ? "expected a value, got none" : "expected a value, got settings below it");
    }
    found_.push_back(std::move(found));
  }

  absl::string_view file_name_;
  const std::vector<Setting>& settings_;
  std::vector<FileSetting> found_;
  std::vector<std::string> errors_;
};

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestWord(absl::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > kMaxQuoted) return "";
  std::string nearest;
  size_t best = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

absl::StatusOr<std::vector<FileSetting>> ParseConfigFile(absl::string_view bytes, absl::string_view file_name,
                                                         const std::vector<Setting>& settings) {
  const absl::StatusOr<YAML::Node> document = ParseYamlDocument(bytes, file_name);
  if (!document.ok()) return document.status();
  Walker walker(file_name, settings);
  if (document->IsMap()) {
    walker.WalkMap(*document, "");
  } else if (!document->IsNull()) {
    walker.AddError(1, "", "expected settings as NAME: VALUE");
  }
  return walker.Finish();
}

}  // namespace rollcall

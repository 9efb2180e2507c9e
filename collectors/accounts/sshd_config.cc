#include "collectors/accounts/sshd_config.h"

#include <fnmatch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kPaths[] = {"/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"};
constexpr size_t kMaxConfigBytes = size_t{1} << 20;
// As in sshd.
constexpr int kMaxDepth = 16;
constexpr size_t kMaxFiles = 256;
constexpr size_t kMaxPatterns = 64;
constexpr int kMaxStars = 4;

// Words of a line; quotes keep blanks together, `=` may follow the keyword.
std::vector<std::string> Words(absl::string_view line) {
  // Of a line that ends as on Windows, too.
  line = absl::StripTrailingAsciiWhitespace(line);
  std::vector<std::string> words;
  size_t at = 0;
  while (at < line.size()) {
    if (absl::ascii_isspace(static_cast<unsigned char>(line[at])) || (line[at] == '=' && words.size() == 1)) {
      ++at;
      continue;
    }
    if (line[at] == '#') break;
    const bool quoted = line[at] == '"';
    const size_t from = at + (quoted ? 1 : 0);
    const absl::string_view ends = words.empty() ? " \t=" : " \t";
    const size_t end = std::min(quoted ? line.find('"', from) : line.find_first_of(ends, from), line.size());
    words.emplace_back(line.substr(from, end - from));
    at = end + (quoted ? 1 : 0);
  }
  return words;
}

// As glob(3) has it: no wildcard stands for a dot at the beginning.
bool IsOneOf(const std::string& name, const std::string& pattern) {
  return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

bool HasWildcard(absl::string_view text) { return text.find_first_of("*?[\\") != absl::string_view::npos; }

// False if one of them does not hold, whatever the others depend on.
std::optional<bool> AllHold(const std::vector<SshdMatch>& conditions, absl::string_view user,
                            const std::vector<absl::string_view>* groups) {
  bool certain = true;
  for (const SshdMatch& condition : conditions) {
    const std::optional<bool> holds = SshdMatchHolds(condition, user, groups);
    if (holds == false) return false;
    certain = certain && holds.has_value();
  }
  if (!certain) return std::nullopt;
  return true;
}

class Reader {
 public:
  Reader(const FileTree& files, KeyLocations* locations) : files_(files), locations_(locations) {}

  // NotFound if it is not there; other errors are noted.
  absl::Status ReadFile(const std::string& path, int depth) {
    if (++files_read_ > kMaxFiles || depth > kMaxDepth) {
      Note(path, absl::ResourceExhaustedError(absl::StrCat("read ", path, ": too many files include each other")));
      return absl::OkStatus();
    }
    const auto text = files_.ReadFile(path, kMaxConfigBytes);
    if (absl::IsNotFound(text.status())) return text.status();
    if (!text.ok()) {
      Note(path, text.status());
      return absl::OkStatus();
    }
    // A Match block ends with its file, and holds for all of what it includes.
    const std::vector<SshdMatch> outer = conditions_;
    const size_t outer_depth = std::exchange(outer_depth_, conditions_.size());
    const bool outer_new = std::exchange(new_block_, true);
    for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
      const std::vector<std::string> words = Words(line);
      if (words.size() > 1) Apply(words, depth);
    }
    conditions_ = outer;
    outer_depth_ = outer_depth;
    new_block_ = outer_new;
    return absl::OkStatus();
  }

  void Finish() {
    if (patterns_.has_value()) {
      locations_->patterns = *std::move(patterns_);
    } else {
      locations_->patterns = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
    }
    locations_->command = command_.value_or(false);
  }

 private:
  void Note(absl::string_view path, absl::Status status) {
    locations_->problems.push_back({std::string(path), std::move(status)});
  }

  void Apply(const std::vector<std::string>& words, int depth) {
    const std::string keyword = absl::AsciiStrToLower(words[0]);
    const bool none = absl::EqualsIgnoreCase(words[1], "none");
    if (keyword == "match") {
      conditions_.resize(outer_depth_);
      conditions_.push_back(ParseSshdMatch(absl::MakeConstSpan(words).subspan(1)));
      new_block_ = true;
    } else if (keyword == "include") {
      for (size_t i = 1; i < words.size(); ++i) Include(words[i], depth);
      new_block_ = true;
    } else if (keyword == "authorizedkeyscommand") {
      std::optional<bool>* const command = conditions_.empty() ? &command_ : BlockSetting(&KeyBlock::command);
      if (command != nullptr && !command->has_value()) *command = !none;
    } else if (keyword == "authorizedkeysfile") {
      auto* const patterns = conditions_.empty() ? &patterns_ : BlockSetting(&KeyBlock::patterns);
      if (patterns == nullptr || patterns->has_value()) return;
      patterns->emplace();
      if (none) return;
      for (size_t i = 1; i < words.size() && i <= kMaxPatterns; ++i) (*patterns)->push_back(words[i]);
    }
  }

  // The setting of the block that a line is in; nullptr if there are too many blocks.
  template <typename Setting>
  Setting* BlockSetting(Setting KeyBlock::*setting) {
    std::vector<KeyBlock>& blocks = locations_->blocks;
    if (std::exchange(new_block_, false)) {
      if (blocks.size() >= kMaxKeyBlocks) {
        new_block_ = true;
        if (!std::exchange(too_many_, true)) {
          Note(kPaths[0], absl::ResourceExhaustedError("read keys: too many Match blocks name files of keys"));
        }
        return nullptr;
      }
      blocks.push_back({.conditions = conditions_, .patterns = std::nullopt, .command = std::nullopt});
    }
    return &(blocks.back().*setting);
  }

  void Include(const std::string& written, int depth) {
    const std::string pattern = absl::StartsWith(written, "/") ? written : absl::StrCat("/etc/ssh/", written);
    const size_t slash = pattern.rfind('/');
    const std::string folder = pattern.substr(0, slash);
    const std::string name = pattern.substr(slash + 1);
    // Each star may look at the rest of a name again.
    if (HasWildcard(folder) || std::count(name.begin(), name.end(), '*') > kMaxStars) {
      return Note(kPaths[0], absl::UnimplementedError("include files: wildcards in a folder, or many in a name"));
    }
    const auto entries = files_.List(folder.empty() ? "/" : folder);
    if (!entries.ok()) {
      if (!absl::IsNotFound(entries.status())) Note(folder, entries.status());
      return;
    }
    for (const DirectoryEntry& entry : *entries) {
      if (!IsOneOf(entry.name, name)) continue;
      const std::string file = absl::StrCat(folder, "/", entry.name);
      const absl::Status status = ReadFile(file, depth + 1);
      if (!status.ok()) Note(file, status);
    }
  }

  const FileTree& files_;
  KeyLocations* const locations_;
  std::optional<std::vector<std::string>> patterns_;
  std::optional<bool> command_;
  // Of the Match block that a line is in, and of those around it; none outside of blocks.
  std::vector<SshdMatch> conditions_;
  // How many of them are of blocks around the file.
  size_t outer_depth_ = 0;
  // The next setting begins a KeyBlock.
  bool new_block_ = true;
  bool too_many_ = false;
  size_t files_read_ = 0;
};

}  // namespace

KeyLocations ReadKeyLocations(const FileTree& files) {
  KeyLocations locations;
  Reader reader(files, &locations);
  for (const absl::string_view path : kPaths) {
    if (reader.ReadFile(std::string(path), 0).ok()) break;
  }
  reader.Finish();
  return locations;
}

KeyPlaces KeyPlacesOf(const KeyLocations& locations, absl::string_view user,
                      const std::vector<absl::string_view>* groups) {
  std::optional<std::vector<std::string>> patterns;
  std::optional<bool> command;
  KeyPlaces places;
  for (const KeyBlock& block : locations.blocks) {
    const bool says_more =
        (block.patterns.has_value() && !patterns.has_value()) || (block.command.has_value() && !command.has_value());
    if (!says_more) continue;
    const std::optional<bool> holds = AllHold(block.conditions, user, groups);
    if (!holds.has_value()) places.undetermined = true;
    if (holds != true) continue;
    if (!patterns.has_value()) patterns = block.patterns;
    if (!command.has_value()) command = block.command;
  }
  places.patterns = patterns.has_value() ? *std::move(patterns) : locations.patterns;
  places.command = command.value_or(locations.command);
  return places;
}

std::string ExpandKeyPath(absl::string_view pattern, absl::string_view user, uint32_t uid, absl::string_view home) {
  std::string path;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      path += pattern[i];
      continue;
    }
    const char token = pattern[++i];
    if (token == 'h')
      absl::StrAppend(&path, home);
    else if (token == 'u')
      absl::StrAppend(&path, user);
    else if (token == 'U')
      absl::StrAppend(&path, uid);
    else
      path += token;
  }
  if (!absl::StartsWith(path, "/")) {
    if (!absl::StartsWith(home, "/")) return "";
    path = absl::StrCat(absl::StripSuffix(home, "/"), "/", path);
  }
  return path;
}

}  // namespace rollcall

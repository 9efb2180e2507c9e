#include "collectors/accounts/sudoers_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr absl::string_view kPaths[] = {"/etc/sudoers", "/usr/etc/sudoers"};

template <typename T>
void Append(std::vector<T>* to, std::vector<T>&& from) {
  std::move(from.begin(), from.end(), std::back_inserter(*to));
}

class Reader {
 public:
  Reader(const FileTree& files, absl::string_view host, SudoersTree* tree) : files_(files), host_(host), tree_(tree) {}

  // Reads one file with what it includes. NotFound if it is not there; other errors are noted.
  absl::Status ReadFile(const std::string& path, int depth) {
    if (++files_read_ > kMaxSudoersFiles || depth > kMaxSudoersDepth) {
      NoteUnread(path,
                 absl::ResourceExhaustedError(absl::StrCat("read ", path, ": too many files include each other")));
      return absl::OkStatus();
    }
    const auto text = files_.ReadFile(path, kMaxFileBytes);
    if (absl::IsNotFound(text.status())) return text.status();
    if (!text.ok()) {
      NoteUnread(path, text.status());
      return absl::OkStatus();
    }
    Sudoers sudoers = ParseSudoers(*text, path);
    for (const absl::Status& problem : sudoers.problems) {
      Note(path, absl::Status(problem.code(), absl::StrCat("parse ", path, ": ", problem.message())));
    }
    tree_->incomplete = tree_->incomplete || sudoers.cut;
    Merge(path, depth, std::move(sudoers));
    return absl::OkStatus();
  }

 private:
  void Note(absl::string_view path, absl::Status status) {
    constexpr size_t kMaxNoted = 50;
    if (tree_->problems.size() < kMaxNoted) tree_->problems.push_back({std::string(path), std::move(status)});
  }

  void NoteUnread(absl::string_view path, absl::Status status) {
    tree_->incomplete = true;
    Note(path, std::move(status));
  }

  // Rules and includes in the order they stand in. Aliases hold everywhere; the first of two counts.
  void Merge(const std::string& path, int depth, Sudoers&& sudoers) {
    Sudoers& merged = tree_->merged;
    merged.aliases.users.merge(sudoers.aliases.users);
    merged.aliases.run_as.merge(sudoers.aliases.run_as);
    merged.aliases.hosts.merge(sudoers.aliases.hosts);
    merged.aliases.commands.merge(sudoers.aliases.commands);
    Append(&merged.defaults, std::move(sudoers.defaults));
    size_t moved = 0;
    for (const SudoersInclude& include : sudoers.includes) {
      for (; moved < include.rules_before; ++moved) AddRule(std::move(sudoers.rules[moved]));
      Include(path, include, depth);
    }
    for (; moved < sudoers.rules.size(); ++moved) AddRule(std::move(sudoers.rules[moved]));
  }

  void AddRule(SudoersRule&& rule) {
    if (tree_->merged.rules.size() < kMaxSudoersRules) {
      tree_->merged.rules.push_back(std::move(rule));
    } else if (!overflowed_) {
      overflowed_ = true;
      NoteUnread(rule.path,
                 absl::ResourceExhaustedError(absl::StrCat("read sudoers: more than ", kMaxSudoersRules, " rules")));
    }
  }

  std::string Resolve(const std::string& from, absl::string_view written) const {
    std::string path;
    for (size_t i = 0; i < written.size(); ++i) {
      if (written[i] == '%' && i + 1 < written.size() && (written[i + 1] == 'h' || written[i + 1] == '%')) {
        path += written[++i] == 'h' ? host_ : "%";
      } else {
        path += written[i];
      }
    }
    return absl::StartsWith(path, "/") ? path : absl::StrCat(from.substr(0, from.rfind('/') + 1), path);
  }

  void Include(const std::string& from, const SudoersInclude& include, int depth) {
    const std::string path = Resolve(from, include.path);
    if (include.directory) return IncludeDirectory(path, depth);
    const absl::Status status = ReadFile(path, depth + 1);
    if (!status.ok()) Note(from, absl::Status(status.code(), absl::StrCat("include ", path, ": not there")));
  }

  void IncludeDirectory(const std::string& path, int depth) {
    const auto entries = files_.List(path);
    if (absl::IsNotFound(entries.status())) return;
    if (!entries.ok()) return NoteUnread(path, entries.status());
    for (const DirectoryEntry& entry : *entries) {
      if (absl::StrContains(entry.name, '.') || absl::EndsWith(entry.name, "~")) continue;
      const std::string file = absl::StrCat(path, absl::EndsWith(path, "/") ? "" : "/", entry.name);
      // sudo reads regular files only, behind links too.
      if (const auto info = files_.Stat(file); info.ok() && info->type != FileInfo::Type::kRegular) continue;
      const absl::Status status = ReadFile(file, depth + 1);
      if (!status.ok() && entry.type == FileInfo::Type::kSymlink) Note(file, status);
    }
  }

  const FileTree& files_;
  const std::string host_;
  SudoersTree* const tree_;
  size_t files_read_ = 0;
  bool overflowed_ = false;
};

}  // namespace

SudoersTree ReadSudoers(const FileTree& files, absl::string_view short_host_name) {
  SudoersTree tree;
  Reader reader(files, short_host_name, &tree);
  for (const absl::string_view path : kPaths) {
    if (reader.ReadFile(std::string(path), 0).ok()) break;
  }
  return tree;
}

}  // namespace rollcall

#include "collectors/environment/file_source.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/environment/environment_file.h"
#include "collectors/environment/pam_files.h"
#include "collectors/environment/shell_assignments.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using Parser = Variables (*)(absl::string_view text);

struct SystemFile {
  absl::string_view path;
  Parser parse;
};

constexpr auto kFiles = std::to_array<SystemFile>({
    {"/etc/environment", ParsePamEnvironment},
    {"/etc/default/locale", ParsePamEnvironment},
    {"/etc/security/pam_env.conf", ParsePamEnvConf},
    {"/etc/locale.conf", ParseEnvironmentFile},
    {"/etc/profile", ParseShellAssignments},
    {"/etc/bash.bashrc", ParseShellAssignments},
    {"/etc/bashrc", ParseShellAssignments},
    {"/etc/zsh/zshenv", ParseShellAssignments},
    {"/etc/zshenv", ParseShellAssignments},
});

struct SystemFolder {
  absl::string_view path;
  absl::string_view suffix;
  Parser parse;
};

constexpr auto kFolders = std::to_array<SystemFolder>({
    {"/etc/environment.d", ".conf", ParseEnvironmentFile},
    {"/usr/lib/environment.d", ".conf", ParseEnvironmentFile},
    {"/etc/profile.d", ".sh", ParseShellAssignments},
});

class Source {
 public:
  Source(const FileTree& files, RunReport& report, VariableGroups* groups)
      : files_(files), report_(report), groups_(groups) {}

  void ReadFile(const std::string& path, Parser parse) {
    const absl::StatusOr<Variables> variables = ReadVariables(files_, path, parse, report_);
    if (!variables.ok()) return;
    ++read_;
    groups_->AddSettings(VariableGroups::Record::SYSTEM_FILE, path, path, variables->variables);
  }

  void ReadFolder(const SystemFolder& folder) {
    const auto entries = files_.List(folder.path);
    if (absl::IsNotFound(entries.status())) return;
    if (!entries.ok()) return report_.AddProblem(folder.path, entries.status());
    for (const DirectoryEntry& entry : *entries) {
      if (absl::StartsWith(entry.name, ".") || !absl::EndsWith(entry.name, folder.suffix)) continue;
      ReadFile(absl::StrCat(folder.path, "/", entry.name), folder.parse);
    }
  }

  size_t read() const { return read_; }

 private:
  const FileTree& files_;
  RunReport& report_;
  VariableGroups* const groups_;
  size_t read_ = 0;
};

}  // namespace

void ReportLeftOut(absl::string_view path, uint64_t left_out, RunReport& report) {
  if (left_out == 0) return;
  report.AddDegradation(path,
                        absl::InvalidArgumentError(absl::StrCat("parse environment: entries that are no assignment, or "
                                                                "have no name that could be told: ",
                                                                left_out)),
                        "");
}

absl::StatusOr<Variables> ReadVariables(const FileTree& files, const std::string& path, Parser parse,
                                        RunReport& report) {
  bool truncated = false;
  const absl::StatusOr<std::string> text = files.ReadPrefix(path, kMaxEnvironmentFileBytes, &truncated);
  const std::string shown_path = ToRecordText(path);
  if (!text.ok()) {
    if (!absl::IsNotFound(text.status())) report.AddProblem(shown_path, text.status());
    return text.status();
  }
  if (truncated) {
    report.AddProblem(shown_path, absl::ResourceExhaustedError("read file of variables: larger than the limit"));
  }
  Variables variables = parse(*text);
  ReportLeftOut(shown_path, variables.left_out, report);
  return variables;
}

absl::StatusOr<size_t> ReadEnvironmentFiles(const FileTree& files, const StopToken& stop, RunReport& report,
                                            VariableGroups* groups) {
  Source source(files, report, groups);
  for (const SystemFile& file : kFiles) {
    if (stop.stop_requested()) return absl::CancelledError("read files of variables: stopped");
    source.ReadFile(std::string(file.path), file.parse);
  }
  for (const SystemFolder& folder : kFolders) {
    if (stop.stop_requested()) return absl::CancelledError("read files of variables: stopped");
    source.ReadFolder(folder);
  }
  return source.read();
}

}  // namespace rollcall

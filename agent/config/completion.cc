#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "agent/config/command_line.h"

namespace rollcall {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

Words Commands() {
  return {{"run", "Run the daemon"},
          {"collect", "Run collectors once and print what they find"},
          {"status", "Print what the running agent does"},
          {"health", "Exit with 0 if the running agent is well"},
          {"spool", "Look into, check or send what waits in the spool"},
          {"inspect", "spool: print what is in it"},
          {"verify", "spool: exit with 0 if it is whole"},
          {"drain", "spool: send what is in it to the backend"},
          {"completion", "Print a completion script"}};
}

Words Flags(const std::vector<Setting>& settings) {
  Words flags = {{"--help", "Print help"},
                 {"--version", "Print the version"},
                 {"--config", "Configuration file"},
                 {"--check-config", "Print the effective configuration"},
                 {"--collector", "Collector to run"},
                 {"--format", "jsonl, json or table"},
                 {"--timeout", "spool drain: give up after this long"},
                 {"--list", "List the collectors"},
                 {"--json", "Print one JSON object"},
                 {"--live", "Ask only whether it makes progress"}};
  for (const Setting& setting : settings) {
    flags.emplace_back(absl::StrCat("--", FlagName(setting.name)), setting.help);
  }
  return flags;
}

// Text within single quotes of a POSIX-like shell.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string BashScript(const Words& words) {
  const std::string list = absl::StrJoin(words, " ", [](std::string* out, const auto& word) { *out += word.first; });
  return absl::StrCat(
      "# bash completion for rollcall-agent\n_rollcall_agent() {\n  local word=${COMP_WORDS[COMP_CWORD]}\n",
      "  COMPREPLY=($(compgen -W ", Quoted(list), " -- \"$word\"))\n}\n",
      "complete -o default -F _rollcall_agent rollcall-agent\n");
}

std::string ZshScript(const Words& words) {
  std::string out = "#compdef rollcall-agent\nlocal -a words\nwords=(\n";
  for (const auto& [word, help] : words) {
    absl::StrAppend(&out, "  ", Quoted(absl::StrCat(word, ":", absl::StrReplaceAll(help, {{":", "\\:"}}))), "\n");
  }
  return out + ")\n_describe -o 'command or flag' words || _files\n";
}

std::string FishScript(const Words& commands, const Words& flags) {
  std::string out = "# fish completion for rollcall-agent\n";
  for (const auto& [word, help] : commands) {
    const bool nested = absl::StartsWith(help, "spool: ");
    absl::StrAppend(&out, "complete -c rollcall-agent -n ",
                    nested ? "'__fish_seen_subcommand_from spool'" : "__fish_use_subcommand", " -a ", word, " -d ",
                    Quoted(help), "\n");
  }
  for (const auto& [word, help] : flags) {
    absl::StrAppend(&out, "complete -c rollcall-agent -l ", word.substr(2), " -d ", Quoted(help), "\n");
  }
  return out;
}

}  // namespace

std::string CompletionScript(const std::string& shell, const std::vector<Setting>& settings) {
  const Words commands = Commands();
  const Words flags = Flags(settings);
  if (shell == "fish") return FishScript(commands, flags);
  Words all = commands;
  all.insert(all.end(), flags.begin(), flags.end());
  return shell == "zsh" ? ZshScript(all) : BashScript(all);
}

}  // namespace rollcall

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/command.h"
#include "cli/kind_name.h"

namespace rollcall {
namespace {

constexpr absl::string_view kVerbs =
    "hosts summary status schema ls show history diff retention policy retract certificate completion";
constexpr absl::string_view kOptions =
    "--config --server --server-name --ca --cert --key --format -o --no-color --help "
    "--host --where --at --columns --limit --from --to --kind --check --since --collectors "
    "--collector --version --dry-run --yes --facts --explain --calendars --checkpoint";

constexpr absl::string_view kBash = R"(_rollcall() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    ls|schema|--kind) COMPREPLY=($(compgen -W "@KINDS@" -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W "table json csv" -- "$word")); return ;;
    -o) COMPREPLY=($(compgen -W "wide" -- "$word")); return ;;
    retention) COMPREPLY=($(compgen -W "explain sample" -- "$word")); return ;;
    policy) COMPREPLY=($(compgen -W "lint simulate diff" -- "$word")); return ;;
    certificate) COMPREPLY=($(compgen -W "show verify" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    --config|--ca|--cert|--key|--facts|--calendars|--checkpoint|lint|simulate|verify) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "@OPTIONS@" -- "$word"))
  else
    COMPREPLY=($(compgen -W "@VERBS@" -- "$word"))
  fi
}
complete -F _rollcall rollcall
)";

constexpr absl::string_view kZsh = R"(#compdef rollcall
_rollcall() {
  case ${words[CURRENT-1]} in
    ls|schema|--kind) compadd @KINDS@ ;;
    --format) compadd table json csv ;;
    -o) compadd wide ;;
    retention) compadd explain sample ;;
    policy) compadd lint simulate diff ;;
    certificate) compadd show verify ;;
    completion) compadd bash zsh fish ;;
    --config|--ca|--cert|--key|--facts|--calendars|--checkpoint|lint|simulate|verify) _files ;;
    *) compadd @VERBS@ ; compadd -- @OPTIONS@ ;;
  esac
}
compdef _rollcall rollcall
)";

constexpr absl::string_view kFish = R"(complete -c rollcall -f
complete -c rollcall -n __fish_use_subcommand -a "@VERBS@"
complete -c rollcall -n "__fish_seen_subcommand_from ls schema" -a "@KINDS@"
complete -c rollcall -n "__fish_seen_subcommand_from retention" -a "explain sample"
complete -c rollcall -n "__fish_seen_subcommand_from policy" -F -a "lint simulate diff"
complete -c rollcall -n "__fish_seen_subcommand_from simulate" -l facts -r -F
complete -c rollcall -n "__fish_seen_subcommand_from simulate" -l explain
complete -c rollcall -n "__fish_seen_subcommand_from policy" -l calendars -r -F
complete -c rollcall -n "__fish_seen_subcommand_from certificate" -F -a "show verify"
complete -c rollcall -n "__fish_seen_subcommand_from certificate" -l checkpoint -r -F
complete -c rollcall -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
complete -c rollcall -l format -x -a "table json csv"
complete -c rollcall -s o -x -a wide
complete -c rollcall -l config -r -F
complete -c rollcall -l ca -r -F
complete -c rollcall -l cert -r -F
complete -c rollcall -l key -r -F
complete -c rollcall -l host -x
complete -c rollcall -l where -x
complete -c rollcall -l at -x
complete -c rollcall -n "__fish_seen_subcommand_from retract" -l collector -x
complete -c rollcall -n "__fish_seen_subcommand_from retract" -l version -x
complete -c rollcall -n "__fish_seen_subcommand_from retract" -l dry-run
complete -c rollcall -n "__fish_seen_subcommand_from retract" -l yes
)";

}  // namespace

absl::Status RunCompletion(const CommandContext& context, const CompletionArguments& arguments) {
  const absl::string_view script = arguments.shell == "bash" ? kBash : arguments.shell == "zsh" ? kZsh : kFish;
  const std::string kinds = absl::StrJoin(KindWords(), " ");
  context.screen->Raw(absl::StrReplaceAll(script, {{"@VERBS@", kVerbs}, {"@OPTIONS@", kOptions}, {"@KINDS@", kinds}}));
  return absl::OkStatus();
}

}  // namespace rollcall

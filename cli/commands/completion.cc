#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/command.h"
#include "cli/kind_name.h"

namespace rollcall {
namespace {

constexpr absl::string_view kVerbs =
    "hosts summary status schema ls show history diff retention service hold request policy retract certificate "
    "login logout whoami context completion";
constexpr absl::string_view kOptions =
    "--config --context --server --server-name --ca --cert --key --format -o --no-color --help "
    "--host --where --at --columns --limit --from --to --kind --check --since --collectors "
    "--collector --version --dry-run --yes --facts --explain --calendars --checkpoint "
    "--tenant --purpose --ticket --request-id --change --epoch --all --basis --review-by --category --service "
    "--element "
    "--field --everything --reason --out --known-size --day --list --token-file --name --names";

constexpr absl::string_view kBash = R"sh(_rollcall() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    ls|schema|--kind) COMPREPLY=($(compgen -W "@KINDS@" -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W "table json csv" -- "$word")); return ;;
    -o) COMPREPLY=($(compgen -W "wide" -- "$word")); return ;;
    retention) COMPREPLY=($(compgen -W "@RETENTION@" -- "$word")); return ;;
    service) COMPREPLY=($(compgen -W "@SERVICE@" -- "$word")); return ;;
    hold) COMPREPLY=($(compgen -W "@HOLD@" -- "$word")); return ;;
    request) COMPREPLY=($(compgen -W "@REQUEST@" -- "$word")); return ;;
    --purpose) COMPREPLY=($(compgen -W "@PURPOSES@" -- "$word")); return ;;
    --category) COMPREPLY=($(compgen -W "asset_basic console_config" -- "$word")); return ;;
    policy) COMPREPLY=($(compgen -W "lint simulate diff" -- "$word")); return ;;
    certificate) COMPREPLY=($(compgen -W "@CERTIFICATE@" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    context) COMPREPLY=($(compgen -W "@CONTEXT@" -- "$word")); return ;;
    --context|logout|use|rename) COMPREPLY=($(compgen -W "$(@NAMES@)" -- "$word")); return ;;
    show|delete)
      if [[ $COMP_CWORD -gt 2 && ${COMP_WORDS[COMP_CWORD-2]} == context ]]; then
        COMPREPLY=($(compgen -W "$(@NAMES@)" -- "$word")); return
      fi ;;
    --config|--ca|--cert|--key|--token-file|login|--facts|--calendars|--checkpoint|--out|lint|simulate|verify) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "@OPTIONS@" -- "$word"))
  else
    COMPREPLY=($(compgen -W "@VERBS@" -- "$word"))
  fi
}
complete -F _rollcall rollcall
)sh";

constexpr absl::string_view kZsh = R"sh(#compdef rollcall
_rollcall() {
  case ${words[CURRENT-1]} in
    ls|schema|--kind) compadd @KINDS@ ;;
    --format) compadd table json csv ;;
    -o) compadd wide ;;
    retention) compadd @RETENTION@ ;;
    service) compadd @SERVICE@ ;;
    hold) compadd @HOLD@ ;;
    request) compadd @REQUEST@ ;;
    --purpose) compadd @PURPOSES@ ;;
    --category) compadd asset_basic console_config ;;
    policy) compadd lint simulate diff ;;
    certificate) compadd @CERTIFICATE@ ;;
    completion) compadd bash zsh fish ;;
    context) compadd @CONTEXT@ ;;
    --context|logout|use|rename) compadd -- ${(f)"$(@NAMES@)"} ;;
    show|delete) [[ ${words[CURRENT-2]} == context ]] && compadd -- ${(f)"$(@NAMES@)"} || compadd -- @OPTIONS@ ;;
    --config|--ca|--cert|--key|--token-file|login|--facts|--calendars|--checkpoint|--out|lint|simulate|verify) _files ;;
    *) compadd @VERBS@ ; compadd -- @OPTIONS@ ;;
  esac
}
compdef _rollcall rollcall
)sh";

constexpr absl::string_view kFish = R"sh(complete -c rollcall -f
complete -c rollcall -n __fish_use_subcommand -a "@VERBS@"
complete -c rollcall -n "__fish_seen_subcommand_from ls schema" -a "@KINDS@"
complete -c rollcall -n "__fish_seen_subcommand_from retention" -a "@RETENTION@"
complete -c rollcall -n "__fish_seen_subcommand_from service" -a "@SERVICE@"
complete -c rollcall -n "__fish_seen_subcommand_from hold" -a "@HOLD@"
complete -c rollcall -n "__fish_seen_subcommand_from request" -a "@REQUEST@"
complete -c rollcall -n "__fish_seen_subcommand_from context" -a "@CONTEXT@"
complete -c rollcall -n "__fish_seen_subcommand_from use rename logout" -a "(@NAMES@)"
complete -c rollcall -n "__fish_seen_subcommand_from context; and __fish_seen_subcommand_from show delete" -a "(@NAMES@)"
complete -c rollcall -n "__fish_seen_subcommand_from login" -F
complete -c rollcall -n "__fish_seen_subcommand_from login" -l token-file -r -F
complete -c rollcall -n "__fish_seen_subcommand_from login" -l name -x
complete -c rollcall -l context -x -a "(@NAMES@)"
complete -c rollcall -l purpose -x -a "@PURPOSES@"
complete -c rollcall -l tenant -x
complete -c rollcall -l ticket -x
complete -c rollcall -n "__fish_seen_subcommand_from service hold request retention" -l request-id -x
complete -c rollcall -n "__fish_seen_subcommand_from service hold request retention" -l yes
complete -c rollcall -n "__fish_seen_subcommand_from hold request" -l category -x -a "asset_basic console_config"
complete -c rollcall -n "__fish_seen_subcommand_from hold request" -l service -x
complete -c rollcall -n "__fish_seen_subcommand_from policy" -F -a "lint simulate diff"
complete -c rollcall -n "__fish_seen_subcommand_from simulate" -l facts -r -F
complete -c rollcall -n "__fish_seen_subcommand_from simulate" -l explain
complete -c rollcall -n "__fish_seen_subcommand_from policy" -l calendars -r -F
complete -c rollcall -n "__fish_seen_subcommand_from certificate" -F -a "@CERTIFICATE@"
complete -c rollcall -n "__fish_seen_subcommand_from certificate" -l checkpoint -r -F
complete -c rollcall -n "__fish_seen_subcommand_from certificate" -l out -r -F
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
)sh";

}  // namespace

absl::Status RunCompletion(const CommandContext& context, const CompletionArguments& arguments) {
  const absl::string_view script = arguments.shell == "bash" ? kBash : arguments.shell == "zsh" ? kZsh : kFish;
  const std::string kinds = absl::StrJoin(KindWords(), " ");
  context.screen->Raw(
      absl::StrReplaceAll(script, {{"@VERBS@", kVerbs},
                                   {"@OPTIONS@", kOptions},
                                   {"@KINDS@", kinds},
                                   {"@RETENTION@", "explain sample status dry-run acknowledge confirm-clock"},
                                   {"@SERVICE@", "list add terminate cancel-termination resume"},
                                   {"@HOLD@", "list place approve release approve-release"},
                                   {"@REQUEST@", "delete export status cancel"},
                                   {"@CERTIFICATE@", "list get show verify"},
                                   {"@CONTEXT@", "list use show rename delete"},
                                   {"@NAMES@", "rollcall context list --names 2>/dev/null"},
                                   {"@PURPOSES@", "provide-feature data-subject-request legal-obligation"}}));
  return absl::OkStatus();
}

}  // namespace rollcall

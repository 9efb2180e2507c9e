#include "cli/people_arguments.h"

#include <memory>

#include "cli/bind_command.h"
#include "cli/people_command.h"

namespace rollcall {
namespace {

void AddContextVerb(CLI::App* group, Arguments* a, const char* name, const char* help, bool required,
                    absl::Status (*run)(const CommandContext&, const ContextArguments&)) {
  const auto values = std::make_shared<ContextArguments>();
  CLI::App* verb = group->add_subcommand(name, help);
  CLI::Option* option =
      verb->add_option("NAME", values->name, required ? "Context" : "Context; the current one if not given");
  if (required) option->required();
  BindCommand(verb, a, values, run, /*needs_backend=*/false);
}

void AddContexts(CLI::App* app, Arguments* a) {
  CLI::App* group = app->add_subcommand("context", "Backends and logins to choose from");
  group->require_subcommand(1);
  const auto listed = std::make_shared<ContextListArguments>();
  CLI::App* list = group->add_subcommand("list", "Contexts there are, and which is current");
  list->add_flag("--names", listed->names, "Names only, one a line");
  BindCommand(list, a, listed, &RunContextList, /*needs_backend=*/false);
  AddContextVerb(group, a, "use", "Make a context the current one", true, &RunContextUse);
  AddContextVerb(group, a, "show", "What a context says, without its token", false, &RunContextShow);
  const auto renamed = std::make_shared<ContextRenameArguments>();
  CLI::App* rename = group->add_subcommand("rename", "Give a context another name");
  rename->add_option("OLD", renamed->from, "Context")->required();
  rename->add_option("NEW", renamed->to, "Its new name")->required();
  BindCommand(rename, a, renamed, &RunContextRename, /*needs_backend=*/false);
  AddContextVerb(group, a, "delete", "Forget a context", true, &RunContextDelete);
}

}  // namespace

void AddPeople(CLI::App* app, Arguments* a) {
  const auto in = std::make_shared<LoginArguments>();
  CLI::App* login = app->add_subcommand("login", "Try a login at the backend, and keep it as the current context");
  login->add_option("FILE", in->file, "Login file, - for standard input; or give --server, --ca and --token-file");
  login->add_option("--token-file", in->token_file, "File with a token alone, - for standard input");
  login->add_option("--name", in->name, "Name of the context; PERSON@HOST if not given");
  BindCommand(login, a, in, &RunLogin, /*needs_backend=*/false);
  AddContextVerb(app, a, "logout", "Forget the token of a context, and the context", false, &RunLogout);
  CLI::App* who = app->add_subcommand("whoami", "Whom the backend takes you for, and until when");
  who->final_callback([a] {
    a->command = &RunWhoAmI;
    a->needs_backend = false;
  });
  AddContexts(app, a);
}

}  // namespace rollcall

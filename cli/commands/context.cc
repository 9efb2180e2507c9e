#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/config_home.h"
#include "cli/people_command.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/wrappers.pb.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using Context = std::map<std::string, CliConfig>::iterator;

absl::StatusOr<CliConfigFile> Load(const CommandContext& context) {
  return LoadConfigFile(context.people->config_path, /*may_be_missing=*/true);
}

// The context of that name, or the one in use if it is empty.
absl::StatusOr<Context> Find(const PeopleTools& tools, const std::string& name, CliConfigFile* file) {
  const std::string& chosen = !name.empty() ? name : !tools.context.empty() ? tools.context : file->current_context;
  if (chosen.empty()) return absl::NotFoundError("find context: none is current; name one, or see `rollcall login`");
  const auto it = file->contexts.find(chosen);
  if (it != file->contexts.end()) return it;
  return absl::NotFoundError(absl::StrCat("find context ", chosen, ": there is none; see `rollcall context list`"));
}

std::string HowKnown(const CliConfig& config) {
  if (!config.token.empty()) return "token";
  return config.cert.empty() ? "nothing" : "certificate";
}

// The token's id, which opens nothing; it is the second of its three parts.
std::string TokenId(const std::string& token) {
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  return parts.size() == 3 ? parts[1] : "unknown";
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// One object on one line, its members in this order.
absl::Status PrintJson(const Fields& texts, Screen* screen) {
  std::vector<std::string> members;
  for (const auto& [name, text] : texts) {
    google::protobuf::StringValue value;
    value.set_value(text);
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) {
      return absl::InternalError(absl::StrCat("write ", name, " as JSON"));
    }
    members.push_back(absl::StrCat("\"", name, "\":", json));
  }
  screen->Raw(absl::StrCat("{", absl::StrJoin(members, ","), "}\n"));
  return absl::OkStatus();
}

absl::Status Forget(const CommandContext& context, const std::string& name, absl::string_view verb) {
  ROLLCALL_ASSIGN_OR_RETURN(CliConfigFile file, Load(context));
  ROLLCALL_ASSIGN_OR_RETURN(const Context found, Find(*context.people, name, &file));
  const std::string gone = found->first;
  const std::string token = found->second.token;
  file.contexts.erase(found);
  const bool current = file.current_context == gone;
  if (current) file.current_context.clear();
  ROLLCALL_RETURN_IF_ERROR(SaveConfigFile(context.people->config_path, file));
  context.screen->Line(absl::StrCat(verb, " ", gone, current ? "; no context is current now." : "."));
  if (!token.empty()) {
    context.screen->Line(
        absl::StrCat("Whoever has a copy of the token can use it until it ends, or until "
                     "`rollcall-backend operator token revoke ",
                     TokenId(token), "`."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunLogout(const CommandContext& context, const ContextArguments& arguments) {
  return Forget(context, arguments.name, "Logged out of");
}

absl::Status RunContextDelete(const CommandContext& context, const ContextArguments& arguments) {
  return Forget(context, arguments.name, "Deleted");
}

absl::Status RunContextList(const CommandContext& context, const ContextListArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const CliConfigFile file, Load(context));
  if (arguments.names) {
    for (const auto& [name, config] : file.contexts) context.screen->Raw(absl::StrCat(name, "\n"));
    return absl::OkStatus();
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, config] : file.contexts) {
    const bool current = name == file.current_context;
    if (context.screen->format() == OutputFormat::kJson) {
      const Fields fields = {{"name", name},
                             {"server", config.server},
                             {"tenant", config.tenant},
                             {"known_by", HowKnown(config)},
                             {"current", current ? "yes" : "no"}};
      ROLLCALL_RETURN_IF_ERROR(PrintJson(fields, context.screen));
    }
    rows.push_back({current ? "*" : "", name, config.server, config.tenant, HowKnown(config)});
  }
  if (context.screen->format() == OutputFormat::kJson) return absl::OkStatus();
  if (rows.empty() && context.screen->format() == OutputFormat::kTable) {
    context.screen->Line("There are no contexts. Make one with: rollcall login FILE");
    return absl::OkStatus();
  }
  context.screen->Rows({"CURRENT", "NAME", "SERVER", "TENANT", "KNOWN_BY"}, rows);
  return absl::OkStatus();
}

absl::Status RunContextUse(const CommandContext& context, const ContextArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(CliConfigFile file, Load(context));
  ROLLCALL_ASSIGN_OR_RETURN(const Context found, Find(*context.people, arguments.name, &file));
  file.current_context = found->first;
  ROLLCALL_RETURN_IF_ERROR(SaveConfigFile(context.people->config_path, file));
  context.screen->Line(absl::StrCat("The current context is ", found->first, "."));
  return absl::OkStatus();
}

absl::Status RunContextShow(const CommandContext& context, const ContextArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(CliConfigFile file, Load(context));
  ROLLCALL_ASSIGN_OR_RETURN(const Context found, Find(*context.people, arguments.name, &file));
  const CliConfig& config = found->second;
  const Fields settings = {
      {"name", found->first},
      {"server", config.server},
      {"server_name", config.server_name},
      {"tenant", config.tenant},
      {"ca", config.ca_data.empty() ? config.ca : "kept with the context"},
      {"cert", config.cert},
      {"key", config.key},
      {"token", config.token.empty() ? "" : absl::StrCat("kept with the context, id ", TokenId(config.token))}};
  Fields given;
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : settings) {
    if (value.empty()) continue;
    given.emplace_back(name, value);
    rows.push_back({name, value});
  }
  if (context.screen->format() == OutputFormat::kJson) return PrintJson(given, context.screen);
  context.screen->Rows({"SETTING", "VALUE"}, rows);
  return absl::OkStatus();
}

absl::Status RunContextRename(const CommandContext& context, const ContextRenameArguments& arguments) {
  ROLLCALL_RETURN_IF_ERROR(CheckContextName(arguments.to));
  ROLLCALL_ASSIGN_OR_RETURN(CliConfigFile file, Load(context));
  ROLLCALL_ASSIGN_OR_RETURN(const Context found, Find(*context.people, arguments.from, &file));
  const CliConfig config = found->second;
  if (file.contexts.count(arguments.to) == 1) {
    return absl::InvalidArgumentError(absl::StrCat("rename context to ", arguments.to, ": there is one of that name"));
  }
  if (file.current_context == found->first) file.current_context = arguments.to;
  file.contexts.erase(found);
  file.contexts[arguments.to] = config;
  ROLLCALL_RETURN_IF_ERROR(SaveConfigFile(context.people->config_path, file));
  context.screen->Line(absl::StrCat("Renamed ", arguments.from, " to ", arguments.to, "."));
  return absl::OkStatus();
}

}  // namespace rollcall

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/config_home.h"
#include "cli/people_command.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// The host of HOST:PORT, as a part of a name.
std::string HostOf(const std::string& server) {
  std::string host = server.substr(0, server.rfind(':'));
  host.erase(std::remove_if(host.begin(), host.end(), [](char c) { return c == '[' || c == ']'; }), host.end());
  return host;
}

std::string RightsText(const pb::WhoAmIResponse& me) {
  std::vector<std::string> rights;
  for (const auto& right : me.rights()) {
    rights.push_back(absl::StrCat(right.tenant(), " (", absl::StrJoin(right.roles(), ", "), ")"));
  }
  return absl::StrJoin(rights, ", ");
}

bool HasTenant(const pb::WhoAmIResponse& me, const std::string& tenant) {
  return std::any_of(me.rights().begin(), me.rights().end(),
                     [&](const auto& right) { return right.tenant() == tenant; });
}

// A context stands on its own: the authority goes into it if it is PEM and nothing else, and paths do not depend on
// where one is.
absl::StatusOr<CliConfig> Standalone(CliConfig config) {
  if (!config.ca.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string pem, ReadTextFile("CA certificate", config.ca));
    CliConfigFile alone;
    alone.flat.ca_data = absl::StrCat(absl::StripAsciiWhitespace(pem), "\n");
    const absl::StatusOr<CliConfigFile> read = ParseCliConfigFile(FormatCliConfigFile(alone), config.ca);
    if (read.ok() && *read == alone) {
      config.ca_data = alone.flat.ca_data;
      config.ca.clear();
    }
  }
  for (std::string* path : {&config.ca, &config.cert, &config.key}) {
    if (path->empty()) continue;
    char* real = ::realpath(path->c_str(), nullptr);
    if (real == nullptr) return absl::InvalidArgumentError(absl::StrCat("find ", *path, ": no such file"));
    *path = real;
    ::free(real);
  }
  return config;
}

// From file and options, without the backend's word.
absl::StatusOr<CliConfig> GivenSettings(const PeopleTools& tools, const LoginArguments& arguments) {
  if (arguments.file.empty() && arguments.token_file.empty() && tools.given.cert.empty()) {
    return absl::InvalidArgumentError("log in: give a login file, or --server, --ca and --token-file");
  }
  CliConfig config;
  if (!arguments.file.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string yaml, ReadTextFile("login file", arguments.file));
    ROLLCALL_ASSIGN_OR_RETURN(config, ParseCliConfig(yaml, arguments.file == "-" ? "login file" : arguments.file));
  }
  if (!arguments.token_file.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile("token", arguments.token_file));
    // As if it stood in a login file: the same rules.
    ROLLCALL_ASSIGN_OR_RETURN(const CliConfig with_token,
                              ParseCliConfig(absl::StrCat("token: ", absl::StripAsciiWhitespace(text)), "token file"));
    config.token = with_token.token;
  }
  CliConfig given = tools.given;
  // A token is what one logs in with; a certificate of the environment is for other times.
  if (!config.token.empty()) given.cert = given.key = "";
  OverlaySettings(given, &config);
  ROLLCALL_RETURN_IF_ERROR(CheckComplete(config));
  return Standalone(std::move(config));
}

}  // namespace

absl::Status RunLogin(const CommandContext& context, const LoginArguments& arguments) {
  const PeopleTools& tools = *context.people;
  ROLLCALL_ASSIGN_OR_RETURN(CliConfigFile file, LoadConfigFile(tools.config_path, /*may_be_missing=*/true));
  ROLLCALL_ASSIGN_OR_RETURN(CliConfig config, GivenSettings(tools, arguments));
  if (!arguments.name.empty()) ROLLCALL_RETURN_IF_ERROR(CheckContextName(arguments.name));
  ROLLCALL_ASSIGN_OR_RETURN(const pb::WhoAmIResponse me, tools.who_am_i(config));
  const std::string name =
      arguments.name.empty() ? absl::StrCat(me.person(), "@", HostOf(config.server)) : arguments.name;
  ROLLCALL_RETURN_IF_ERROR(CheckContextName(name));
  if (!config.tenant.empty() && !HasTenant(me, config.tenant)) {
    return absl::InvalidArgumentError(
        absl::StrCat("log in with tenant ", config.tenant, ": you have ", RightsText(me)));
  }
  // Who renews a login stays in the tenant chosen before.
  const auto before = file.contexts.find(name);
  if (config.tenant.empty() && before != file.contexts.end() && HasTenant(me, before->second.tenant)) {
    config.tenant = before->second.tenant;
  }
  const bool choose = config.tenant.empty() && me.rights_size() > 1;
  file.contexts[name] = std::move(config);
  file.current_context = name;
  ROLLCALL_RETURN_IF_ERROR(SaveConfigFile(tools.config_path, file));
  context.screen->Line(
      absl::StrCat("Logged in as ", me.person(), " until ", TimeText(me.ends_at()), ": ", RightsText(me), "."));
  context.screen->Line(absl::StrCat("The current context is ", name, "."));
  if (choose) context.screen->Line("Say which tenant you mean with --tenant, at login or later.");
  return absl::OkStatus();
}

absl::Status RunWhoAmI(const CommandContext& context) {
  const PeopleTools& tools = *context.people;
  ROLLCALL_ASSIGN_OR_RETURN(const CliConfigFile file, LoadConfigFile(tools.config_path, /*may_be_missing=*/true));
  ROLLCALL_ASSIGN_OR_RETURN(const CliConfig config, ChooseSettings(file, tools.context, tools.given));
  ROLLCALL_RETURN_IF_ERROR(CheckComplete(config));
  ROLLCALL_ASSIGN_OR_RETURN(const pb::WhoAmIResponse me, tools.who_am_i(config));
  if (context.screen->format() == OutputFormat::kJson) return context.screen->Json(me);
  const bool people = context.screen->format() == OutputFormat::kTable;
  if (people) {
    context.screen->Line(absl::StrCat(me.person(), " at ", config.server, ", by ",
                                      config.token.empty() ? "certificate" : "token", " until ", TimeText(me.ends_at()),
                                      " (", WhenText(me.ends_at(), context.now), ")"));
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& right : me.rights()) {
    const bool chosen = right.tenant() == config.tenant;
    const std::string roles = absl::StrJoin(right.roles(), people ? ", " : " ");
    if (people) rows.push_back({chosen ? "*" : "", right.tenant(), roles});
    if (!people) rows.push_back({me.person(), right.tenant(), roles, TimeText(me.ends_at())});
  }
  using Header = std::vector<std::string>;
  context.screen->Rows(people ? Header{"CHOSEN", "TENANT", "ROLES"} : Header{"PERSON", "TENANT", "ROLES", "UNTIL"},
                       rows);
  return absl::OkStatus();
}

}  // namespace rollcall

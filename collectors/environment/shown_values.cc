#include "collectors/environment/shown_values.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "collectors/secret_like.h"

namespace rollcall {
namespace {

struct ListedName {
  // `*` at one end stands for any rest.
  absl::string_view pattern;
  ValueForm form;
};

// The first that matches counts.
constexpr auto kListedNames = std::to_array<ListedName>({
    {"CLASSPATH", ValueForm::kPathList},
    {"GOPATH", ValueForm::kPathList},
    {"LD_AUDIT", ValueForm::kPathList},
    {"LD_LIBRARY_PATH", ValueForm::kPathList},
    {"LD_PRELOAD", ValueForm::kPathList},
    {"MANPATH", ValueForm::kPathList},
    {"NODE_PATH", ValueForm::kPathList},
    {"PATH", ValueForm::kPathList},
    {"PERL5LIB", ValueForm::kPathList},
    {"PYTHONPATH", ValueForm::kPathList},
    {"RUBYLIB", ValueForm::kPathList},
    {"XDG_CONFIG_DIRS", ValueForm::kPathList},
    {"XDG_DATA_DIRS", ValueForm::kPathList},

    {"*_HOME", ValueForm::kPath},
    {"CATALINA_BASE", ValueForm::kPath},
    {"GOROOT", ValueForm::kPath},
    {"PGDATA", ValueForm::kPath},
    {"PYTHONHOME", ValueForm::kPath},
    {"SHELL", ValueForm::kPath},
    {"VIRTUAL_ENV", ValueForm::kPath},

    {"LANG", ValueForm::kLocale},
    {"LANGUAGE", ValueForm::kLocale},
    {"LC_*", ValueForm::kLocale},
    {"TZ", ValueForm::kTimeZone},
    {"TERM", ValueForm::kTerminal},

    {"*_VERSION", ValueForm::kVersion},
    {"KUBERNETES_SERVICE_HOST", ValueForm::kAddress},
    {"KUBERNETES_SERVICE_PORT*", ValueForm::kNumber},
    {"GOMAXPROCS", ValueForm::kNumber},
    {"MALLOC_ARENA_MAX", ValueForm::kNumber},
    {"OMP_NUM_THREADS", ValueForm::kNumber},

    {"APP_ENV", ValueForm::kDeployment},
    {"ASPNETCORE_ENVIRONMENT", ValueForm::kDeployment},
    {"DOTNET_ENVIRONMENT", ValueForm::kDeployment},
    {"FLASK_ENV", ValueForm::kDeployment},
    {"NODE_ENV", ValueForm::kDeployment},
    {"RACK_ENV", ValueForm::kDeployment},
    {"RAILS_ENV", ValueForm::kDeployment},

    {"DEBIAN_FRONTEND", ValueForm::kWord},
    {"container", ValueForm::kWord},
});

bool Matches(absl::string_view pattern, absl::string_view name) {
  if (pattern.front() == '*') return name.size() >= pattern.size() && absl::EndsWith(name, pattern.substr(1));
  if (pattern.back() == '*') return absl::StartsWith(name, pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

}  // namespace

std::optional<ValueForm> ShownForm(absl::string_view name) {
  const auto found = std::find_if(kListedNames.begin(), kListedNames.end(),
                                  [name](const ListedName& listed) { return Matches(listed.pattern, name); });
  if (found == kListedNames.end()) return std::nullopt;
  return found->form;
}

bool IsShown(absl::string_view name, absl::string_view value) {
  const std::optional<ValueForm> form = ShownForm(name);
  return form && HasForm(*form, value) && !NameSuggestsSecret(name) && !LooksLikeSecret(value);
}

}  // namespace rollcall

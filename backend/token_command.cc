#include "backend/token_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backend/init_command.h"
#include "backend/keys/private_file.h"
#include "backend/person_roles.h"
#include "backend/pki/certificate_info.h"
#include "backend/pki/credential_files.h"
#include "backend/tokens/token_store.h"
#include "platform/status_macros.h"
#include "platform/table.h"

namespace rollcall {
namespace {

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M", time, absl::UTCTimeZone()); }

// A data folder that was set up: nothing is made in a folder that was misspelt.
absl::StatusOr<std::unique_ptr<TokenStore>> OpenTokens(const std::string& data_dir) {
  std::error_code error;
  if (!std::filesystem::exists(absl::StrCat(PkiFolder(data_dir), "/ca.crt"), error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("find an authority in ", data_dir, ": there is none; run `rollcall-backend init` first"));
  }
  return TokenStore::Open(TokenDatabasePath(data_dir));
}

// The host of HOST:PORT, without brackets. InvalidArgument if it is not that.
absl::StatusOr<std::string> HostOf(absl::string_view server) {
  const size_t colon = server.rfind(':');
  int port = 0;
  const bool plain = std::all_of(server.begin(), server.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
  if (!plain || colon == absl::string_view::npos || colon == 0 || !absl::SimpleAtoi(server.substr(colon + 1), &port) ||
      port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        "--server: expected HOST:PORT as people dial it, such as inventory.example.com:8445");
  }
  absl::string_view host = server.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return std::string(host);
}

// What the server's certificate is checked for if it does not name `host`; empty if it does.
absl::StatusOr<std::string> ServerNameFor(const std::string& data_dir, const std::string& host) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string pem, ReadSmallFile(absl::StrCat(PkiFolder(data_dir), "/server.crt")));
  ROLLCALL_ASSIGN_OR_RETURN(const CertificateInfo info, ReadCertificate(pem));
  std::vector<std::string> names = info.dns_names;
  names.insert(names.end(), info.addresses.begin(), info.addresses.end());
  if (names.empty() || std::find(names.begin(), names.end(), host) != names.end()) return std::string();
  return names.front();
}

// What `rollcall login` reads: a configuration of the CLI. Its values need no escapes.
absl::StatusOr<std::string> LoginFile(const TokenCreateOptions& options, const TokenRow& row, const TokenText& token) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string host, HostOf(options.server));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string server_name, ServerNameFor(options.data_dir, host));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string ca, ReadSmallFile(absl::StrCat(PkiFolder(options.data_dir), "/ca.crt")));
  std::string text =
      absl::StrCat("# Login of ", row.person, " for `rollcall login`. Whoever has this file is ", row.person, " until ",
                   TimeText(row.ends_at), " UTC.\n", "server: \"", options.server, "\"\n");
  if (!server_name.empty()) absl::StrAppend(&text, "server_name: \"", server_name, "\"\n");
  absl::StrAppend(&text, "token: ", FormatToken(token), "\ntls:\n  ca_data: |\n");
  for (const absl::string_view line : absl::StrSplit(ca, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, "    ", line, "\n");
  }
  return text;
}

absl::StatusOr<TokenRow> RowFor(const TokenCreateOptions& options, const TokenText& token, absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Duration lifetime, ParseTokenLifetime(options.lifetime));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<PeerIdentity> person,
                            IdentitiesOf(options.tenant, options.name, options.roles));
  TokenRow row;
  row.id = token.id;
  row.secret_hash = HashOfSecret(token.secret);
  row.person = options.name;
  for (const PeerIdentity& identity : person) {
    ROLLCALL_ASSIGN_OR_RETURN(std::string uri, IdentityUri(identity));
    row.identities.push_back(std::move(uri));
  }
  row.made_at = now;
  row.ends_at = now + lifetime;
  return row;
}

std::string StateOf(const TokenRow& row, absl::Time now) {
  if (row.revoked_at.has_value()) return absl::StrCat("revoked ", TimeText(*row.revoked_at));
  return now < row.ends_at ? "good" : "ended";
}

std::string RolesOf(const TokenRow& row) {
  std::vector<std::string> roles;
  for (const std::string& uri : row.identities) {
    const absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(uri);
    if (identity.ok()) roles.push_back(absl::StrCat(identity->tenant, "/", PeerRoleName(identity->role)));
  }
  return absl::StrJoin(roles, " ");
}

}  // namespace

absl::StatusOr<absl::Duration> ParseTokenLifetime(absl::string_view text) {
  absl::Duration lifetime;
  int days = 0;
  absl::string_view number = text;
  const bool valid =
      absl::ConsumeSuffix(&number, "d") ? absl::SimpleAtoi(number, &days) : absl::ParseDuration(text, &lifetime);
  if (days != 0) lifetime = absl::Hours(24) * days;
  if (valid && lifetime >= kShortestToken && lifetime <= kLongestToken) return lifetime;
  return absl::InvalidArgumentError("--ttl: expected a time from 1m to 90d, such as 8h");
}

absl::Status RunTokenCreate(const TokenCreateOptions& options, const Clock& clock, const RandomSource& random,
                            std::ostream& out, std::ostream& say) {
  ROLLCALL_ASSIGN_OR_RETURN(const TokenText token, NewToken(random));
  ROLLCALL_ASSIGN_OR_RETURN(const TokenRow row, RowFor(options, token, clock.Now()));
  ROLLCALL_RETURN_IF_ERROR(HostOf(options.server).status());
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<TokenStore> store, OpenTokens(options.data_dir));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string login, LoginFile(options, row, token));
  // The file first: a token nobody was given is worse than a file that opens nothing.
  if (!options.out_file.empty()) ROLLCALL_RETURN_IF_ERROR(CreatePrivateFile(options.out_file, login));
  ROLLCALL_RETURN_IF_ERROR(store->Add(row));
  if (options.out_file.empty()) out << login << std::flush;
  say << "created token " << row.id << " of " << row.person << " (" << RolesOf(row) << "), good until "
      << TimeText(row.ends_at) << " UTC" << (options.out_file.empty() ? "" : ": ") << options.out_file << '\n';
  return absl::OkStatus();
}

absl::Status RunTokenList(const std::string& data_dir, const Clock& clock, std::ostream& out) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<TokenStore> store, OpenTokens(data_dir));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<TokenRow> rows, store->List());
  Table table({"ID", "PERSON", "ROLES", "MADE", "ENDS", "USED", "STATE"});
  for (const TokenRow& row : rows) {
    table.AddRow({row.id, row.person, RolesOf(row), TimeText(row.made_at), TimeText(row.ends_at),
                  row.used_at.has_value() ? TimeText(*row.used_at) : "never", StateOf(row, clock.Now())});
  }
  out << table.Render();
  return absl::OkStatus();
}

absl::Status RunTokenRevoke(const std::string& data_dir, const std::string& id, const Clock& clock, std::ostream& out) {
  ROLLCALL_RETURN_IF_ERROR(CheckTokenId(id));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<TokenStore> store, OpenTokens(data_dir));
  const absl::Status status = store->Revoke(id, clock.Now());
  if (!status.ok() && !absl::IsAlreadyExists(status)) return status;
  out << (status.ok() ? "revoked" : "was revoked before:") << " token " << id << '\n';
  return absl::OkStatus();
}

}  // namespace rollcall

#include "backend/init_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "backend/person_roles.h"
#include "backend/pki/certificate_authority.h"
#include "backend/pki/certificate_info.h"
#include "backend/pki/credential_files.h"
#include "backend/store/sqlite/sqlite_store.h"

namespace rollcall {
namespace {

absl::StatusOr<std::unique_ptr<SqliteStore>> OpenStore(const std::string& data_dir) {
  SqliteStoreOptions options;
  options.path = DatabasePath(data_dir);
  options.readers = 1;
  return SqliteStore::Open(options);
}

bool SameNames(const CertificateInfo& info, const std::vector<std::string>& wanted) {
  std::set<std::string> have(info.dns_names.begin(), info.dns_names.end());
  have.insert(info.addresses.begin(), info.addresses.end());
  return have == std::set<std::string>(wanted.begin(), wanted.end());
}

// The certificate at FOLDER/NAME.crt, if its key is there too and it is not due for renewal.
absl::StatusOr<CertificateInfo> UsableCertificate(const std::string& folder, const std::string& name, absl::Time now) {
  absl::StatusOr<CertifiedKey> pair = ReadCertifiedKey(folder, name);
  if (!pair.ok()) return pair.status();
  absl::StatusOr<CertificateInfo> info = ReadCertificate(pair->certificate_pem);
  if (info.ok() && NeedsRenewal(*info, now)) return absl::FailedPreconditionError("due for renewal");
  return info;
}

class Initializer {
 public:
  Initializer(const InitOptions& options, const Clock& clock, std::ostream& out)
      : options_(options), now_(clock.Now()), out_(out), pki_(PkiFolder(options.data_dir)) {}

  absl::Status Run() {
    if (absl::Status status = ValidateTenantName(options_.tenant); !status.ok()) return status;
    for (const std::string& id : options_.agent_ids) {
      if (absl::Status status = ValidateAgentId(id); !status.ok()) return status;
    }
    if (absl::Status status = MakePrivateFolder(pki_); !status.ok()) return status;
    absl::Status status = MakeAuthority();
    if (status.ok()) status = MakeServer();
    if (status.ok()) status = MakeDatabase();
    if (status.ok()) status = MakeAgents();
    if (status.ok() && !options_.operator_name.empty()) status = MakeOperator();
    return status;
  }

 private:
  void Say(absl::string_view what, absl::string_view name, absl::string_view path) {
    out_ << what << ' ' << name << ": " << path << '\n';
  }

  absl::Status MakeAuthority() {
    const std::string path = absl::StrCat(pki_, "/ca.crt");
    if (!options_.force) {
      absl::StatusOr<CertificateAuthority> existing = LoadAuthority(pki_);
      if (existing.ok()) {
        authority_ = std::make_unique<CertificateAuthority>(*std::move(existing));
        Say("exists ", "authority", path);
        return absl::OkStatus();
      }
      if (!absl::IsNotFound(existing.status())) return existing.status();
    }
    absl::StatusOr<CertificateAuthority> authority =
        CertificateAuthority::Create("Rollcall CA", ValidFor(now_, options_.authority_lifetime));
    if (!authority.ok()) return authority.status();
    if (absl::Status status = SaveAuthority(pki_, *authority, options_.force); !status.ok()) return status;
    authority_ = std::make_unique<CertificateAuthority>(*std::move(authority));
    Say("created", "authority", path);
    return absl::OkStatus();
  }

  absl::Status MakeServer() {
    std::vector<std::string> names = options_.server_names;
    const absl::StatusOr<CertificateInfo> existing = UsableCertificate(pki_, "server", now_);
    if (names.empty()) names = {"localhost", "127.0.0.1", "::1"};
    const std::string path = absl::StrCat(pki_, "/server.crt");
    if (!options_.force && existing.ok() && (options_.server_names.empty() || SameNames(*existing, names))) {
      Say("exists ", "server certificate", path);
      return absl::OkStatus();
    }
    absl::StatusOr<CertifiedKey> pair = authority_->IssueServer(names, ValidFor(now_, options_.certificate_lifetime));
    if (!pair.ok()) return pair.status();
    if (absl::Status status = WriteCertifiedKey(pki_, "server", *pair); !status.ok()) return status;
    Say("created", "server certificate", path);
    return absl::OkStatus();
  }

  absl::Status MakeDatabase() {
    const std::string path = DatabasePath(options_.data_dir);
    std::error_code error;
    const bool existed = std::filesystem::exists(path, error);
    absl::StatusOr<std::unique_ptr<SqliteStore>> store = OpenStore(options_.data_dir);
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    if (absl::Status status = store_->AddTenant(options_.tenant, now_); !status.ok()) return status;
    Say(existed ? "exists " : "created", "database", path);
    return absl::OkStatus();
  }

  // Ids of the tenant's agents that have a folder here.
  std::vector<std::string> ExistingAgents() const {
    std::vector<std::string> ids;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat(pki_, "/agents"), error)) {
      const absl::StatusOr<CertifiedKey> pair = ReadCertifiedKey(entry.path().string(), "agent");
      if (!pair.ok()) continue;
      const absl::StatusOr<CertificateInfo> info = ReadCertificate(pair->certificate_pem);
      if (!info.ok() || info->uris.size() != 1) continue;
      const absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(info->uris[0]);
      if (identity.ok() && identity->tenant == options_.tenant) ids.push_back(identity->id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  absl::Status MakeAgents() {
    std::vector<std::string> ids = ExistingAgents();
    for (const std::string& id : options_.agent_ids) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
    while (ids.size() < static_cast<size_t>(std::max(0, options_.agents))) {
      absl::StatusOr<std::string> id = NewAgentId();
      if (!id.ok()) return id.status();
      ids.push_back(*std::move(id));
    }
    for (const std::string& id : ids) {
      const absl::Status status =
          MakePeer({options_.tenant, PeerRole::kAgent, id}, absl::StrCat(pki_, "/agents/", id), "agent");
      if (!status.ok()) return status;
      if (absl::Status enrolled = store_->EnrollAgent({options_.tenant, id}, now_); !enrolled.ok()) return enrolled;
    }
    return absl::OkStatus();
  }

  absl::Status MakeOperator() {
    if (absl::Status status = ValidateOperatorName(options_.operator_name); !status.ok()) return status;
    return MakePeer({options_.tenant, PeerRole::kOperator, options_.operator_name},
                    absl::StrCat(pki_, "/operators/", options_.operator_name), "operator");
  }

  absl::Status MakePeer(const PeerIdentity& identity, const std::string& folder, const std::string& name) {
    const std::string what = absl::StrCat(name, " ", identity.id);
    const absl::StatusOr<std::string> uri = IdentityUri(identity);
    if (!uri.ok()) return uri.status();
    const absl::StatusOr<CertificateInfo> existing = UsableCertificate(folder, name, now_);
    const bool usable = existing.ok() && existing->uris == std::vector<std::string>{*uri};
    if (usable && !options_.force) {
      Say("exists ", what, folder);
      return absl::OkStatus();
    }
    absl::StatusOr<CertifiedKey> pair = authority_->IssuePeer(identity, ValidFor(now_, options_.certificate_lifetime));
    if (!pair.ok()) return pair.status();
    absl::Status status = MakePrivateFolder(folder);
    if (status.ok()) status = WriteCertifiedKey(folder, name, *pair);
    if (status.ok()) {
      status = WriteFileAtomically(absl::StrCat(folder, "/ca.crt"), authority_->pem().certificate_pem, 0644);
    }
    if (status.ok()) Say("created", what, folder);
    return status;
  }

  const InitOptions& options_;
  const absl::Time now_;
  std::ostream& out_;
  const std::string pki_;
  std::unique_ptr<CertificateAuthority> authority_;
  std::unique_ptr<SqliteStore> store_;
};

absl::StatusOr<CertificateAuthority> RequireAuthority(const std::string& data_dir) {
  absl::StatusOr<CertificateAuthority> authority = LoadAuthority(PkiFolder(data_dir));
  if (!absl::IsNotFound(authority.status())) return authority;
  return absl::FailedPreconditionError(
      absl::StrCat("find an authority in ", data_dir, ": there is none; run `rollcall-backend init` first"));
}

// Issues a certificate that states `identities` and writes what its holder needs.
absl::Status AddPeer(const AddOptions& options, const std::vector<PeerIdentity>& identities, absl::string_view name,
                     absl::Time now, std::ostream& out) {
  absl::StatusOr<CertificateAuthority> authority = RequireAuthority(options.data_dir);
  if (!authority.ok()) return authority.status();
  absl::StatusOr<CertifiedKey> pair = authority->IssuePerson(identities, ValidFor(now, options.certificate_lifetime));
  if (!pair.ok()) return pair.status();
  absl::Status status = MakePrivateFolder(options.out_dir);
  if (status.ok()) status = WriteCertifiedKey(options.out_dir, name, *pair);
  if (status.ok()) {
    status = WriteFileAtomically(absl::StrCat(options.out_dir, "/ca.crt"), authority->pem().certificate_pem, 0644);
  }
  if (status.ok()) out << "created " << name << ' ' << identities.front().id << ": " << options.out_dir << '\n';
  return status;
}

}  // namespace

std::string PkiFolder(const std::string& data_dir) { return absl::StrCat(data_dir, "/pki"); }
std::string DatabasePath(const std::string& data_dir) { return absl::StrCat(data_dir, "/rollcall.db"); }

absl::Status RunInit(const InitOptions& options, const Clock& clock, std::ostream& out) {
  return Initializer(options, clock, out).Run();
}

absl::Status RunAgentAdd(const AddOptions& options, const Clock& clock, std::ostream& out) {
  std::string id = options.id;
  if (id.empty()) {
    absl::StatusOr<std::string> fresh = NewAgentId();
    if (!fresh.ok()) return fresh.status();
    id = *std::move(fresh);
  }
  absl::Status status = AddPeer(options, {{options.tenant, PeerRole::kAgent, id}}, "agent", clock.Now(), out);
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = OpenStore(options.data_dir);
  if (!store.ok()) return store.status();
  status = (*store)->EnrollAgent({options.tenant, id}, clock.Now());
  if (absl::IsNotFound(status)) {
    return absl::NotFoundError(absl::StrCat("enrol agent: there is no tenant ", options.tenant,
                                            "; run `rollcall-backend init --tenant ", options.tenant, "` first"));
  }
  return status;
}

absl::Status RunOperatorAdd(const AddOptions& options, const Clock& clock, std::ostream& out) {
  std::vector<std::string> roles = options.roles;
  if (roles.empty()) roles.push_back(std::string(PeerRoleName(PeerRole::kOperator)));
  const absl::StatusOr<std::vector<PeerIdentity>> person = IdentitiesOf(options.tenant, options.id, roles);
  if (!person.ok()) return person.status();
  return AddPeer(options, *person, "operator", clock.Now(), out);
}

}  // namespace rollcall

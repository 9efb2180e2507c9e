#include "tests/bench/fleet/fleet_identities.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/pki/certificate_authority.h"
#include "backend/pki/credential_files.h"
#include "backend/pki/peer_identity.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "tests/bench/fleet/words.h"

namespace rollcall {
namespace {

constexpr absl::Duration kLifetime = absl::Hours(24 * 90);

std::string IdOf(uint64_t seed, size_t number) {
  WordSource words(MixSeed(MixSeed(seed, 0x1d), number));
  std::array<uint8_t, 16> bytes;
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(words.Next() >> 56);
  return UuidFromBytes(bytes);
}

// Issues for every `step`-th agent from `first` on.
absl::Status IssueSome(const CertificateAuthority& authority, const std::string& tenant, const Validity& validity,
                       size_t first, size_t step, std::vector<AgentIdentity>* agents) {
  for (size_t i = first; i < agents->size(); i += step) {
    AgentIdentity& agent = (*agents)[i];
    absl::StatusOr<CertifiedKey> pair = authority.IssuePeer({tenant, PeerRole::kAgent, agent.id}, validity);
    if (!pair.ok()) return pair.status();
    agent.certificate_pem = std::move(pair->certificate_pem);
    agent.key_pem = std::move(pair->key_pem);
  }
  return absl::OkStatus();
}

absl::Status IssueAll(const CertificateAuthority& authority, const std::string& tenant, absl::Time now,
                      std::vector<AgentIdentity>* agents) {
  const size_t threads = std::max(1u, std::thread::hardware_concurrency());
  const Validity validity = ValidFor(now, kLifetime);
  std::vector<absl::Status> results(threads);
  std::vector<std::thread> workers;
  for (size_t i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] { results[i] = IssueSome(authority, tenant, validity, i, threads, agents); });
  }
  for (std::thread& worker : workers) worker.join();
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FleetIdentities> EnrolFleet(const std::string& data_dir, const std::string& tenant, uint64_t seed,
                                           size_t count, absl::Time now) {
  const absl::StatusOr<CertificateAuthority> authority = LoadAuthority(absl::StrCat(data_dir, "/pki"));
  if (!authority.ok()) return authority.status();
  FleetIdentities fleet;
  fleet.ca_pem = authority->pem().certificate_pem;
  for (size_t i = 0; i < count; ++i) fleet.agents.push_back({IdOf(seed, i), "", ""});
  if (absl::Status status = IssueAll(*authority, tenant, now, &fleet.agents); !status.ok()) return status;

  const absl::StatusOr<std::unique_ptr<SqliteStore>> store =
      SqliteStore::Open({absl::StrCat(data_dir, "/rollcall.db")});
  if (!store.ok()) return store.status();
  for (const AgentIdentity& agent : fleet.agents) {
    if (absl::Status status = (*store)->EnrollAgent({tenant, agent.id}, now); !status.ok()) return status;
  }
  return fleet;
}

absl::StatusOr<FleetIdentities> ReadFleet(const std::string& folder, size_t count) {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (ValidateAgentId(entry.path().filename().string()).ok()) ids.push_back(entry.path().filename().string());
  }
  if (ids.size() < count) {
    return absl::NotFoundError(absl::StrCat("read agents from ", folder, ": it has ", ids.size(), " of ", count,
                                            "; make them with `rollcall-backend init --agents ", count, "`"));
  }
  std::sort(ids.begin(), ids.end());
  FleetIdentities fleet;
  for (size_t i = 0; i < count; ++i) {
    const std::string own = absl::StrCat(folder, "/", ids[i]);
    absl::StatusOr<CertifiedKey> pair = ReadCertifiedKey(own, "agent");
    if (!pair.ok()) return pair.status();
    fleet.agents.push_back({ids[i], std::move(pair->certificate_pem), std::move(pair->key_pem)});
    if (i > 0) continue;
    absl::StatusOr<std::string> ca = ReadSmallFile(absl::StrCat(own, "/ca.crt"));
    if (!ca.ok()) return ca.status();
    fleet.ca_pem = *std::move(ca);
  }
  return fleet;
}

}  // namespace rollcall

#include "agent/host_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "agent/identity/known_host.h"
#include "agent/identity/local_file.h"
#include "platform/hardware_facts.h"
#include "platform/status_macros.h"
#include "platform/version.h"

namespace rollcall {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;
constexpr char kBootIdPath[] = "/proc/sys/kernel/random/boot_id";
constexpr uint32_t kSchemaVersion = 1;
// Holds the largest batch: one record of a megabyte.
constexpr uint64_t kMinSpoolSegmentBytes = uint64_t{2} << 20;

}  // namespace

absl::StatusOr<ThisHost> OpenThisHost(const AgentConfig& config, const Clock& clock) {
  ThisHost host;
  ROLLCALL_ASSIGN_OR_RETURN(const std::string certificate, ReadLocalFile(config.tls_cert, kMaxPemBytes));
  ROLLCALL_ASSIGN_OR_RETURN(host.agent, IdentityFromCertificate(certificate));
  ROLLCALL_ASSIGN_OR_RETURN(host.live, OpenHost(config.root));
  const FileTree& files = *host.live.files;
  ROLLCALL_ASSIGN_OR_RETURN(const std::string kept_id, LoadOrCreateKeptId(config.state_dir + "/host_id", GenerateUuid));
  ROLLCALL_ASSIGN_OR_RETURN(
      host.identity, RecognizeHost(config.state_dir + "/known_host", IdentifyHost(files, kept_id, config.cloud_facts),
                                   ReadHardwareFacts(files)));
  const absl::StatusOr<std::string> boot_id = files.ReadFile(kBootIdPath, 64);
  if (boot_id.ok()) host.boot_id = std::string(absl::StripAsciiWhitespace(*boot_id));
  ROLLCALL_ASSIGN_OR_RETURN(host.epoch, EpochSource::Open(config.state_dir + "/epoch", clock));
  return host;
}

DirectorySpoolOptions SpoolOptionsOf(const AgentConfig& config, const EntryReducer* reducer) {
  DirectorySpoolOptions options;
  options.max_bytes = config.spool_max_bytes;
  // Small spools have small segments, or one of them would be too much of the whole.
  options.segment_bytes = std::clamp(config.spool_max_bytes / 4, kMinSpoolSegmentBytes, options.segment_bytes);
  options.reducer = reducer;
  return options;
}

std::string SpoolDirectoryOf(const AgentConfig& config) { return config.state_dir + "/spool"; }

pb::Hello HelloOf(const AgentConfig& config, const ThisHost& host) {
  pb::Hello hello;
  hello.set_agent_id(host.agent.agent_id);
  hello.set_agent_version(std::string(Version()));
  hello.set_schema_version(kSchemaVersion);
  hello.set_host_id(host.identity.id);
  hello.set_boot_id(host.boot_id);
  hello.set_hosting_service(config.hosting_service);
  hello.set_region(config.region);
  return hello;
}

GrpcSession::Options SessionOptionsOf(const AgentConfig& config) {
  GrpcSession::Options options;
  options.addresses = config.backend_addresses;
  options.proxy = config.backend_proxy;
  options.proxy_credentials_path = config.backend_proxy_credentials;
  options.server_name = config.backend_server_name;
  options.ca_path = config.tls_ca;
  options.cert_path = config.tls_cert;
  options.key_path = config.tls_key;
  options.first_contact_within = config.backend_first_contact_within;
  options.max_backoff = config.backend_max_backoff;
  return options;
}

}  // namespace rollcall

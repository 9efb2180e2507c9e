// `rollcall-backend init`, `agent add` and `operator add`: authority, certificates, enrolment.
#ifndef ROLLCALL_BACKEND_INIT_COMMAND_H_
#define ROLLCALL_BACKEND_INIT_COMMAND_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/clock.h"

namespace rollcall {

// Files of a data folder.
std::string PkiFolder(const std::string& data_dir);     // DATA/pki: ca.*, server.*, agents/, operators/
std::string DatabasePath(const std::string& data_dir);  // DATA/rollcall.db

struct InitOptions {
  std::string data_dir;
  std::string tenant;
  // DNS names and addresses of the server's certificate; loopback if empty.
  std::vector<std::string> server_names;
  // Agents to have at least, and agents to have by id.
  int agents = 0;
  std::vector<std::string> agent_ids;
  // Somebody to have with the role `operator`; nobody if empty.
  std::string operator_name;
  // Replaces the authority, and with it every certificate.
  bool force = false;
  absl::Duration authority_lifetime = absl::Hours(24 * 3650);
  absl::Duration certificate_lifetime = absl::Hours(24 * 90);
};

// Makes what is missing, renews certificates in the last third of their life and says on `out`
// what it did and what it found. Can be run again at any time.
absl::Status RunInit(const InitOptions& options, const Clock& clock, std::ostream& out);

struct AddOptions {
  std::string data_dir;
  std::string tenant;
  // Agent id (made up if empty) or operator name.
  std::string id;
  // Where certificate, key and the authority's certificate go.
  std::string out_dir;
  absl::Duration certificate_lifetime = absl::Hours(24 * 90);
  // Of a person: each `ROLE`, or `TENANT/ROLE` for another tenant than `tenant`. `operator` if empty.
  std::vector<std::string> roles;
};

// Issues a certificate and enrols the agent. FailedPrecondition without an authority.
absl::Status RunAgentAdd(const AddOptions& options, const Clock& clock, std::ostream& out);
// Issues a certificate for a person with these roles. InvalidArgument if one is none, or comes twice.
absl::Status RunOperatorAdd(const AddOptions& options, const Clock& clock, std::ostream& out);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INIT_COMMAND_H_

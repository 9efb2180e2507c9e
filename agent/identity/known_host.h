// The machine the agent ran on last, kept in the state directory, so that a copy of its disk in
// another machine is noticed.
#ifndef ROLLCALL_AGENT_IDENTITY_KNOWN_HOST_H_
#define ROLLCALL_AGENT_IDENTITY_KNOWN_HOST_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/hardware_facts.h"
#include "platform/host_identity.h"

namespace rollcall {

struct KnownHost {
  // What IdentifyHost said. A copy of the disk has it too.
  std::string found_id;
  // What the host is called: `found_id`, with a suffix on a clone.
  std::string host_id;
  // What the machine was called whose disk was copied; empty if this is none.
  std::string clone_of;
  HardwareFacts hardware;

  friend bool operator==(const KnownHost&, const KnownHost&) = default;
};

// Decides what the host is called now. Without `before`, or when the id on the disk itself is
// another, that is `found_id`. If the hardware can only be another machine's, it is `found_id`
// with a suffix made of that hardware, which is the same whenever this machine starts from a copy
// of that disk. Otherwise it is what it was; hardware that was replaced is remembered, and what is
// unknown now is not forgotten. Pure.
KnownHost Recognize(const std::optional<KnownHost>& before, absl::string_view found_id, const HardwareFacts& now);

// As text of lines `KEY VALUE`, and back. InvalidArgument says which line is bad. Pure.
std::string FormatKnownHost(const KnownHost& host);
absl::StatusOr<KnownHost> ParseKnownHost(absl::string_view text);

// Recognizes the host by the file at `path` and keeps in it what is known now; written only if it
// changed, and durably before this returns. A file that cannot be read or parsed is an error, not
// a reason to become another host.
absl::StatusOr<HostIdentity> RecognizeHost(const std::string& path, const HostIdentity& found,
                                           const HardwareFacts& now);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_IDENTITY_KNOWN_HOST_H_

// What is odd about a host's identity.
#ifndef ROLLCALL_CLI_HOST_NOTE_H_
#define ROLLCALL_CLI_HOST_NOTE_H_

#include <string>

#include "rollcall/v1/query.pb.h"

namespace rollcall {

// Such as `CLONE?` or `SAME HOST_ID`; empty if nothing is.
std::string HostNote(const rollcall::v1::HostSummary& host);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_HOST_NOTE_H_

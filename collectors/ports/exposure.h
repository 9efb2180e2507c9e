// Who can reach a socket, judged by the address it is bound to.
#ifndef ROLLCALL_COLLECTORS_PORTS_EXPOSURE_H_
#define ROLLCALL_COLLECTORS_PORTS_EXPOSURE_H_

#include "absl/strings/string_view.h"
#include "rollcall/v1/records/listening_port.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Of a textual IPv4 or IPv6 address without brackets; IPv4-mapped addresses count as the
// address inside. EXPOSURE_UNSPECIFIED if it is neither. Firewalls are not looked at. Pure.
pb::ListeningPort::Exposure ExposureOfAddress(absl::string_view address);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_EXPOSURE_H_

// The parts of a host record, each read from its own places.
#ifndef ROLLCALL_COLLECTORS_HOST_SECTIONS_H_
#define ROLLCALL_COLLECTORS_HOST_SECTIONS_H_

#include <string>

#include "collectors/host/host_reader.h"
#include "rollcall/v1/record.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// hostname, fqdn, os, kernel, reboot_required, timezone, security.
void FillSystem(HostReader& reader, pb::Host* host);

// hardware.
void FillHardware(HostReader& reader, pb::Host* host);

// cloud, from disk and firmware.
void FillCloud(HostReader& reader, pb::Host* host);

// interfaces. Of the network namespace of pid 1 where the tree has one.
void FillNetwork(HostReader& reader, pb::Host* host);

// filesystems, as pid 1 sees them.
void FillFilesystems(HostReader& reader, pb::Host* host);

// SHA-256 over what differs between two machines that run copies of one disk: serial numbers,
// addresses of physical network cards, id of the root filesystem. Empty if none of it is known.
// Wants `interfaces` and `kernel` of `host` filled.
std::string HardwareDigest(HostReader& reader, const pb::Host& host);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_HOST_SECTIONS_H_

// All parsers of the host collector on one text: each must take what is meant for another.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/filesystems.h"
#include "collectors/host/hardware_parser.h"
#include "collectors/host/network_parser.h"
#include "collectors/host/system_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const rollcall::pb::OperatingSystem os = rollcall::ParseOsRelease(text);
  rollcall::pb::OperatingSystem decoded;
  if (!decoded.ParseFromString(os.SerializeAsString())) std::abort();
  (void)rollcall::FindFqdn(text, "web-1");
  (void)rollcall::TimezoneOfLink(text);
  (void)rollcall::ReleaseOfImage(text);
  const absl::string_view left = text.substr(0, size / 2);
  const absl::string_view right = text.substr(size / 2);
  if (rollcall::CompareKernelReleases(left, right) != -rollcall::CompareKernelReleases(right, left)) std::abort();
  if (rollcall::CompareKernelReleases(text, text) != 0) std::abort();
  (void)rollcall::ParseCpuInfo(text);
  (void)rollcall::ParseMemoryTotal(text);
  (void)rollcall::CleanDmi(text);
  (void)rollcall::AssignIpv4(rollcall::ParseLocalIpv4(text), rollcall::ParseIpv4Routes(text));
  (void)rollcall::ParseIfInet6(text);
  (void)rollcall::InterfaceFlagNames(text);
  (void)rollcall::HostFilesystems(rollcall::ParseMountInfo(text).mounts);
  return 0;
}

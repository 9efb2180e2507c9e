#include "collectors/ports/exposure.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace rollcall {
namespace {

using Exposure = pb::ListeningPort;

struct Block {
  uint32_t network;
  int prefix;
  pb::ListeningPort::Exposure exposure;
};
constexpr Block kBlocks[] = {
    {0x7F000000, 8, Exposure::LOOPBACK},     // 127.0.0.0/8
    {0x0A000000, 8, Exposure::PRIVATE},      // 10.0.0.0/8, RFC 1918
    {0xAC100000, 12, Exposure::PRIVATE},     // 172.16.0.0/12, RFC 1918
    {0xC0A80000, 16, Exposure::PRIVATE},     // 192.168.0.0/16, RFC 1918
    {0x64400000, 10, Exposure::PRIVATE},     // 100.64.0.0/10, RFC 6598
    {0xA9FE0000, 16, Exposure::LINK_LOCAL},  // 169.254.0.0/16, RFC 3927
    {0xFFFFFFFF, 32, Exposure::LINK_LOCAL},  // 255.255.255.255 does not pass a router
    {0xE0000000, 4, Exposure::MULTICAST},    // 224.0.0.0/4
};

pb::ListeningPort::Exposure OfIpv4(uint32_t address) {
  if (address == 0) return Exposure::ANY;
  for (const Block& block : kBlocks) {
    if (((address ^ block.network) >> (32 - block.prefix)) == 0) return block.exposure;
  }
  return Exposure::PUBLIC;
}

pb::ListeningPort::Exposure OfIpv6(const std::array<uint8_t, 16>& bytes) {
  const auto leading_zeros = static_cast<size_t>(
      std::find_if(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte != 0; }) - bytes.begin());
  if (leading_zeros == bytes.size()) return Exposure::ANY;
  if (leading_zeros == 15 && bytes[15] == 1) return Exposure::LOOPBACK;
  if (leading_zeros == 10 && bytes[10] == 0xFF && bytes[11] == 0xFF) {
    uint32_t inner;
    std::memcpy(&inner, bytes.data() + 12, sizeof(inner));
    return OfIpv4(ntohl(inner));
  }
  if (bytes[0] == 0xFF) return Exposure::MULTICAST;
  if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) return Exposure::LINK_LOCAL;
  if ((bytes[0] & 0xFE) == 0xFC) return Exposure::PRIVATE;  // fc00::/7, RFC 4193
  return Exposure::PUBLIC;
}

}  // namespace

pb::ListeningPort::Exposure ExposureOfAddress(absl::string_view address) {
  const std::string text(address);
  in_addr v4;
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return OfIpv4(ntohl(v4.s_addr));
  std::array<uint8_t, 16> v6;
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return OfIpv6(v6);
  return pb::ListeningPort::EXPOSURE_UNSPECIFIED;
}

}  // namespace rollcall

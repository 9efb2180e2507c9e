#include "collectors/ports/exposure.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

using Port = pb::ListeningPort;

TEST(ExposureOfAddress, ClassifiesEveryBlockAndItsEdges) {
  const struct {
    const char* address;
    Port::Exposure exposure;
  } kCases[] = {
      {"0.0.0.0", Port::ANY},
      {"::", Port::ANY},
      {"::ffff:0.0.0.0", Port::ANY},
      {"127.0.0.1", Port::LOOPBACK},
      {"127.255.255.254", Port::LOOPBACK},
      {"128.0.0.1", Port::PUBLIC},
      {"::1", Port::LOOPBACK},
      {"::2", Port::PUBLIC},
      {"::ffff:127.0.0.53", Port::LOOPBACK},
      {"10.0.0.1", Port::PRIVATE},
      {"11.0.0.1", Port::PUBLIC},
      {"172.15.255.255", Port::PUBLIC},
      {"172.16.0.0", Port::PRIVATE},
      {"172.31.255.255", Port::PRIVATE},
      {"172.32.0.0", Port::PUBLIC},
      {"192.168.1.1", Port::PRIVATE},
      {"192.169.0.0", Port::PUBLIC},
      {"100.63.255.255", Port::PUBLIC},
      {"100.64.0.0", Port::PRIVATE},
      {"100.127.255.255", Port::PRIVATE},
      {"100.128.0.0", Port::PUBLIC},
      {"fc00::1", Port::PRIVATE},
      {"fdff::1", Port::PRIVATE},
      {"fe00::1", Port::PUBLIC},
      {"::ffff:192.168.0.9", Port::PRIVATE},
      {"169.254.1.1", Port::LINK_LOCAL},
      {"255.255.255.255", Port::LINK_LOCAL},
      {"fe80::1", Port::LINK_LOCAL},
      {"febf::1", Port::LINK_LOCAL},
      {"fec0::1", Port::PUBLIC},
      {"224.0.0.251", Port::MULTICAST},
      {"239.255.255.255", Port::MULTICAST},
      {"240.0.0.1", Port::PUBLIC},
      {"ff02::fb", Port::MULTICAST},
      {"8.8.8.8", Port::PUBLIC},
      {"2001:db8::1", Port::PUBLIC},
      {"", Port::EXPOSURE_UNSPECIFIED},
      {"/run/x", Port::EXPOSURE_UNSPECIFIED},
      {"256.0.0.1", Port::EXPOSURE_UNSPECIFIED},
  };
  for (const auto& test : kCases) EXPECT_EQ(ExposureOfAddress(test.address), test.exposure) << test.address;
}

}  // namespace
}  // namespace rollcall

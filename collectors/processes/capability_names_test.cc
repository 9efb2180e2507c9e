#include "collectors/processes/capability_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t Bit(uint32_t capability) { return uint64_t{1} << capability; }

TEST(CapabilityNames, NamesAgreeWithTheKernelsHeader) {
  EXPECT_THAT(CapabilityNames(0, 0), IsEmpty());
  EXPECT_THAT(CapabilityNames(Bit(CAP_CHOWN), 0), ElementsAre("CAP_CHOWN"));
  EXPECT_THAT(CapabilityNames(Bit(CAP_NET_BIND_SERVICE) | Bit(CAP_SYS_PTRACE) | Bit(CAP_SYS_ADMIN), 0),
              ElementsAre("CAP_NET_BIND_SERVICE", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN"));
  EXPECT_THAT(CapabilityNames(Bit(CAP_SETFCAP) | Bit(CAP_SYSLOG) | Bit(CAP_BPF) | Bit(CAP_CHECKPOINT_RESTORE), 0),
              ElementsAre("CAP_SETFCAP", "CAP_SYSLOG", "CAP_BPF", "CAP_CHECKPOINT_RESTORE"));
}

TEST(CapabilityNames, TheFullSetHasOneName) {
  const uint64_t full = FullCapabilitySet("40\n");
  EXPECT_EQ(full, 0x1ffffffffffU);
  EXPECT_THAT(CapabilityNames(full, full), ElementsAre("ALL"));
  EXPECT_THAT(CapabilityNames(~uint64_t{0}, full), ElementsAre("ALL"));
  EXPECT_EQ(CapabilityNames(full, 0).size(), 41U) << "without knowing the full set, each is named";
}

TEST(CapabilityNames, OfMoreThanHalfTheSetTheMissingOnesAreNamed) {
  const uint64_t full = FullCapabilitySet("40\n");
  EXPECT_THAT(CapabilityNames(full & ~Bit(CAP_SYS_RESOURCE), full), ElementsAre("ALL", "-CAP_SYS_RESOURCE"));
  EXPECT_THAT(CapabilityNames(full & ~Bit(CAP_CHOWN) & ~Bit(CAP_BPF), full),
              ElementsAre("ALL", "-CAP_CHOWN", "-CAP_BPF"));
  const uint64_t newer = FullCapabilitySet("41");
  EXPECT_THAT(CapabilityNames(newer & ~Bit(41), newer), ElementsAre("ALL", "-CAP_41"));
}

TEST(CapabilityNames, OfHalfTheSetOrLessThePresentOnesAreNamed) {
  EXPECT_THAT(CapabilityNames(0b0011, 0b1111), ElementsAre("CAP_CHOWN", "CAP_DAC_OVERRIDE"));
  EXPECT_THAT(CapabilityNames(0b0111, 0b1111), ElementsAre("ALL", "-CAP_FOWNER"));
  EXPECT_THAT(CapabilityNames(0, 0b1111), IsEmpty());
}

TEST(CapabilityNames, ABitOfANewerKernelKeepsItsNumber) {
  EXPECT_THAT(CapabilityNames(Bit(41) | Bit(63), 0), ElementsAre("CAP_41", "CAP_63"));
}

TEST(FullCapabilitySet, IsUnknownForAnythingButANumber) {
  EXPECT_EQ(FullCapabilitySet("63"), ~uint64_t{0});
  EXPECT_EQ(FullCapabilitySet("0"), 1U);
  for (const absl::string_view text : {"", "64", "-1", "x", "40 1"}) EXPECT_EQ(FullCapabilitySet(text), 0U) << text;
}

}  // namespace
}  // namespace rollcall

#include "backend/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace rollcall {
namespace {

rlim_t Soft() {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  return limit.rlim_cur;
}

// One test: a hard limit does not rise again.
TEST(DescriptorLimit, RisesAsFarAsNeededAndAllowed) {
  rlimit limit{400, 1000};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(RaiseDescriptorLimit(100).value(), 100u);
  EXPECT_EQ(Soft(), 400u) << "it was enough";
  EXPECT_EQ(RaiseDescriptorLimit(300).value(), 300u);
  EXPECT_EQ(Soft(), 300 + kOtherDescriptors);
  EXPECT_EQ(RaiseDescriptorLimit(10'000).value(), 1000 - kOtherDescriptors) << "no more than fit";
  EXPECT_EQ(Soft(), 1000u);
  limit = {100, 100};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(RaiseDescriptorLimit(10'000).value(), 1u);
}

}  // namespace
}  // namespace rollcall

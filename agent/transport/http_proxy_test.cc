#include "agent/transport/http_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kProxy[] = "http://proxy.example.com:3128";

TEST(ProxyUriTest, WithoutCredentialsIsTheProxyItself) {
  EXPECT_EQ(*ProxyUri(kProxy, ""), kProxy);
  EXPECT_EQ(*ProxyUri(kProxy, "\n"), kProxy);
}

TEST(ProxyUriTest, CredentialsArePercentEncoded) {
  EXPECT_EQ(*ProxyUri(kProxy, "agent:s3cret"), "http://agent:s3cret@proxy.example.com:3128");
  EXPECT_EQ(*ProxyUri(kProxy, "a:b/c?d#e%f g\r\n"), "http://a:b%2Fc%3Fd%23e%25f%20g@proxy.example.com:3128");
  EXPECT_EQ(*ProxyUri(kProxy, "a:b:c"), "http://a:b:c@proxy.example.com:3128");
  EXPECT_EQ(*ProxyUri(kProxy, "a:\xc3\xa4"), "http://a:%C3%A4@proxy.example.com:3128");
}

TEST(ProxyUriTest, WhatCannotBePassedOnIsRefusedAndNotRepeated) {
  for (const std::string& text :
       {std::string("swordfish"), std::string(":swordfish"), std::string("a:sword@fish"), std::string("a:sword\nfish"),
        std::string("a:swordfish\0", 12), "a:swordfish" + std::string(600, 'x')}) {
    const auto uri = ProxyUri(kProxy, text);
    ASSERT_FALSE(uri.ok()) << text;
    EXPECT_THAT(uri.status().message(), HasSubstr("USER:PASSWORD"));
    EXPECT_THAT(uri.status().message(), Not(HasSubstr("sword")));
  }
}

}  // namespace
}  // namespace rollcall

// A host that reaches its backend only through an HTTP proxy.
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/transport/testing/connect_proxy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Proxy, EverythingGoesThroughItAndThePasswordNowhereElse) {
  const std::string credentials = "agent:swordfish";
  ConnectProxy proxy(absl::StrCat("Basic ", absl::Base64Escape(credentials)));
  TempFolder folder;
  WriteAll(folder.path() + "/credentials", credentials + "\n");
  DeploymentOptions options;
  options.agent_backend_settings = {absl::StrCat("proxy: http://127.0.0.1:", proxy.port()),
                                    absl::StrCat("proxy_credentials: ", folder.path(), "/credentials")};
  Deployment deployment(options);
  deployment.Init();
  const auto packages = ManyPackages(50, "1.0");
  deployment.SetPackages(packages);
  deployment.StartBackend();
  deployment.StartAgent();
  EXPECT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(60)));
  ASSERT_FALSE(proxy.Requests().empty());
  EXPECT_THAT(proxy.Requests()[0], HasSubstr(absl::StrCat("CONNECT 127.0.0.1:", deployment.port(), " ")));
  deployment.StopAgent();
  deployment.StopBackend();
  EXPECT_THAT(ReadAll(deployment.agent_log()), Not(HasSubstr("swordfish")));
  ExpectNothingDoubled(deployment.data_dir());
}

}  // namespace
}  // namespace rollcall

// A host that is taken out of service: what its agent could not send any more is looked at, checked and
// sent without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/deployment.h"
#include "tests/e2e/process.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(SpoolCommandTest, DrainSendsWhatAnAgentLeft) {
  Deployment deployment;
  deployment.Init();
  deployment.StartBackend();
  deployment.StopBackend();
  const std::map<std::string, std::string> packages = {{"coreutils", "9.1-1"}, {"zlib1g", "1.3-1"}};
  deployment.SetPackages(packages);
  const auto spool = [&](const std::vector<std::string>& words) {
    std::vector<std::string> argv = {Program("rollcall-agent"), "--config", deployment.folder() + "/agent.yaml",
                                     "spool"};
    argv.insert(argv.end(), words.begin(), words.end());
    return RunProgram(argv);
  };

  deployment.StartAgent();
  EXPECT_TRUE(Eventually(absl::Seconds(60), [&] {
    const ProgramOutput seen = spool({"inspect"});
    return seen.exit_code == 0 && seen.out.find("os_packages") != std::string::npos;
  })) << ReadAll(deployment.agent_log());
  EXPECT_EQ(spool({"verify"}).exit_code, 0) << "while the agent uses it";
  const ProgramOutput in_use = spool({"drain", "--timeout", "1s"});
  EXPECT_EQ(in_use.exit_code, 1);
  EXPECT_THAT(in_use.err, HasSubstr("another agent uses this spool"));
  deployment.StopAgent();

  const ProgramOutput nobody = spool({"drain", "--timeout", "1s"});
  EXPECT_EQ(nobody.exit_code, 1);
  EXPECT_THAT(nobody.err, HasSubstr("batches are left after 1s"));
  EXPECT_EQ(spool({"verify"}).exit_code, 0) << "nothing came of it";

  deployment.StartBackend();
  const ProgramOutput drained = spool({"drain", "--timeout", "60s", "--format", "json"});
  EXPECT_EQ(drained.exit_code, 0) << drained.out << drained.err;
  EXPECT_THAT(drained.out, HasSubstr("\"empty\":true"));
  EXPECT_THAT(drained.out, HasSubstr("\"left\":0"));
  EXPECT_EQ(deployment.StoredPackages(), packages);
  EXPECT_THAT(spool({"inspect"}).out, HasSubstr("0 batches pending"));
}

}  // namespace
}  // namespace rollcall

#include "platform/host_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/cloud_facts.h"
#include "platform/memory_tree.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr absl::string_view kMachineId = "0123456789abcdef0123456789abcdef";
constexpr absl::string_view kInstanceData = R"({
  "base64_encoded_keys": [],
  "ds": {"meta_data": {"instance-type": "m5.large", "x": null, "list": [1, 2]}},
  "v1": {"cloud_name": "AWS", "platform": "ec2", "instance_id": "i-0abc", "region": "eu-central-1",
         "availability_zone": "eu-central-1a"}})";

TEST(ParseInstanceData, ReadsFacts) {
  auto facts = ParseInstanceData(kInstanceData);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->provider, "aws");
  EXPECT_EQ(facts->instance_id, "i-0abc");
  EXPECT_EQ(facts->region, "eu-central-1");
  EXPECT_EQ(facts->zone, "eu-central-1a");
  EXPECT_EQ(facts->instance_type, "m5.large");
}

TEST(ParseInstanceData, SourcesThatAreNoCloudGiveNothing) {
  for (const char* name : {"nocloud", "none", "lxd", "unknown", "NoCloud"}) {
    const std::string json = absl::StrCat(R"({"v1":{"instance_id":"iid-local01","cloud_name":")", name, "\"}}");
    auto facts = ParseInstanceData(json);
    ASSERT_TRUE(facts.ok());
    EXPECT_EQ(facts->instance_id, "") << name;
  }
}

TEST(ParseInstanceData, HostileJsonIsRefusedOrEmpty) {
  for (const std::string& bad : {std::string(), std::string("[]"), std::string("{"), std::string("x"),
                                 std::string(100'000, '['), absl::StrCat("{\"v1\":", std::string(100'000, '{'))}) {
    EXPECT_FALSE(ParseInstanceData(bad).ok());
  }
  EXPECT_EQ(ParseInstanceData(R"({"v1":5})")->instance_id, "");
  EXPECT_EQ(ParseInstanceData(R"({"v1":{"cloud_name":["a"],"instance_id":{}}})")->provider, "");
  EXPECT_EQ(ParseInstanceData(R"({"v1":{"cloud_name":"aws","instance_id":"a\nb"}})")->instance_id, "");
}

TEST(ProviderOfDmi, KnowsClouds) {
  EXPECT_EQ(ProviderOfDmi("Amazon EC2", "m5.large", ""), "aws");
  EXPECT_EQ(ProviderOfDmi("Microsoft Corporation", "Virtual Machine", "7783-7084-3265-9085-8269-3286-77"), "azure");
  EXPECT_EQ(ProviderOfDmi("Microsoft Corporation", "Virtual Machine", ""), "");
  EXPECT_EQ(ProviderOfDmi("Tencent Cloud", "CVM", "Smbios"), "tencent");
  EXPECT_EQ(ProviderOfDmi("QEMU", "Standard PC (Q35 + ICH9, 2009)", ""), "");
  EXPECT_EQ(ProviderOfDmi("", "", ""), "");
}

TEST(ReadCloudFacts, TriesOneSourceAfterAnother) {
  MemoryTree tree;
  std::vector<absl::Status> problems;
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "");
  tree.SetFile("/var/lib/cloud/data/instance-id", "i-kept\n");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "");  // nothing says that it is a cloud's
  tree.SetFile("/run/cloud-init/cloud-id", "openstack\n");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "i-kept");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).provider, "openstack");
  tree.SetFile("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
  tree.SetFile("/sys/class/dmi/id/product_name", "m5.large\n");
  tree.SetFile("/sys/class/dmi/id/board_asset_tag", "i-0dmi\n");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "i-0dmi");
  tree.SetFile("/run/cloud-init/instance-data.json", kInstanceData);
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "i-0abc");
  EXPECT_THAT(problems, IsEmpty());
  tree.SetFile("/run/cloud-init/instance-data.json", "{");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "i-0dmi");
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].message(), "parse /run/cloud-init/instance-data.json: not a JSON object");
}

TEST(ReadCloudFacts, PlaceholderIdsAreNone) {
  MemoryTree tree;
  std::vector<absl::Status> problems;
  tree.SetFile("/run/cloud-init/cloud-id", "openstack\n");
  tree.SetFile("/var/lib/cloud/data/instance-id", "iid-datasource-none\n");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "");
  tree.SetFile("/run/cloud-init/cloud-id", "nocloud\n");
  tree.SetFile("/sys/class/dmi/id/sys_vendor", "OpenStack Foundation\n");
  tree.SetFile("/var/lib/cloud/data/instance-id", "test\n");
  EXPECT_EQ(ReadCloudFacts(tree, &problems).instance_id, "");
}

TEST(ReadMachineId, TakesRealIdsOnly) {
  MemoryTree tree;
  EXPECT_EQ(ReadMachineId(tree), "");
  for (const char* bad : {"", "uninitialized\n", "00000000000000000000000000000000\n", "0123\n",
                          "0123456789ABCDEF0123456789ABCDEF\n", "0123456789abcdef0123456789abcdeg\n"}) {
    tree.SetFile("/etc/machine-id", bad);
    EXPECT_EQ(ReadMachineId(tree), "") << bad;
  }
  tree.SetFile("/var/lib/dbus/machine-id", kMachineId);
  EXPECT_EQ(ReadMachineId(tree), kMachineId);
  tree.SetFile("/etc/machine-id", "fedcba9876543210fedcba9876543210\n");
  EXPECT_EQ(ReadMachineId(tree), "fedcba9876543210fedcba9876543210");
}

TEST(IdentifyHost, IsNeverEmpty) {
  MemoryTree tree;
  EXPECT_EQ(IdentifyHost(tree, "kept").id, "kept");
  EXPECT_EQ(IdentifyHost(tree, "kept").source, "generated");
  tree.SetFile("/etc/machine-id", absl::StrCat(kMachineId, "\n"));
  EXPECT_EQ(IdentifyHost(tree, "kept").id, kMachineId);
  EXPECT_EQ(IdentifyHost(tree, "kept").source, "machine-id");
  tree.SetFile("/run/cloud-init/instance-data.json", kInstanceData);
  EXPECT_EQ(IdentifyHost(tree, "kept").id, "i-0abc");
  EXPECT_EQ(IdentifyHost(tree, "kept").source, "cloud");
  EXPECT_EQ(IdentifyHost(tree, "kept", false).id, kMachineId);
}

TEST(KeptId, IsMadeOnceAndStays) {
  FixtureTree fixture;
  const std::string path = fixture.OnDisk("/host_id");
  int made = 0;
  const auto generate = [&made]() -> absl::StatusOr<std::string> { return absl::StrCat("id-", ++made); };
  EXPECT_EQ(*LoadOrCreateKeptId(path, generate), "id-1");
  EXPECT_EQ(*LoadOrCreateKeptId(path, generate), "id-1");
  EXPECT_EQ(made, 1);
  EXPECT_EQ(fixture.tree().Stat("/host_id")->mode, 0600U);
}

TEST(KeptId, DamageIsAnErrorNotANewHost) {
  FixtureTree fixture;
  const auto generate = []() -> absl::StatusOr<std::string> { return "new"; };
  fixture.SetFile("/empty", "");
  fixture.SetFile("/binary", absl::string_view("\0\0\0\0", 4));
  fixture.SetFile("/long", std::string(1000, 'a'));
  fixture.SetSymlink("/link", "/elsewhere");
  for (const char* name : {"/empty", "/binary", "/long", "/link", "/no/such/directory"}) {
    EXPECT_FALSE(LoadOrCreateKeptId(fixture.OnDisk(name), generate).ok()) << name;
  }
  EXPECT_FALSE(LoadOrCreateKeptId(fixture.OnDisk("/x"), [] { return absl::InternalError("no randomness"); }).ok());
}

TEST(GenerateUuid, IsRandomAndWellFormed) {
  const std::string id = *GenerateUuid();
  EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(id, *GenerateUuid());
}

}  // namespace
}  // namespace rollcall

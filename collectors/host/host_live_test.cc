// The collector on the test machine against ip, df, lscpu and uname.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collectors/filesystems.h"
#include "collectors/host/host_collector.h"
#include "collectors/run_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "platform/clock.h"
#include "platform/host_root.h"

namespace rollcall {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

class HostLive : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto files = HostRoot::Create("/");
    ASSERT_TRUE(files.ok()) << files.status();
    const SystemClock clock;
    CollectorContext context;
    context.files = files->get();
    context.clock = &clock;
    context.host_id = "live";
    VectorSink sink;
    RunCollector(*kHostCollector.create(context), kHostCollector, {}, clock, StopToken(), sink);
    ASSERT_EQ(sink.records().size(), 1u);
    host_ = sink.records()[0].host();
  }

  std::string Run(std::vector<std::string> arguments) {
    const std::string name = arguments[0];
    auto output = ToolOutput(std::move(arguments));
    EXPECT_TRUE(output.ok()) << name << ": " << output.status();
    return output.value_or("");
  }

  pb::Host host_;
};

std::string TextOf(const Struct& object, const char* key) {
  const auto found = object.fields().find(key);
  return found == object.fields().end() ? "" : found->second.string_value();
}

// Local addresses of a link with their prefix lengths. Temporary ones are left out by the collector.
std::set<std::string> AddressesOf(const Struct& link) {
  std::set<std::string> addresses;
  for (const Value& value : link.fields().at("addr_info").list_value().values()) {
    const Struct& address = value.struct_value();
    if (address.fields().count("temporary") > 0 || address.fields().count("local") == 0) continue;
    addresses.insert(
        absl::StrCat(TextOf(address, "local"), "/", static_cast<int>(address.fields().at("prefixlen").number_value())));
  }
  return addresses;
}

TEST_F(HostLive, InterfacesAreAsIpSays) {
  google::protobuf::ListValue links;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(Run({"ip", "-j", "addr"}), &links).ok());
  std::map<std::string, const pb::NetworkInterface*> interfaces;
  for (const pb::NetworkInterface& interface : host_.interfaces()) interfaces[interface.name()] = &interface;
  for (const Value& value : links.values()) {
    const Struct& link = value.struct_value();
    // Ends of pairs into other namespaces are left out by the collector.
    if (link.fields().count("link_netnsid") > 0) continue;
    const std::string name = TextOf(link, "ifname");
    SCOPED_TRACE(name);
    ASSERT_TRUE(interfaces.count(name) > 0);
    const pb::NetworkInterface& interface = *interfaces[name];
    const std::string mac = TextOf(link, "address");
    if (TextOf(link, "link_type") == "ether") {
      EXPECT_EQ(interface.mac(), mac);
    }
    EXPECT_EQ(interface.mtu(), static_cast<uint32_t>(link.fields().at("mtu").number_value()));
    EXPECT_EQ(interface.state(), absl::AsciiStrToLower(TextOf(link, "operstate")));
    EXPECT_EQ(std::set<std::string>(interface.addresses().begin(), interface.addresses().end()), AddressesOf(link));
    // ip adds flags of its own, such as LOWER_UP; these both have.
    std::set<std::string> expected;
    for (const Value& flag : link.fields().at("flags").list_value().values()) expected.insert(flag.string_value());
    for (const char* flag : {"UP", "LOOPBACK", "BROADCAST", "MULTICAST", "NOARP", "PROMISC"}) {
      const bool has = std::count(interface.flags().begin(), interface.flags().end(), flag) > 0;
      EXPECT_EQ(has, expected.count(flag) > 0) << flag;
    }
    interfaces.erase(name);
  }
  EXPECT_TRUE(interfaces.empty()) << interfaces.begin()->first;
}

TEST_F(HostLive, FilesystemsAreAsDfSays) {
  std::map<std::string, std::vector<std::string>> mounts;  // by target: source, type, size
  const std::string output = Run({"df", "-a", "-B1", "--output=source,fstype,size,target"});
  for (const absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() == 4) mounts[words[3]] = words;
  }
  EXPECT_GT(host_.filesystems_size(), 0);
  for (const pb::Filesystem& filesystem : host_.filesystems()) {
    SCOPED_TRACE(filesystem.mount_path());
    ASSERT_TRUE(mounts.count(filesystem.mount_path()) > 0);
    const std::vector<std::string>& mount = mounts[filesystem.mount_path()];
    EXPECT_EQ(filesystem.device(), mount[0]);
    EXPECT_EQ(filesystem.fs_type(), mount[1]);
    if (filesystem.has_size_bytes()) {
      EXPECT_EQ(absl::StrCat(filesystem.size_bytes()), mount[2]);
    }
  }
}

TEST_F(HostLive, ProcessorsAreAsLscpuSays) {
  Struct root;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(Run({"lscpu", "-J"}), &root).ok());
  std::map<std::string, std::string> fields;
  std::vector<const Value*> pending;
  for (const Value& value : root.fields().at("lscpu").list_value().values()) pending.push_back(&value);
  while (!pending.empty()) {  // newer versions nest them
    const Struct& field = pending.back()->struct_value();
    pending.pop_back();
    fields.emplace(TextOf(field, "field"), TextOf(field, "data"));
    const auto children = field.fields().find("children");
    if (children == field.fields().end()) continue;
    for (const Value& value : children->second.list_value().values()) pending.push_back(&value);
  }
  const auto number = [&fields](const char* name) {
    uint32_t value = 0;
    EXPECT_TRUE(absl::SimpleAtoi(fields[name], &value)) << name;
    return value;
  };
  const pb::Hardware& hardware = host_.hardware();
  EXPECT_EQ(hardware.threads(), number("CPU(s):"));
  EXPECT_EQ(hardware.sockets(), number("Socket(s):"));
  EXPECT_EQ(hardware.cores(), number("Socket(s):") * number("Core(s) per socket:"));
  EXPECT_EQ(hardware.cpu_model(), fields["Model name:"]);
  EXPECT_EQ(host_.kernel().architecture(), fields["Architecture:"]);
}

TEST_F(HostLive, TheKernelIsAsUnameSays) {
  const auto uname = [this](const char* option) {
    return std::string(absl::StripAsciiWhitespace(Run({"uname", option})));
  };
  EXPECT_EQ(host_.kernel().release(), uname("-r"));
  EXPECT_EQ(host_.kernel().version(), uname("-v"));
  EXPECT_EQ(host_.hostname(), uname("-n"));
}

}  // namespace
}  // namespace rollcall

#include "proto/field_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rollcall/v1/query.pb.h"
#include "rollcall/v1/record.pb.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

pb::ListeningPort Port() {
  pb::ListeningPort port;
  port.set_transport(pb::ListeningPort::TCP);
  port.set_port(80);
  auto* a = port.add_owners();
  a->set_pid(7);
  a->set_name("nginx");
  a->mutable_start_time()->set_seconds(1700000000);
  port.add_owners()->set_pid(9);
  return port;
}

std::vector<std::string> Values(const google::protobuf::Message& m, absl::string_view path) {
  const auto fields = ResolveFieldPath(m.GetDescriptor(), path);
  EXPECT_TRUE(fields.ok()) << fields.status();
  return fields.ok() ? FieldValues(m, *fields) : std::vector<std::string>{};
}

TEST(FieldPath, ReadsScalarsEnumsAndRepeated) {
  const pb::ListeningPort port = Port();
  EXPECT_THAT(Values(port, "transport"), ElementsAre("TCP"));
  EXPECT_THAT(Values(port, "port"), ElementsAre("80"));
  EXPECT_THAT(Values(port, "owners.pid"), ElementsAre("7", "9"));
  EXPECT_THAT(Values(port, "owners.name"), ElementsAre("nginx"));
  EXPECT_THAT(Values(port, "owners.start_time"), ElementsAre("2023-11-14T22:13:20Z"));
}

TEST(FieldPath, AbsentIsNoValueAndZeroIsAValue) {
  const pb::ListeningPort port = Port();
  EXPECT_THAT(Values(port, "v6only"), IsEmpty());
  EXPECT_THAT(Values(port, "interface"), IsEmpty());
  EXPECT_THAT(Values(port, "network_namespace"), ElementsAre("0"));
  EXPECT_THAT(Values(port, "owners_unknown"), ElementsAre("false"));
}

TEST(FieldPath, ReadsMaps) {
  pb::HostSummary host;
  (*host.mutable_records_by_kind())["process"] = 3;
  EXPECT_THAT(Values(host, "records_by_kind"), ElementsAre("process=3"));
}

TEST(FieldPath, SuggestsWhatIsMeant) {
  const auto d = pb::ListeningPort::descriptor();
  EXPECT_THAT(std::string(ResolveFieldPath(d, "prot").status().message()), HasSubstr("did you mean port"));
  EXPECT_THAT(std::string(ResolveFieldPath(d, "zzzzzz").status().message()), HasSubstr("fields: network_namespace"));
  EXPECT_THAT(std::string(ResolveFieldPath(d, "port.x").status().message()), HasSubstr("port has no fields"));
  EXPECT_FALSE(ResolveFieldPath(d, "").ok());
}

TEST(FieldPath, Flattens) {
  EXPECT_THAT(FlattenFields(Port()),
              ElementsAre(Pair("transport", "TCP"), Pair("port", "80"), Pair("owners[0].pid", "7"),
                          Pair("owners[0].name", "nginx"), Pair("owners[0].start_time", "2023-11-14T22:13:20Z"),
                          Pair("owners[1].pid", "9")));
}

}  // namespace
}  // namespace rollcall

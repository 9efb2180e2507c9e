// The table against the services' descriptors, and against what the security model says, written out once more.
#include "backend/access/role_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "backend/access/access.h"
#include "google/protobuf/compiler/importer.h"
#include "rollcall/v1/purpose.pb.h"
#include "rollcall/v1/query.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::FileDescriptor;
using ::google::protobuf::MethodDescriptor;
using ::testing::UnorderedElementsAre;

// An agent's stream, by which nothing is read. Beside it only methods about the caller alone need no purpose.
constexpr char kAgentStream[] = "rollcall.v1.Ingest.Session";

bool IsAboutSelf(const MethodDescriptor& method) {
  return std::find(std::begin(kSelfMethods), std::end(kSelfMethods), method.full_name()) != std::end(kSelfMethods);
}

class CompilerErrors : public google::protobuf::compiler::MultiFileErrorCollector {
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    ADD_FAILURE() << file << ':' << line + 1 << ':' << column + 1 << ": " << message;
  }
};

// The .proto files themselves: a service is seen though nothing here knows it or links it.
class ProtoFiles {
 public:
  ProtoFiles() {
    tree_.MapPath("", ROLLCALL_SOURCE_DIR "/proto");
    tree_.MapPath("", ROLLCALL_PROTOBUF_INCLUDE_DIR);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(ROLLCALL_SOURCE_DIR "/proto/rollcall")) {
      if (entry.path().extension() != ".proto") continue;
      files_.push_back(
          importer_.Import(std::filesystem::relative(entry.path(), ROLLCALL_SOURCE_DIR "/proto").string()));
      EXPECT_NE(files_.back(), nullptr) << entry.path();
    }
  }
  const std::vector<const FileDescriptor*>& files() const { return files_; }

 private:
  google::protobuf::compiler::DiskSourceTree tree_;
  CompilerErrors errors_;
  google::protobuf::compiler::Importer importer_{&tree_, &errors_};
  std::vector<const FileDescriptor*> files_;
};

const std::vector<const FileDescriptor*>& OurFiles() {
  static const ProtoFiles files;
  return files.files();
}

std::vector<const MethodDescriptor*> OurMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const FileDescriptor* file : OurFiles()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
    }
  }
  return methods;
}

std::set<int> PurposesOf(const MethodDescriptor& method) {
  std::set<int> purposes;
  for (int i = 0; i < method.options().ExtensionSize(pb::purpose); ++i) {
    purposes.insert(method.options().GetExtension(pb::purpose, i));
  }
  return purposes;
}

std::set<std::string> MethodsOf(PeerRole role) {
  for (const RoleRights& rights : kRoleRights) {
    if (rights.role == role) return {rights.methods.begin(), rights.methods.end()};
  }
  return {};
}

std::set<pb::Purpose> PurposesOf(PeerRole role) {
  for (const RoleRights& rights : kRoleRights) {
    if (rights.role == role) return {rights.purposes.begin(), rights.purposes.end()};
  }
  return {};
}

TEST(RoleTable, EveryMethodOfEveryServiceDeclaresItsPurpose) {
  int services = 0;
  for (const FileDescriptor* file : OurFiles()) services += file->service_count();
  EXPECT_GE(services, 4) << "Ingest, Lifecycle, Operate and Query at least";
  for (const MethodDescriptor* method : OurMethods()) {
    const std::set<int> purposes = PurposesOf(*method);
    EXPECT_EQ(purposes.empty(), method->full_name() == kAgentStream || IsAboutSelf(*method))
        << method->full_name() << " has no option (rollcall.v1.purpose), or needs no exception any more";
    EXPECT_EQ(purposes.count(pb::PURPOSE_UNSPECIFIED), 0u) << method->full_name();
    EXPECT_EQ(static_cast<int>(purposes.size()), method->options().ExtensionSize(pb::purpose))
        << method->full_name() << " names a purpose twice";
  }
}

TEST(RoleTable, EveryMethodOfPeopleIsFoundByItsRequestAndIsSomebodysToCall) {
  for (const MethodDescriptor* method : OurMethods()) {
    if (method->full_name() == kAgentStream || IsAboutSelf(*method)) continue;
    EXPECT_EQ(MethodTaking(method->input_type()), method)
        << "the request of " << method->full_name() << " is another's";
    EXPECT_NE(method->input_type()->FindFieldByName("purpose"), nullptr) << method->full_name();
    bool callable = false;
    for (const RoleRights& rights : kRoleRights) {
      if (MethodsOf(rights.role).count(method->full_name()) == 0) continue;
      for (const pb::Purpose purpose : rights.purposes) callable |= PurposesOf(*method).count(purpose) == 1;
    }
    EXPECT_TRUE(callable) << method->full_name() << " is in no role's row";
  }
}

// What is asked for no purpose can ask for nothing, so that it can answer nothing but who asks.
TEST(RoleTable, MethodsAboutTheCallerTakeNothingAndAreInNoRow) {
  for (const absl::string_view name : kSelfMethods) {
    const auto methods = OurMethods();
    const auto it = std::find_if(methods.begin(), methods.end(), [&](const auto* m) { return m->full_name() == name; });
    ASSERT_NE(it, methods.end()) << name;
    EXPECT_EQ((*it)->input_type()->field_count(), 0) << name;
    EXPECT_FALSE((*it)->client_streaming() || (*it)->server_streaming()) << name;
    EXPECT_EQ(MethodTaking((*it)->input_type()), *it) << name;
    for (const RoleRights& rights : kRoleRights) EXPECT_EQ(MethodsOf(rights.role).count(std::string(name)), 0u) << name;
  }
}

TEST(RoleTable, NamesOnlyMethodsThatAreThereAndEachRoleOnce) {
  std::set<std::string> names;
  for (const MethodDescriptor* method : OurMethods()) names.insert(method->full_name());
  std::set<PeerRole> roles;
  for (const RoleRights& rights : kRoleRights) {
    EXPECT_TRUE(roles.insert(rights.role).second) << PeerRoleName(rights.role);
    EXPECT_NE(rights.role, PeerRole::kAgent);
    EXPECT_EQ(MethodsOf(rights.role).size(), rights.methods.size()) << "a method is named twice";
    EXPECT_FALSE(rights.purposes.empty());
    for (const absl::string_view name : rights.methods) EXPECT_EQ(names.count(std::string(name)), 1u) << name;
    for (const pb::Purpose purpose : rights.purposes) EXPECT_NE(purpose, pb::PURPOSE_UNSPECIFIED);
  }
  for (const absl::string_view name : kChangingMethods) EXPECT_EQ(names.count(std::string(name)), 1u) << name;
}

// As docs/security_model.md has it. A right more or less is a change of that document, and of this test.
TEST(RoleTable, SaysWhatTheSecurityModelSays) {
  EXPECT_THAT(PurposesOf(PeerRole::kViewer), UnorderedElementsAre(pb::PROVIDE_FEATURE));
  EXPECT_THAT(PurposesOf(PeerRole::kOperator), UnorderedElementsAre(pb::PROVIDE_FEATURE));
  EXPECT_THAT(PurposesOf(PeerRole::kPrivacyOfficer),
              UnorderedElementsAre(pb::DATA_SUBJECT_REQUEST, pb::LEGAL_OBLIGATION));
  EXPECT_THAT(PurposesOf(PeerRole::kAuditor), UnorderedElementsAre(pb::LEGAL_OBLIGATION));

  const auto with = [](std::set<std::string> methods, const std::vector<const char*>& more) {
    for (const char* name : more) methods.insert(absl::StrCat("rollcall.v1.", name));
    return methods;
  };
  std::set<std::string> query;
  const auto* service = pb::ListHostsRequest::descriptor()->file()->FindServiceByName("Query");
  for (int m = 0; m < service->method_count(); ++m) query.insert(service->method(m)->full_name());
  const auto status = with({}, {"Lifecycle.GetRetentionStatus"});
  const auto proven = with(status, {"Lifecycle.ListCertificates", "Lifecycle.GetCertificate"});
  const auto asked = with(proven, {"Lifecycle.ListServices", "Lifecycle.RequestDeletion", "Lifecycle.CancelDeletion",
                                   "Lifecycle.RequestExport", "Lifecycle.ListRequests", "Lifecycle.MakeDryRun"});
  const auto joined = [](std::set<std::string> one, const std::set<std::string>& other) {
    one.insert(other.begin(), other.end());
    return one;
  };
  EXPECT_EQ(MethodsOf(PeerRole::kViewer), joined(query, status));
  EXPECT_EQ(MethodsOf(PeerRole::kOperator),
            with(joined(query, asked), {"Operate.Retract", "Lifecycle.AddService", "Lifecycle.ScheduleTermination",
                                        "Lifecycle.ChangeTermination", "Lifecycle.CancelTermination",
                                        "Lifecycle.Resume", "Lifecycle.ConfirmClock"}));
  EXPECT_EQ(
      MethodsOf(PeerRole::kPrivacyOfficer),
      with(joined(query, asked), {"Lifecycle.PlaceHold", "Lifecycle.ApproveHold", "Lifecycle.AskRelease",
                                  "Lifecycle.ApproveRelease", "Lifecycle.ListHolds", "Lifecycle.AcknowledgeDryRun"}));
  EXPECT_EQ(MethodsOf(PeerRole::kAuditor),
            with(proven, {"Query.ListHosts", "Query.ExplainRetention", "Query.GetCoverage", "Lifecycle.ListHolds"}));
  EXPECT_TRUE(MethodsOf(PeerRole::kAgent).empty());
}

}  // namespace
}  // namespace rollcall

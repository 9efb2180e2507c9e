#include "proto/record_identity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "proto/kind_registry.h"
#include "proto/record_json.h"
#include "proto/set_digest.h"

namespace rollcall {
namespace {

pb::Record Package(absl::string_view name, absl::string_view version) {
  pb::Record record;
  record.mutable_scope()->set_type(pb::Scope::HOST);
  auto* package = record.mutable_os_package();
  package->set_manager(pb::OsPackage::DPKG);
  package->set_name(std::string(name));
  package->set_architecture("amd64");
  package->set_version(std::string(version));
  return record;
}

TEST(AssetKey, DependsOnKindScopeAndIdentityOnly) {
  const pb::Record base = Package("curl", "7.88");
  const AssetKey key = AssetKeyOf(base).value();

  pb::Record other = base;
  other.mutable_os_package()->set_summary("changed");
  other.mutable_collected_at()->set_seconds(5);
  EXPECT_EQ(AssetKeyOf(other).value(), key);

  EXPECT_NE(AssetKeyOf(Package("curl", "7.89")).value(), key);
  other = base;
  other.mutable_scope()->set_type(pb::Scope::CONTAINER);
  other.mutable_scope()->set_id("abc");
  EXPECT_NE(AssetKeyOf(other).value(), key);
}

TEST(AssetKey, PartsDoNotRunTogether) {
  pb::Record a = Package("ab", "c");
  pb::Record b = Package("a", "bc");
  a.mutable_os_package()->clear_architecture();
  b.mutable_os_package()->clear_architecture();
  EXPECT_NE(AssetKeyOf(a).value(), AssetKeyOf(b).value());
}

TEST(AssetKey, NeedsAPayload) {
  EXPECT_EQ(AssetKeyOf(pb::Record()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Fingerprint, IgnoresVolatileFiguresAndSeesTheRest) {
  pb::Record a;
  a.mutable_scope()->set_type(pb::Scope::HOST);
  a.mutable_process()->set_pid(1);
  a.mutable_process()->set_rss_bytes(1);
  pb::Record b = a;
  b.mutable_process()->set_rss_bytes(2);
  EXPECT_EQ(IdentityOf(a)->fingerprint, IdentityOf(b)->fingerprint);
  b.mutable_process()->set_exe("/bin/true");
  EXPECT_NE(IdentityOf(a)->fingerprint, IdentityOf(b)->fingerprint);
}

TEST(RecordIdentity, IsTheSameOfARecordThatIsSerialized) {
  for (const Kind& kind : AllKinds()) {
    pb::Record record;
    record.mutable_scope()->set_type(pb::Scope::CONTAINER);
    record.mutable_scope()->set_id("c1");
    record.mutable_collected_at()->set_seconds(7);
    auto* redaction = record.add_redactions();
    redaction->set_field("argv");
    redaction->set_rule("password");
    auto* payload = record.GetReflection()->MutableMessage(&record, kind.field);
    for (int i = 0; i < kind.message->field_count(); ++i) {
      const auto* field = kind.message->field(i);
      if (field->is_repeated()) continue;
      if (field->cpp_type() == field->CPPTYPE_STRING) payload->GetReflection()->SetString(payload, field, "text");
      if (field->cpp_type() == field->CPPTYPE_UINT64) payload->GetReflection()->SetUInt64(payload, field, 300);
    }
    const std::string bytes = record.SerializeAsString();
    const auto plain = IdentityOf(record);
    const auto serialized = IdentityOf(record, bytes);
    ASSERT_TRUE(plain.ok() && serialized.ok());
    EXPECT_EQ(plain->asset_key, serialized->asset_key) << kind.options->name();
    EXPECT_EQ(plain->fingerprint, serialized->fingerprint) << kind.options->name();
    // It is the payload's bytes that count, not that some were found.
    pb::Record other = record;
    other.mutable_redactions(0)->set_rule("token");
    EXPECT_NE(IdentityOf(other, other.SerializeAsString())->fingerprint, plain->fingerprint);
    other = record;
    other.GetReflection()->MutableMessage(&other, kind.field)->Clear();
    EXPECT_NE(IdentityOf(other, other.SerializeAsString())->fingerprint, plain->fingerprint) << kind.options->name();
  }
  EXPECT_FALSE(IdentityOf(pb::Record(), "").ok());
}

TEST(DerivedFields, ComeFromTheMessageOptions) {
  pb::Record record = Package("curl", "1");
  EXPECT_FALSE(HasDerivedFields(record));
  FillDerivedFields(&record);
  EXPECT_TRUE(HasDerivedFields(record));
  EXPECT_EQ(record.kind(), "os_package");
  EXPECT_EQ(record.category(), pb::ASSET_BASIC);
  EXPECT_EQ(record.element(), pb::SOFTWARE_APPLICATIONS);
  ASSERT_EQ(record.purposes_size(), 1);
  EXPECT_EQ(record.asset_key().size(), 32u);
  EXPECT_EQ(record.fingerprint().size(), 64u);
}

TEST(RecordJson, UsesOriginalNames) {
  pb::Record record = Package("curl", "1");
  FillDerivedFields(&record);
  const std::string json = ToJsonLine(record).value();
  EXPECT_NE(json.find("\"os_package\":{"), std::string::npos) << json;
  EXPECT_NE(json.find("\"category\":\"ASSET_BASIC\""), std::string::npos) << json;
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(SetDigest, DoesNotDependOnOrderAndRemovesWhatWasAdded) {
  std::vector<RecordIdentity> ids;
  for (int i = 0; i < 500; ++i) ids.push_back(IdentityOf(Package(absl::StrCat("p", i), "1")).value());
  SetDigest forward;
  for (const auto& id : ids) forward.Add(id.asset_key, id.fingerprint);
  std::mt19937 random(7);
  std::shuffle(ids.begin(), ids.end(), random);
  SetDigest shuffled;
  for (const auto& id : ids) shuffled.Add(id.asset_key, id.fingerprint);
  EXPECT_EQ(forward, shuffled);
  EXPECT_EQ(SetDigest(forward.ToWire()), forward);
  for (const auto& id : ids) shuffled.Remove(id.asset_key, id.fingerprint);
  EXPECT_EQ(shuffled, SetDigest());
}

TEST(ScopeText, ReadsBackWhatItWrote) {
  for (const char* text : {"host", "container:a:b", "image:sha256:00", "cluster:u"}) {
    EXPECT_EQ(ScopeText(ScopeFromText(text)), text);
  }
  for (const char* text : {"", "hosts", ":", "unicorn:1"}) {
    EXPECT_EQ(ScopeFromText(text).type(), pb::Scope::TYPE_UNSPECIFIED) << text;
  }
}

}  // namespace
}  // namespace rollcall

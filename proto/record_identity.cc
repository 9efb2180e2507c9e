#include "proto/record_identity.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

std::array<uint8_t, 32> Sha256(absl::string_view bytes) {
  std::array<uint8_t, 32> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return digest;
}

// Length-prefixed, so that no two sequences of parts hash alike.
void AppendPart(absl::string_view part, std::string* out) {
  const uint32_t size = static_cast<uint32_t>(part.size());
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>((size >> shift) & 0xff));
  out->append(part.data(), part.size());
}

std::string FieldText(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection->GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "1" : "0";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat(reflection->GetEnumValue(message, field));
    default:
      return "";  // record_policy_test refuses identity fields of other types
  }
}

// The volatile figures of `kind`, which stand at the top level of their message only.
void ClearVolatile(const Descriptor* descriptor, Message* message) {
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->options().GetExtension(pb::volatile_figure)) message->GetReflection()->ClearField(message, field);
  }
}

void AppendDeterministic(const Message& message, std::string* out) {
  google::protobuf::io::StringOutputStream stream(out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
}

AssetKey ComputeAssetKey(const Kind& kind, const pb::Record& record) {
  std::string bytes;
  AppendPart(kind.options->name(), &bytes);
  AppendPart(ScopeText(record.scope()), &bytes);
  const Message& payload = PayloadOf(record);
  for (const FieldDescriptor* field : kind.identity) AppendPart(FieldText(payload, field), &bytes);
  AssetKey key;
  const std::array<uint8_t, 32> digest = Sha256(bytes);
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

Fingerprint ComputeFingerprint(const Kind& kind, const pb::Record& record) {
  std::string bytes;
  AppendPart(ScopeText(record.scope()), &bytes);
  for (const pb::Redaction& redaction : record.redactions()) {
    AppendPart(redaction.field(), &bytes);
    AppendPart(redaction.rule(), &bytes);
  }
  const Message& payload = PayloadOf(record);
  std::unique_ptr<Message> stable(payload.New());
  stable->CopyFrom(payload);
  ClearVolatile(kind.message, stable.get());
  AppendDeterministic(*stable, &bytes);
  return Sha256(bytes);
}

template <size_t N>
std::string Hex(const std::array<uint8_t, N>& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

absl::StatusOr<RecordIdentity> IdentityOf(const pb::Record& record) {
  const Kind* kind = KindOf(record);
  if (kind == nullptr) return absl::InvalidArgumentError("identify record: no payload set");
  return RecordIdentity{ComputeAssetKey(*kind, record), ComputeFingerprint(*kind, record)};
}

absl::StatusOr<AssetKey> AssetKeyOf(const pb::Record& record) {
  const Kind* kind = KindOf(record);
  if (kind == nullptr) return absl::InvalidArgumentError("identify record: no payload set");
  return ComputeAssetKey(*kind, record);
}

void FillDerivedFields(pb::Record* record) {
  const Kind& kind = *KindOf(*record);
  record->set_kind(kind.options->name());
  record->set_asset_key(Hex(ComputeAssetKey(kind, *record)));
  record->set_fingerprint(Hex(ComputeFingerprint(kind, *record)));
  record->set_category(kind.options->category());
  record->set_element(kind.options->element());
  *record->mutable_purposes() = kind.options->purposes();
}

bool HasDerivedFields(const pb::Record& record) {
  return !record.kind().empty() || !record.asset_key().empty() || !record.fingerprint().empty() ||
         record.category() != 0 || record.element() != 0 || record.purposes_size() > 0;
}

std::string ScopeText(const pb::Scope& scope) {
  std::string text = absl::AsciiStrToLower(pb::Scope::Type_Name(scope.type()));
  return scope.id().empty() ? text : absl::StrCat(text, ":", scope.id());
}

pb::Scope ScopeFromText(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  pb::Scope scope;
  pb::Scope::Type type = pb::Scope::TYPE_UNSPECIFIED;
  if (!pb::Scope::Type_Parse(absl::AsciiStrToUpper(parts.first), &type)) return scope;
  scope.set_type(type);
  scope.set_id(std::string(parts.second));
  return scope;
}

}  // namespace rollcall

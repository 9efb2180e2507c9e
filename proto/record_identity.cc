#include "proto/record_identity.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "proto/identity_parts.h"
#include "proto/short_hash.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::google::protobuf::internal::WireFormatLite;

// Of the parts that are hashed, but for a payload.
constexpr size_t kUsualBytes = 256;

std::string NumberText(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
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

// Numbers of the volatile figures of each kind, which stand at the top level of its message only. Looking
// an option up takes longer than what is done with it, so it is done once.
const std::vector<int>& VolatileFigures(const Kind& kind) {
  static const auto& by_kind = *[] {
    auto* all = new std::map<int, std::vector<int>>;
    for (const Kind& known : AllKinds()) {
      std::vector<int>& numbers = (*all)[known.number];
      for (int i = 0; i < known.message->field_count(); ++i) {
        const FieldDescriptor* field = known.message->field(i);
        if (field->options().GetExtension(pb::volatile_figure)) numbers.push_back(field->number());
      }
    }
    return all;
  }();
  return by_kind.at(kind.number);
}

void AppendField(const Message& message, const FieldDescriptor* field, std::string* out) {
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return AppendIdentityPart(NumberText(message, field), out);
  std::string scratch;
  AppendIdentityPart(message.GetReflection()->GetStringReference(message, field, &scratch), out);
}

// Within a message's bytes, the bytes of the one message in field `number`; the whole is well-formed.
absl::string_view FindMessage(absl::string_view bytes, int number) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  const uint32_t wanted = WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  while (const uint32_t tag = in.ReadTag()) {
    uint32_t size = 0;
    if (tag == wanted && in.ReadVarint32(&size)) return bytes.substr(static_cast<size_t>(in.CurrentPosition()), size);
    if (!WireFormatLite::SkipField(&in, tag)) break;
  }
  return {};
}

// The payload as it counts for the fingerprint: its bytes without those of volatile figures.
void AppendStable(const Kind& kind, absl::string_view bytes, std::string* out) {
  const std::vector<int>& figures = VolatileFigures(kind);
  if (figures.empty()) {
    out->append(bytes.data(), bytes.size());
    return;
  }
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  size_t kept = 0;  // up to here everything was appended or left out
  size_t field_begin = 0;
  while (const uint32_t tag = in.ReadTag()) {
    WireFormatLite::SkipField(&in, tag);
    const auto field_end = static_cast<size_t>(in.CurrentPosition());
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    if (std::find(figures.begin(), figures.end(), number) != figures.end()) {
      out->append(bytes.data() + kept, field_begin - kept);
      kept = field_end;
    }
    field_begin = field_end;
  }
  out->append(bytes.data() + kept, bytes.size() - kept);
}

AssetKey ComputeAssetKey(const Kind& kind, const pb::Record& record, absl::string_view scope) {
  std::string bytes;
  bytes.reserve(kUsualBytes);
  AppendIdentityPart(kind.options->name(), &bytes);
  AppendIdentityPart(scope, &bytes);
  const Message& payload = PayloadOf(record);
  for (const FieldDescriptor* field : kind.identity) AppendField(payload, field, &bytes);
  AssetKey key;
  const std::array<uint8_t, 32> digest = ShortHash(bytes);
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

Fingerprint ComputeFingerprint(const Kind& kind, const pb::Record& record, absl::string_view scope,
                               absl::string_view payload) {
  std::string bytes;
  bytes.reserve(kUsualBytes + payload.size());
  AppendIdentityPart(scope, &bytes);
  for (const pb::Redaction& redaction : record.redactions()) {
    AppendIdentityPart(redaction.field(), &bytes);
    AppendIdentityPart(redaction.rule(), &bytes);
  }
  AppendStable(kind, payload, &bytes);
  return ShortHash(bytes);
}

RecordIdentity Identify(const Kind& kind, const pb::Record& record, absl::string_view payload) {
  const std::string scope = ScopeText(record.scope());
  return {ComputeAssetKey(kind, record, scope), ComputeFingerprint(kind, record, scope, payload)};
}

template <size_t N>
std::string Hex(const std::array<uint8_t, N>& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

absl::StatusOr<RecordIdentity> IdentityOf(const pb::Record& record) {
  const Kind* kind = KindOf(record);
  if (kind == nullptr) return absl::InvalidArgumentError("identify record: no payload set");
  return Identify(*kind, record, PayloadOf(record).SerializeAsString());
}

absl::StatusOr<RecordIdentity> IdentityOf(const pb::Record& record, absl::string_view serialized) {
  const Kind* kind = KindOf(record);
  if (kind == nullptr) return absl::InvalidArgumentError("identify record: no payload set");
  return Identify(*kind, record, FindMessage(serialized, kind->number));
}

absl::StatusOr<AssetKey> AssetKeyOf(const pb::Record& record) {
  const Kind* kind = KindOf(record);
  if (kind == nullptr) return absl::InvalidArgumentError("identify record: no payload set");
  return ComputeAssetKey(*kind, record, ScopeText(record.scope()));
}

void FillDerivedFields(pb::Record* record) {
  const Kind& kind = *KindOf(*record);
  record->set_kind(kind.options->name());
  const RecordIdentity identity = Identify(kind, *record, PayloadOf(*record).SerializeAsString());
  record->set_asset_key(Hex(identity.asset_key));
  record->set_fingerprint(Hex(identity.fingerprint));
  record->set_category(kind.options->category());
  record->set_element(kind.options->element());
  *record->mutable_purposes() = kind.options->purposes();
}

bool HasDerivedFields(const pb::Record& record) {
  return !record.kind().empty() || !record.asset_key().empty() || !record.fingerprint().empty() ||
         record.category() != 0 || record.element() != 0 || record.purposes_size() > 0;
}

std::string ScopeText(const pb::Scope& scope) {
  // A name for each type, made once: this is asked with every record.
  static const auto& names = *[] {
    auto* all = new std::map<int, std::string>;
    const auto* types = pb::Scope::Type_descriptor();
    for (int i = 0; i < types->value_count(); ++i) {
      (*all)[types->value(i)->number()] = absl::AsciiStrToLower(types->value(i)->name());
    }
    return all;
  }();
  const auto name = names.find(scope.type());
  const absl::string_view text = name == names.end() ? absl::string_view() : name->second;
  return scope.id().empty() ? std::string(text) : absl::StrCat(text, ":", scope.id());
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

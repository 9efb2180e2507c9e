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
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"
#include "proto/short_hash.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::google::protobuf::internal::WireFormatLite;

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

void AppendDeterministic(const Message& message, std::string* out) {
  const size_t before = out->size();
  const size_t size = message.ByteSizeLong();
  out->resize(before + size);
  google::protobuf::io::ArrayOutputStream stream(out->data() + before, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
}

// The payload as it counts for the fingerprint: serialized, then without the bytes of volatile figures.
// That is the same as serializing a copy without them, and saves the copy.
void AppendStable(const Kind& kind, const Message& payload, std::string* out) {
  const std::vector<int>& figures = VolatileFigures(kind);
  if (figures.empty()) return AppendDeterministic(payload, out);
  std::string bytes;
  AppendDeterministic(payload, &bytes);
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  size_t kept = 0;  // up to here everything was appended or left out
  size_t field_begin = 0;
  while (const uint32_t tag = in.ReadTag()) {
    WireFormatLite::SkipField(&in, tag);
    const auto field_end = static_cast<size_t>(in.CurrentPosition());
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    if (std::find(figures.begin(), figures.end(), number) != figures.end()) {
      out->append(bytes, kept, field_begin - kept);
      kept = field_end;
    }
    field_begin = field_end;
  }
  out->append(bytes, kept, bytes.size() - kept);
}

AssetKey ComputeAssetKey(const Kind& kind, const pb::Record& record) {
  std::string bytes;
  AppendPart(kind.options->name(), &bytes);
  AppendPart(ScopeText(record.scope()), &bytes);
  const Message& payload = PayloadOf(record);
  for (const FieldDescriptor* field : kind.identity) AppendPart(FieldText(payload, field), &bytes);
  AssetKey key;
  const std::array<uint8_t, 32> digest = ShortHash(bytes);
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
  AppendStable(kind, PayloadOf(record), &bytes);
  return ShortHash(bytes);
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

#include "backend/keys/data_key.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr absl::string_view kMagic = "RCE1";
constexpr size_t kPrefixBytes = 4 + kKeyIdBytes;

void AppendBigEndian32(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendPart(absl::string_view part, std::string* out) {
  AppendBigEndian32(static_cast<uint32_t>(part.size()), out);
  absl::StrAppend(out, part);
}

}  // namespace

std::string BucketTag(const pb::BucketName& bucket) {
  std::string tag = "rollcall bucket v1\n";
  AppendPart(bucket.tenant(), &tag);
  AppendPart(bucket.region(), &tag);
  AppendPart(bucket.hosting_service(), &tag);
  AppendBigEndian32(static_cast<uint32_t>(bucket.category()), &tag);
  AppendPart(bucket.collected_day(), &tag);
  return tag;
}

absl::StatusOr<std::string> KeyIdOfEnvelope(absl::string_view envelope) {
  if (envelope.size() < kPrefixBytes + kNonceBytes + kTagBytes || !absl::StartsWith(envelope, kMagic)) {
    return absl::InvalidArgumentError("read envelope: it is none");
  }
  return std::string(envelope.substr(kMagic.size(), kKeyIdBytes));
}

absl::StatusOr<std::string> DataKey::Seal(absl::string_view payload) const {
  const std::string prefix = absl::StrCat(kMagic, id_);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string sealed, SealAesGcm(secret_, absl::StrCat(prefix, tag_), payload));
  return absl::StrCat(prefix, sealed);
}

absl::StatusOr<std::string> DataKey::Open(absl::string_view envelope) const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string id, KeyIdOfEnvelope(envelope));
  if (id != id_) return absl::PermissionDeniedError("open envelope: it was sealed with another key");
  return OpenAesGcm(secret_, absl::StrCat(envelope.substr(0, kPrefixBytes), tag_), envelope.substr(kPrefixBytes));
}

}  // namespace rollcall

#include "backend/archive/archive_path.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "platform/sha256.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Of what a filesystem allows, 255.
constexpr size_t kMaxPartBytes = 200;
constexpr size_t kHashDigits = 64;

bool StandsForItself(char byte, bool first) {
  return absl::ascii_isalnum(static_cast<unsigned char>(byte)) || byte == '-' || byte == '_' || (byte == '.' && !first);
}

absl::StatusOr<std::string> PathPart(absl::string_view name, absl::string_view what) {
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat("name archive folder: the ", what, " is empty"));
  std::string part;
  for (size_t i = 0; i < name.size() && part.size() <= kMaxPartBytes; ++i) {
    if (StandsForItself(name[i], i == 0)) {
      part.push_back(name[i]);
    } else {
      absl::StrAppendFormat(&part, "%%%02x", static_cast<unsigned char>(name[i]));
    }
  }
  // No escape begins with two of them.
  return part.size() <= kMaxPartBytes ? part : absl::StrCat("%%", Sha256Hex(name));
}

bool IsDay(absl::string_view day) {
  absl::CivilDay parsed;
  return day.size() == 10 && absl::ParseCivilTime(day, &parsed) && absl::FormatCivilTime(parsed) == day;
}

bool IsHash(absl::string_view text) {
  return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> BucketFolder(const pb::BucketName& bucket) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string region, PathPart(bucket.region(), "region"));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string tenant, PathPart(bucket.tenant(), "tenant"));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string service, PathPart(bucket.hosting_service(), "hosting service"));
  if (!pb::Category_IsValid(bucket.category()) || bucket.category() == pb::CATEGORY_UNSPECIFIED) {
    return absl::InvalidArgumentError("name archive folder: there is no such category");
  }
  if (!IsDay(bucket.collected_day())) {
    return absl::InvalidArgumentError("name archive folder: the collected day is no YYYY-MM-DD");
  }
  return absl::StrCat(region, "/", tenant, "/", service, "/", pb::Category_Name(bucket.category()), "/",
                      bucket.collected_day());
}

absl::StatusOr<std::string> ObjectFileName(absl::string_view sha256) {
  if (!IsHash(sha256)) return absl::InvalidArgumentError("name archive object: it is no SHA-256 in lowercase hex");
  return absl::StrCat(sha256, kObjectSuffix);
}

std::string HashOfFileName(absl::string_view name) {
  if (!absl::EndsWith(name, kObjectSuffix)) return "";
  const absl::string_view hash = name.substr(0, name.size() - std::char_traits<char>::length(kObjectSuffix));
  return IsHash(hash) ? std::string(hash) : "";
}

}  // namespace rollcall

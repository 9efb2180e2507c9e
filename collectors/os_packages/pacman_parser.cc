#include "collectors/os_packages/pacman_parser.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collectors/os_packages/debian_version.h"
#include "collectors/os_packages/package_parse.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

// The most that is plausible for what becomes part of an identity.
constexpr size_t kMaxNameBytes = 1024;

bool IsKey(absl::string_view line) { return line.size() > 2 && line.front() == '%' && line.back() == '%'; }

bool ToNumber(absl::string_view text, uint64_t* number) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
         absl::SimpleAtoi(text, number);
}

// Takes one value. False if it is impossible.
bool TakeValue(absl::string_view key, absl::string_view value, pb::OsPackage* record) {
  uint64_t number = 0;
  if (key == "NAME") {
    record->set_name(ToRecordText(value, kMaxNameBytes));
  } else if (key == "VERSION") {
    record->set_version(ToRecordText(value, kMaxNameBytes));
  } else if (key == "ARCH") {
    record->set_architecture(ToRecordText(value, kMaxNameBytes));
  } else if (key == "BASE") {
    record->set_source_name(ToRecordText(value, kMaxNameBytes));
  } else if (key == "DESC") {
    record->set_summary(ToRecordText(value));
  } else if (key == "PACKAGER") {
    record->set_maintainer(ToRecordText(value));
  } else if (key == "LICENSE") {
    // One a line; all of them apply.
    const std::string before = record->licence().empty() ? "" : record->licence() + " AND ";
    record->set_licence(ToRecordText(absl::StrCat(before, value)));
  } else if (key == "SIZE") {
    if (!ToNumber(value, &number)) return false;
    record->set_installed_bytes(number);
  } else if (key == "INSTALLDATE") {
    // A protobuf timestamp ends with the year 9999.
    constexpr uint64_t kMaxSeconds = 253'402'300'799;
    if (!ToNumber(value, &number) || number > kMaxSeconds) return false;
    record->mutable_install_time()->set_seconds(static_cast<int64_t>(number));
  }
  return true;
}

}  // namespace

absl::StatusOr<PacmanPackage> ParsePacmanDesc(absl::string_view text) {
  PacmanPackage package;
  pb::OsPackage& record = package.record;
  absl::string_view key;
  std::string damage;
  while (!text.empty()) {
    const absl::string_view line = TakeTextLine(&text);
    if (line.empty()) {
      key = "";
    } else if (key.empty() && IsKey(line)) {
      key = line.substr(1, line.size() - 2);
    } else if (key.empty()) {
      damage = "a line that belongs to no key";
    } else if (!TakeValue(key, line, &record)) {
      damage = absl::StrCat("impossible ", key);
    }
  }
  if (record.name().empty()) return absl::InvalidArgumentError("names no package");
  record.set_manager(pb::OsPackage::PACMAN);
  record.set_status("installed");
  record.set_installed(true);
  if (record.version().empty()) damage = "no VERSION";
  // Versions have the form of Debian's, [EPOCH:]VERSION-RELEASE.
  const DebianVersion split = SplitDebianVersion(record.version());
  if (split.epoch) record.set_epoch(*split.epoch);
  record.set_upstream_version(std::string(split.upstream));
  record.set_release(std::string(split.revision));
  if (record.source_name().empty()) record.set_source_name(record.name());
  record.set_source_version(record.version());
  if (!damage.empty()) {
    package.damage = absl::InvalidArgumentError(absl::StrCat("package ", record.name(), ": ", damage));
  }
  return package;
}

}  // namespace rollcall

#include "collectors/os_packages/rpm_manifest.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collectors/os_packages/rpm_header.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

enum Field {
  kName,
  kVersionRelease,
  kInstallTime,
  kBuildTime,
  kVendor,
  kEpoch,
  kSize,
  kArchitecture,
  kEpochNumber,
  kSourceRpm,
  kFieldCount,
};

using Fields = std::array<absl::string_view, kFieldCount>;

// False if there are not exactly as many.
bool SplitLine(absl::string_view line, Fields* fields) {
  for (size_t i = 0; i < kFieldCount; ++i) {
    const size_t tab = line.find('\t');
    if ((tab == absl::string_view::npos) != (i + 1 == kFieldCount)) return false;
    (*fields)[i] = line.substr(0, tab);
    if ((*fields)[i] == "(none)") (*fields)[i] = "";
    if (tab != absl::string_view::npos) line.remove_prefix(tab + 1);
  }
  return true;
}

// Returns what is wrong with the line, or nothing; `record` then holds the rest.
absl::string_view FillPackage(const Fields& fields, pb::OsPackage* record) {
  absl::string_view damage;
  record->set_manager(pb::OsPackage::RPM);
  record->set_name(ToRecordText(fields[kName]));
  record->set_architecture(ToRecordText(fields[kArchitecture]));
  const absl::string_view version = fields[kVersionRelease];
  const size_t hyphen = version.rfind('-');
  const absl::string_view release = hyphen == absl::string_view::npos ? "" : version.substr(hyphen + 1);
  if (version.empty()) damage = "no version";
  if (!SetRpmVersion(fields[kEpoch], version.substr(0, hyphen), release, record)) damage = "EPOCH is not a number";
  SetRpmSource(fields[kSourceRpm], record);
  record->set_vendor(ToRecordText(fields[kVendor]));
  uint32_t seconds = 0;
  if (absl::SimpleAtoi(fields[kInstallTime], &seconds)) {
    record->mutable_install_time()->set_seconds(seconds);
  } else if (!fields[kInstallTime].empty()) {
    damage = "INSTALLTIME is not a number";
  }
  uint64_t bytes = 0;
  if (absl::SimpleAtoi(fields[kSize], &bytes)) {
    record->set_installed_bytes(bytes);
  } else if (!fields[kSize].empty()) {
    damage = "SIZE is not a number";
  }
  record->set_status("installed");
  record->set_installed(true);
  return damage;
}

}  // namespace

PackageParse ParseRpmManifest(absl::string_view text, size_t max_packages) {
  PackageParse parse;
  for (size_t number = 1; !text.empty(); ++number) {
    const absl::string_view line = TakeTextLine(&text);
    if (line.empty()) continue;
    Fields fields;
    if (!SplitLine(line, &fields)) {
      parse.AddProblem(number, "does not have ten fields");
    } else if (fields[kName].empty()) {
      parse.AddProblem(number, "names no package");
    } else if (fields[kName] != "gpg-pubkey") {
      pb::OsPackage record;
      const absl::string_view damage = FillPackage(fields, &record);
      if (!damage.empty()) parse.AddProblem(number, absl::StrCat("package ", record.name(), ": ", damage));
      parse.Add(std::move(record), max_packages);
    }
  }
  return parse;
}

}  // namespace rollcall

#include "collectors/os_packages/apk_parser.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

// The most that is plausible for what becomes part of an identity.
constexpr size_t kMaxNameBytes = 1024;

// The lines of one package.
class Package {
 public:
  Package() {
    record_.set_manager(pb::OsPackage::APK);
    record_.set_status("installed");
    record_.set_installed(true);
  }

  bool empty() const { return first_line_ == 0; }
  size_t first_line() const { return first_line_; }
  size_t damaged_line() const { return damaged_line_; }
  absl::string_view damage() const { return damage_; }
  const pb::OsPackage& record() const { return record_; }

  void TakeLine(absl::string_view line, size_t number) {
    if (first_line_ == 0) first_line_ = number;
    if (line.size() < 2 || line[1] != ':') return Damaged(number, "is not a field");
    TakeField(line[0], line.substr(2), number);
  }

  // Call when all lines were taken.
  pb::OsPackage Finish() {
    if (record_.version().empty()) Damaged(first_line_, "no version");
    const std::string& version = record_.version();
    const size_t release = version.rfind("-r");
    record_.set_upstream_version(version.substr(0, release));
    if (release != std::string::npos) record_.set_release(version.substr(release + 1));
    if (record_.source_name().empty()) record_.set_source_name(record_.name());
    // Packages of one origin are built together.
    record_.set_source_version(version);
    return std::move(record_);
  }

 private:
  // All letters that are not here are passed over: files, dependencies, checksums.
  void TakeField(char letter, absl::string_view value, size_t number) {
    switch (letter) {
      case 'P':
        return record_.set_name(ToRecordText(value, kMaxNameBytes));
      case 'V':
        return record_.set_version(ToRecordText(value, kMaxNameBytes));
      case 'A':
        return record_.set_architecture(ToRecordText(value, kMaxNameBytes));
      case 'L':
        return record_.set_licence(ToRecordText(value));
      case 'T':
        return record_.set_summary(ToRecordText(value));
      case 'm':
        return record_.set_maintainer(ToRecordText(value));
      case 'o':
        return record_.set_source_name(ToRecordText(value, kMaxNameBytes));
      case 'I':
        return TakeSize(value, number);
      // Files or scripts of it could not be installed.
      case 'f':
        record_.set_status("broken");
        return record_.set_installed(false);
      default:
        return;
    }
  }

  void TakeSize(absl::string_view value, size_t number) {
    uint64_t bytes = 0;
    const bool digits = std::all_of(value.begin(), value.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
    if (!digits || !absl::SimpleAtoi(value, &bytes)) return Damaged(number, "installed size is not a number");
    record_.set_installed_bytes(bytes);
  }

  void Damaged(size_t number, absl::string_view what) {
    if (damaged_line_ != 0) return;
    damaged_line_ = number;
    damage_ = what;
  }

  pb::OsPackage record_;
  size_t first_line_ = 0;
  size_t damaged_line_ = 0;
  absl::string_view damage_;
};

void AddPackage(Package&& package, size_t max_packages, PackageParse* parse) {
  if (package.empty()) return;
  if (package.record().name().empty()) {
    return parse->AddProblem(package.first_line(), "package without a name");
  }
  pb::OsPackage record = package.Finish();
  if (package.damaged_line() != 0) {
    parse->AddProblem(package.damaged_line(), absl::StrCat("package ", record.name(), ": ", package.damage()));
  }
  parse->Add(std::move(record), max_packages);
}

}  // namespace

PackageParse ParseApkInstalled(absl::string_view text, size_t max_packages) {
  PackageParse parse;
  Package package;
  for (size_t number = 1; !text.empty(); ++number) {
    const absl::string_view line = TakeTextLine(&text);
    if (!line.empty()) {
      package.TakeLine(line, number);
      continue;
    }
    AddPackage(std::move(package), max_packages, &parse);
    package = Package();
  }
  AddPackage(std::move(package), max_packages, &parse);
  return parse;
}

}  // namespace rollcall

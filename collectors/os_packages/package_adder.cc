#include "collectors/os_packages/package_adder.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall {

void PackageAdder::Add(rollcall::v1::OsPackage&& package, absl::string_view database_path) {
  const bool full = contents_->packages.size() >= PackageDatabase::kMaxPackages || record_bytes_ >= kMaxRecordBytes;
  if (full) {
    ++contents_->observed;
    return;
  }
  // With lengths: a hostile name could contain any separator.
  std::string identity = absl::StrCat(package.name().size(), ":", package.name(), package.architecture().size(), ":",
                                      package.architecture(), package.version());
  record_bytes_ += identity.size();
  if (!identities_.insert(std::move(identity)).second) return;
  ++contents_->observed;
  package.set_presence(rollcall::v1::OsPackage::OS_DATABASE);
  package.set_database_path(std::string(database_path));
  record_bytes_ += package.ByteSizeLong();
  contents_->packages.push_back(std::move(package));
}

void PackageAdder::AddParse(PackageParse&& parse, absl::string_view database_path,
                            absl::FunctionRef<std::string(const rollcall::v1::OsPackage&)> url) {
  for (const absl::Status& problem : parse.problems) AddProblem(database_path, problem);
  contents_->further_problems += parse.problem_count - parse.problems.size();
  contents_->observed += parse.observed - parse.packages.size();
  for (rollcall::v1::OsPackage& package : parse.packages) {
    package.set_purl(url(package));
    Add(std::move(package), database_path);
  }
}

void PackageAdder::AddProblem(absl::string_view path, const absl::Status& status) {
  AddFailure(path, absl::Status(status.code(), absl::StrCat("parse ", path, ": ", status.message())));
}

void PackageAdder::AddFailure(absl::string_view path, const absl::Status& status) {
  if (contents_->problems.size() >= kMaxProblems) {
    ++contents_->further_problems;
  } else {
    contents_->problems.push_back({std::string(path), status});
  }
}

}  // namespace rollcall

// What a parser of a text database gives.
#ifndef ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_PARSE_H_
#define ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_PARSE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/records/os_package.pb.h"

namespace rollcall {

struct PackageParse {
  // Problems kept; all are counted.
  static constexpr size_t kMaxProblems = 100;

  // In file order; all but purl, database_path and presence.
  std::vector<rollcall::v1::OsPackage> packages;
  // What was wrong, naming the line.
  std::vector<absl::Status> problems;
  uint64_t problem_count = 0;
  // Packages there were; more than `packages` holds if there were too many.
  uint64_t observed = 0;

  void AddProblem(size_t line, absl::string_view what) {
    ++problem_count;
    if (problems.size() >= kMaxProblems) return;
    problems.push_back(absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what)));
  }
  void Add(rollcall::v1::OsPackage&& package, size_t max_packages) {
    ++observed;
    if (packages.size() < max_packages) packages.push_back(std::move(package));
  }
};

// Takes the next line off `text`, without its end of line (LF or CRLF).
inline absl::string_view TakeTextLine(absl::string_view* text) {
  const size_t end = text->find('\n');
  absl::string_view line = text->substr(0, end);
  text->remove_prefix(end == absl::string_view::npos ? text->size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// Cuts a text that was not read to its end after its last whole stanza.
inline void DropPartialStanza(std::string* text) {
  const size_t end = text->rfind("\n\n");
  text->resize(end == std::string::npos ? 0 : end + 1);
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_OS_PACKAGES_PACKAGE_PARSE_H_

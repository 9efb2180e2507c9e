// Reads small files for the host record and reports what it could not read.
#ifndef ROLLCALL_COLLECTORS_HOST_HOST_READER_H_
#define ROLLCALL_COLLECTORS_HOST_HOST_READER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/run_report.h"
#include "platform/file_tree.h"

namespace rollcall {

// A file that is not there is an answer. One that is there and cannot be read is a
// degradation: the host is still the host, and its record says less. Lives for one run.
class HostReader {
 public:
  HostReader(const FileTree& files, RunReport& report) : files_(files), report_(report) {}

  const FileTree& files() const { return files_; }

  // The whole file; empty if there is none or it cannot be read. `*read`, if given, says
  // whether it was read.
  std::string Text(absl::string_view path, bool* read = nullptr);
  // The first line without surrounding space, fit for a record.
  std::string Line(absl::string_view path);
  // Names in a directory, sorted; none if there is no such directory.
  std::vector<std::string> Names(absl::string_view path);
  bool Exists(absl::string_view path);
  // Target of a link; empty if there is none.
  std::string Link(absl::string_view path);
  // NotFound is passed over.
  void Degrade(absl::string_view path, const absl::Status& status);

 private:
  const FileTree& files_;
  RunReport& report_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_HOST_HOST_READER_H_

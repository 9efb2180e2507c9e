// Content of unit files, each read once. An implementation detail of UnitSet.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_READER_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_READER_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/systemd/unit_file.h"
#include "platform/systemd/unit_folders.h"

namespace rollcall {

// Not thread-safe.
class UnitReader {
 public:
  struct File {
    // Not OK: there is no content. What is worth a problem was added to `problems`.
    absl::Status status;
    // Empty, or a device such as /dev/null: masks a unit, makes a drop-in nothing.
    bool empty = false;
    // Lowercase hex; empty if the file was not read whole.
    std::string sha256;
    std::vector<UnitAssignment> assignments;
  };

  // Both must outlive the reader.
  UnitReader(const FileTree& files, size_t max_total_bytes, std::vector<UnitProblem>* problems)
      : files_(files), bytes_left_(max_total_bytes), problems_(problems) {}

  // The file at `path`, following links. The reference stays valid.
  const File& Read(const std::string& path);

  // Whether what `path` leads to is empty or a device, without reading it.
  bool IsEmpty(const std::string& path) const;

 private:
  File ReadAnew(const std::string& path);

  const FileTree& files_;
  size_t bytes_left_;
  std::vector<UnitProblem>* const problems_;
  std::map<std::string, File> read_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_READER_H_

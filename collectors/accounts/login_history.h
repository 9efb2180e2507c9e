// When each user last logged in, from wtmp, lastlog and the databases that follow them.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_HISTORY_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_HISTORY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "collectors/accounts/login_database.h"
#include "collectors/accounts/login_problem.h"
#include "collectors/accounts/login_records.h"
#include "collectors/accounts/positional_file.h"
#include "platform/clock.h"
#include "platform/file_tree.h"

namespace rollcall {

struct KnownLogin {
  LoginRecord record;
  // A constant or the path of a file of the history.
  absl::string_view source;
};

// The last login of every user of one wtmp file, kept between runs: an unchanged file is not read, and of one that grew
// only what is new.
class WtmpFile {
 public:
  // The tail of a file that is read; wtmp grows without bound where nothing rotates it.
  static constexpr uint64_t kMaxTailBytes = uint64_t{16} << 20;

  explicit WtmpFile(std::string path) : path_(std::move(path)) {}

  // Brings it up to date. What is wrong is added to `problems`, in each run anew. Cancelled when stopped.
  absl::Status Refresh(const FileTree& files, std::vector<LoginProblem>* problems, const StopToken& stop);
  // nullptr if there is none.
  const LoginRecord* Find(absl::string_view name) const;
  const std::string& path() const { return path_; }

 private:
  absl::Status ReadOn(const PositionalFile& file, const StopToken& stop);
  void Forget();

  std::string path_;
  std::optional<FileInfo> info_;
  TimeWidth width_ = TimeWidth::k32;
  // All before is in `logins_`.
  uint64_t read_to_ = 0;
  uint64_t skipped_bytes_ = 0;
  uint64_t damaged_bytes_ = 0;
  // By name, cut as in the file.
  std::map<std::string, LoginRecord, std::less<>> logins_;
};

// lastlog: a sparse array by user id. Each lookup is one small read.
class LastlogFile {
 public:
  // NotFound if there is none.
  static absl::StatusOr<LastlogFile> Open(const FileTree& files);
  std::optional<LoginRecord> Find(uint32_t uid) const;

 private:
  LastlogFile(PositionalFile&& file, TimeWidth width) : file_(std::move(file)), width_(width) {}

  PositionalFile file_;
  TimeWidth width_;
};

// All sources together.
class LoginHistory {
 public:
  LoginHistory();

  // Cancelled when stopped; anything else goes to `problems`.
  absl::Status Refresh(const FileTree& files, std::vector<LoginProblem>* problems, const StopToken& stop);

  // The latest login of all sources. lastlog knows users by id: accounts that share one share its entry.
  std::optional<KnownLogin> Find(absl::string_view name, uint32_t uid) const;

  // Closes what Refresh opened. Find then does not know lastlog.
  void Close() { lastlog_.reset(); }

 private:
  // The current file first, then the one before the last rotation.
  std::vector<WtmpFile> wtmp_;
  std::vector<LoginDatabase> databases_;
  std::optional<LastlogFile> lastlog_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_HISTORY_H_
